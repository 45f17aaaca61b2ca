"""From GraphQL inputs to documents: what the client gave, in the contract's own names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from strawberry.types.base import StrawberryList, StrawberryObjectDefinition, StrawberryOptional
from strawberry.utils.str_converters import to_camel_case

MARK = "__strawberry_definition__"

Place = tuple[str | int, ...]


def given(value: Any) -> Any:
    """Inputs become dicts without the fields that are absent. A null stays a null."""
    if not _is_input(value):
        inputs = isinstance(value, list) and value and hasattr(value[0], MARK)
        return [given(item) for item in value] if inputs else value
    return {name: given(found) for name, _, found in _fields(value)}


def places_of_ids(value: Any, kind: Any = None, place: Place = ()) -> Iterator[Place]:
    """Where in the document of an input ids stand."""
    while isinstance(kind, StrawberryOptional):
        kind = kind.of_type
    if isinstance(kind, StrawberryList):
        for number, item in enumerate(value or ()):
            yield from places_of_ids(item, kind.of_type, (*place, number))
    elif _is_input(value):
        for name, inner, found in _fields(value):
            yield from places_of_ids(found, inner, (*place, name))
    elif kind is strawberry.ID and value is not None:
        yield place


def _is_input(value: Any) -> bool:
    """An enum's member has a definition too, but none of an object."""
    return isinstance(getattr(value, MARK, None), StrawberryObjectDefinition)


def _fields(value: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name, type and value of each field that was given."""
    for field in getattr(value, MARK).fields:
        found = getattr(value, field.python_name)
        if found is not strawberry.UNSET:
            yield field.graphql_name or to_camel_case(field.python_name), field.type, found
