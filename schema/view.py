"""Views: GraphQL types over stored rows, and the edges between them, declared as data."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Self, TypeVar, get_args

import strawberry

import models
from models import reading

from .loading import Info

Row = TypeVar("Row")


class View(Generic[Row]):
    """A GraphQL type drawn over one stored row.

    An annotated field is read from the row by its name. Edges are declared with `up`, `one` and
    `many`; only what needs more than a read of rows is a method, which finds its row in `self.row`.
    """

    row: strawberry.Private[Row]

    over: ClassVar[dict[type[models.Row], type[View[Any]]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in getattr(cls, "__orig_bases__", ()):
            for model in get_args(base):
                if isinstance(model, type) and issubclass(model, models.Row):
                    View.over[model] = cls

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


def view_of(row: models.Row) -> View[Any]:
    """The view over a row of any kind."""
    return View.over[type(row)].of(row)


@dataclass(frozen=True)
class ById:
    """Batch: rows by id, None where there is none."""

    model: type[models.Row]

    async def __call__(self, ids: Sequence[str]) -> list[models.Row | None]:
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


def up(model: type[models.Row], *, by: str, description: str) -> Any:
    """The edge to the row whose id this row's column `by` holds."""

    async def resolve(self: Any, info: Info) -> Any:
        key = getattr(self.row, by)
        row = await info.context.load(ById(model), key) if key is not None else None
        return view_of(row) if row is not None else None

    return _edge(resolve, description)


def one(model: type[models.Row], *, on: str, description: str) -> Any:
    """The edge to the only row whose column `on` holds this row's id, if there is one."""
    batch = Children(model, on, ("id",))

    async def resolve(self: Any, info: Info) -> Any:
        rows = await info.context.load(batch, self.row.id)
        return view_of(rows[0]) if rows else None

    return _edge(resolve, description)


def many(
    model: type[models.Row],
    *,
    on: str,
    order: tuple[str, ...],
    description: str,
    filters: Mapping[str, Filter] | None = None,
) -> Any:
    """The edge to all rows whose column `on` holds this row's id, in order."""
    known = dict(filters or {})

    async def resolve(self: Any, info: Info, **given: Any) -> Any:
        where = tuple((known[n].column, v) for n, v in given.items() if v is not None)
        rows = await info.context.load(Children(model, on, order, where), self.row.id)
        return [view_of(row) for row in rows]

    return _edge(resolve, description, known)


def _edge(resolve: Any, description: str, filters: Mapping[str, Filter] | None = None) -> Any:
    """A Strawberry field whose type is the annotation it is assigned to."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    arguments = [
        inspect.Parameter(
            name,
            keyword,
            default=None,
            annotation=_described(spec),
        )
        for name, spec in (filters or {}).items()
    ]
    own = [p for p in inspect.signature(resolve).parameters.values() if p.kind is not p.VAR_KEYWORD]
    resolve.__signature__ = inspect.Signature([*own, *arguments])
    resolve.__annotations__ = {"info": Info} | {p.name: p.annotation for p in arguments}
    return strawberry.field(resolver=resolve, description=description)


def _described(spec: Filter) -> Any:
    return Annotated[spec.type | None, strawberry.argument(description=spec.description)]
