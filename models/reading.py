"""Batched reads by declared edges and keyset pages.

Every read takes all keys of one level at once, so the number of statements follows the depth of a
selection and never the number of rows. Large key lists are cut into statements of KEYS_MAX.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from tortoise.expressions import Q

from .base import Ranked, Row
from .ids import prefix_of

R = TypeVar("R", bound=Row)

KEYS_MAX = 30_000  # SQLite and PostgreSQL take about 32,700 values in a statement


async def by_id(model: type[R], ids: Iterable[str], *where: Q) -> dict[str, R]:
    """The rows that exist, by id; under conditions, those that meet them."""
    found: dict[str, R] = {}
    for keys in chunks(sorted(set(ids))):
        rows = await model.filter(*where, id__in=keys).annotate(**model.counted())
        found.update({row.id: row for row in rows})
    return found


async def children(
    model: type[R],
    on: str,
    keys: Iterable[str],
    order: Sequence[str] = ("id",),
    where: Mapping[str, Any] | None = None,
) -> dict[str, list[R]]:
    """For each key the rows whose column `on` holds it, in `order`; unknown keys have none."""
    found: dict[str, list[R]] = {key: [] for key in keys}
    for some in chunks(list(found)):
        for row in await model.filter(**{f"{on}__in": some}, **(where or {})).order_by(*order):
            found[getattr(row, on)].append(row)
    if issubclass(model, Ranked) and on == model.SIBLINGS_OF and not where:
        for siblings in found.values():
            number(siblings)
    return found


async def page(model: type[R], after: str | None, count: int, **where: Any) -> list[R]:
    """Rows newest first, strictly older than the row `after`; at most `count`."""
    found = model.filter(**where).annotate(**model.counted())
    if after is not None:
        found = found.filter(id__lt=after)
    return await found.order_by("-id").limit(count)


def number(siblings: Iterable[Any]) -> None:
    """Set the place of each of the complete, ordered siblings."""
    for place, row in enumerate(siblings, 1):
        row.place = place


def chunks(keys: Sequence[str], size: int = KEYS_MAX) -> Iterable[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


async def by_any_id(ids: Iterable[str]) -> dict[str, Row]:
    """The rows that exist, of whatever kinds their prefixes tell."""
    found: dict[str, Row] = {}
    for model, some in by_kind(ids).items():
        found.update(await by_id(model, some))
    return found


def by_kind(ids: Iterable[str]) -> dict[type[Row], list[str]]:
    """The ids of each kind of row that their prefixes tell; without those that tell none."""
    by_prefix: dict[str | None, type[Row]] = {model.PREFIX: model for model in kinds(Row)}
    found: dict[type[Row], list[str]] = {}
    for row_id in ids:
        if (model := by_prefix.get(prefix_of(row_id))) is not None:
            found.setdefault(model, []).append(row_id)
    return found


def kinds(base: type[Row]) -> Iterator[type[Row]]:
    """The models of stored rows below one."""
    for model in base.__subclasses__():
        if model._meta.abstract:
            yield from kinds(model)
        else:
            yield model
