"""Views: GraphQL types over stored rows, and the edges between them, declared as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Self, TypeVar, get_args

import strawberry
from graphql import GraphQLError

import models
from models import reading

from .loading import Info, Loading
from .size import expected

Row = TypeVar("Row")


class View(Generic[Row]):
    """A GraphQL type drawn over one stored row.

    An annotated field is read from the row by its name. Edges are declared with `up`, `one` and
    `many`; only what needs more than a read of rows is a method, which finds its row in `self.row`.
    """

    over: ClassVar[type[Any]]
    row: strawberry.Private[Row]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in cls.__dict__.get("__orig_bases__", ()):
            cls.over, *_ = get_args(base) or (cls.over,)

    @classmethod
    def of(cls, row: Row) -> Self:
        view = cls.__new__(cls)
        view.row = row
        return view

    @classmethod
    def all(cls, rows: Iterable[Row]) -> list[Self]:
        return [cls.of(row) for row in rows]

    if not TYPE_CHECKING:  # keep typos in Python code visible to the type checker

        def __getattr__(self, field: str) -> Any:
            if field == "row" or field.startswith("__"):  # a row is awaitable, a view is not
                raise AttributeError(field)
            return getattr(self.row, field)


def view_of(row: object) -> Any:
    """The view over a row of any kind."""
    return _views()[type(row)].of(row)


@cache
def _views() -> dict[type[Any], type[View[Any]]]:
    return {view.over: view for view in View.__subclasses__()}


@dataclass(frozen=True)
class ById:
    """Batch: rows by id, None where there is none."""

    model: type[models.Row]

    async def __call__(self, ids: Sequence[str]) -> list[Any]:
        found = await reading.by_id(self.model, ids)
        return [found.get(row_id) for row_id in ids]


@dataclass(frozen=True)
class Children:
    """Batch: the ordered rows that belong to each key."""

    model: type[models.Row]
    on: str
    order: tuple[str, ...]
    where: tuple[tuple[str, Any], ...] = ()

    async def __call__(self, keys: Sequence[str]) -> list[list[Any]]:
        found = await reading.children(self.model, self.on, keys, self.order, dict(self.where))
        return [found[key] for key in keys]


@dataclass(frozen=True)
class Filter:
    """An optional argument of a `many` edge that must equal a column."""

    column: str
    type: Any
    description: str


class Torn(GraphQLError):
    """A row was deleted between the read of what points to it and its own."""

    def __init__(self) -> None:
        message = "Something was deleted while this was read. Ask again."
        super().__init__(message, extensions={"code": "CONFLICT"})


def up(model: type[models.Row], *, by: str, description: str, may_be_gone: bool = False) -> Any:
    """The edge to the row whose id this row's column `by` holds.

    Where that column is never null the row is there, but for what was deleted between two reads.
    """
    batch = ById(model)

    async def read(self: View[Any], context: Loading, key: str) -> Any:
        row = await context.load(batch, key)
        if row is not None:
            return view_of(row)
        if not may_be_gone and not self.over._meta.fields_map[by].null:
            raise Torn
        return None

    def resolve(self: View[Any], info: Info) -> Any:
        key = getattr(self.row, by)
        if key is None:
            return None
        # Without this, a task for each way back would take most of the time of a large board.
        passed = info.context.passed.get(key)
        return view_of(passed) if passed is not None else read(self, info.context, key)

    return _edge(resolve, description)


def one(model: type[models.Row], *, on: str, description: str) -> Any:
    """The edge to the only row whose column `on` holds this row's id, if there is one."""
    batch = Children(model, on, ("id",))

    async def resolve(self: View[Any], info: Info) -> Any:
        info.context.passed[self.row.id] = self.row
        rows = await info.context.load(batch, self.row.id)
        return view_of(rows[0]) if rows else None

    return _edge(resolve, description)


def many(
    model: type[models.Row],
    *,
    on: str,
    order: tuple[str, ...],
    items: int,
    description: str,
    filters: Mapping[str, Filter] | None = None,
) -> Any:
    """The edge to all rows whose column `on` holds this row's id, in order.

    `items` is how many to expect of them, which is what the edge costs.
    """
    known = filters or {}

    async def resolve(self: View[Any], info: Info, **given: Any) -> Any:
        info.context.passed[self.row.id] = self.row
        where = tuple((known[n].column, v) for n, v in given.items() if v is not None)
        rows = await info.context.load(Children(model, on, order, where), self.row.id)
        return _views()[model].all(rows)

    return _edge(resolve, description, known, expected(items))


def _edge(
    resolve: Callable[..., Any],
    description: str,
    filters: Mapping[str, Filter] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """A Strawberry field whose type is the annotation it is assigned to.

    Strawberry reads arguments off the resolver's signature, so the filters are written into it.
    """
    arguments = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=_argument(filter))
        for name, filter in (filters or {}).items()
    ]
    whole = signature(resolve)
    fixed = [p for p in whole.parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    resolve.__signature__ = whole.replace(parameters=[*fixed, *arguments])  # type: ignore[attr-defined]  # functions take it
    resolve.__annotations__ = {"info": Info} | {p.name: p.annotation for p in arguments}
    return strawberry.field(resolver=resolve, description=description, metadata=metadata)


def _argument(filter: Filter) -> Any:
    return Annotated[filter.type | None, strawberry.argument(description=filter.description)]
