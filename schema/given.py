"""From GraphQL inputs to documents: what the client gave, in the contract's own names."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.utils.str_converters import to_camel_case

MARK = "__strawberry_definition__"


def given(value: Any) -> Any:
    """Inputs become dicts without the fields that are absent. A null stays a null."""
    definition = getattr(value, MARK, None)
    if not isinstance(definition, StrawberryObjectDefinition):  # an enum's member has one too
        inputs = isinstance(value, list) and value and hasattr(value[0], MARK)
        return [given(item) for item in value] if inputs else value
    return {
        field.graphql_name or to_camel_case(field.python_name): given(found)
        for field in definition.fields
        if (found := getattr(value, field.python_name)) is not strawberry.UNSET
    }
