"""Which rows hang on which, as their references say: owned ones go with what owns them, and
mentions of it are cleared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from tortoise import fields

from .base import Row
from .reading import chunks, kinds

Taken = Mapping[type[Row], Sequence[str]]
"""Ids by kind, each kind after those that own it."""


@dataclass(frozen=True)
class Reference:
    """A column that names a row. `owning`: its row goes when the target does."""

    holder: type[Row]
    column: str
    target: type[Row]
    owning: bool


@dataclass(frozen=True)
class Mention:
    """That a row names another, which it outlives."""

    row_id: str
    column: str
    target_id: str


def references_of(model: type[Row]) -> list[Reference]:
    """In the order of the fields."""
    found = []
    for name, field in model._meta.fields_map.items():
        if name in model._meta.fk_fields | model._meta.o2o_fields:
            relation: Any = field
            owning = relation.on_delete is fields.CASCADE
            target = relation.related_model
            found.append(Reference(model, relation.source_field or f"{name}_id", target, owning))
    return found


def _references() -> list[Reference]:
    return [reference for model in kinds(Row) for reference in references_of(model)]


def _owners_first() -> list[type[Row]]:
    sorter: TopologicalSorter[type[Row]] = TopologicalSorter()
    for model in kinds(Row):
        sorter.add(model, *(to.target for to in references_of(model) if to.target is not model))
    return list(sorter.static_order())


async def owned_by(*rows: Row) -> Taken:
    """Rows of one kind and all that goes with them."""
    kind, ids = type(rows[0]), [row.id for row in rows]
    found: dict[type[Row], set[str]] = {kind: set(ids)}
    fresh: list[tuple[type[Row], list[str]]] = [(kind, ids)]
    owning = [reference for reference in _references() if reference.owning]
    while fresh:
        target, ids = fresh.pop()
        for reference in owning:
            if reference.target is target:
                known = found.setdefault(reference.holder, set())
                new = {row_id for row_id, _ in await _holding(reference, ids)} - known
                known |= new
                if new:
                    fresh.append((reference.holder, sorted(new)))
    return {model: sorted(found[model]) for model in _owners_first() if found.get(model)}


async def mentions_of(taken: Taken) -> list[Mention]:
    """By rows that stay."""
    found = []
    for reference in _references():
        if not reference.owning and reference.target in taken:
            gone = set(taken.get(reference.holder, ()))
            holding = await _holding(reference, taken[reference.target])
            found += [Mention(row, reference.column, to) for row, to in holding if row not in gone]
    return found


async def _holding(reference: Reference, targets: Sequence[str]) -> list[tuple[str, str]]:
    """Ids of the rows that name one of the targets, each with the target."""
    found: list[tuple[str, str]] = []
    for some in chunks(targets):
        rows = reference.holder.filter(**{f"{reference.column}__in": some}).order_by("id")
        found += await rows.values_list("id", reference.column)
    return found
