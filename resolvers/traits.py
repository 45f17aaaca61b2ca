"""What of a document decides who else may be sent the same answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    print_ast,
    visit,
)

from schema.personal import PERSONAL

from .measuring import DECLARATION


@dataclass(frozen=True)
class Traits:
    """`normalized` is the text however it was laid out, `named` how often each variable occurs, its
    definitions included, `personal` whether anything is selected that is for one person alone."""

    normalized: str
    named: Mapping[str, int]
    personal: bool


class _Look(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.named: Counter[str] = Counter()
        self.personal = False

    def enter_variable(self, node: Any, *_: Any) -> None:
        self.named[node.name.value] += 1

    def enter_field(self, *_: Any) -> None:
        field = self._types.get_field_def()
        declared = getattr(field and field.extensions.get(DECLARATION), "metadata", {})
        self.personal |= PERSONAL in declared


def traits_of(document: DocumentNode, schema: GraphQLSchema) -> Traits:
    types = TypeInfo(schema)
    look = _Look(types)
    visit(document, TypeInfoVisitor(types, look))
    return Traits(print_ast(document), look.named, look.personal)
