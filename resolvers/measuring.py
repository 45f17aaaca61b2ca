"""What an operation asks for, measured before it is validated or run.

Each fragment is measured once, however often it is spread, so the work is linear in the length of
the document while the numbers are those of the document with every fragment written out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.pyutils import Undefined
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.connection import PAGE_MAX
from schema.size import COUNTED_BY, EACH, EXPECTED
from services import limits
from services.errors import LimitExceeded

LIST_ITEMS = 10
"""Expected of a list that declares nothing: those of introspection."""
NESTING_MAX = 100
"""Selections and fragments inside one another, however little depth they add."""
DIGITS_MAX = 9
VAST = 10**15
DECLARATION = GraphQLCoreConverter.DEFINITION_BACKREF

Values: TypeAlias = Mapping[str, Any]


class Measure(NamedTuple):
    """Of one selection, with all fragments written out."""

    depth: int = 0
    """Levels of fields."""
    cost: int = 0
    """Values to answer, where each list has as many items as its edge expects."""
    aliases: int = 0
    directives: int = 0

    def beside(self, other: Measure) -> Measure:
        return Measure(
            max(self.depth, other.depth),
            self.cost + other.cost,
            self.aliases + other.aliases,
            self.directives + other.directives,
        )


NOTHING = Measure()


@dataclass(frozen=True)
class Limits:
    """What one operation may ask for at most."""

    depth: int = limits.QUERY_DEPTH
    tokens: int = limits.QUERY_TOKENS
    aliases: int = limits.QUERY_ALIASES
    directives: int = limits.QUERY_DIRECTIVES
    repeats: int = limits.QUERY_REPEATS
    cost: int = limits.QUERY_COST
    introspection: bool = True

    def check(self, found: Measure, repeats: int) -> None:
        """Refuses what is more than allowed, saying how much it is."""
        within("The operation is {} levels deep; at most {} are allowed.", found.depth, self.depth)
        within("The operation has {} aliases; at most {} are allowed.", found.aliases, self.aliases)
        within(
            "The operation has {} directives; at most {} are allowed.",
            found.directives,
            self.directives,
        )
        within(
            "The document names {} things again beside others; at most {} are allowed.",
            repeats,
            self.repeats,
        )
        within("The operation costs {}; at most {} is allowed.", found.cost, self.cost)


def within(sentence: str, measured: int, allowed: int) -> None:
    """Refuses with both numbers in the sentence, unless one is within the other."""
    if measured > allowed:
        raise LimitExceeded(sentence.format(_figure(measured), _figure(allowed)))


def _figure(number: int) -> str:
    """A number to read; one of hundreds of digits is only told to be vast."""
    return f"{number:,}" if number < VAST else f"more than {VAST:,}"


class Walk:
    """One walk over one operation. `visited` counts the selections looked at; `used` holds the
    variables that sizes were taken from, and so all that the numbers depend on besides the text."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Values) -> None:
        self.visited = 0
        self.used: dict[str, Any] = {}
        self._schema = schema
        self._variables = variables
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._defaults: dict[str, Any] = {}
        self._measured: dict[str, Measure] = {}
        self._nesting = 0

    def measure(self, operation: OperationDefinitionNode) -> Measure:
        """Of a whole operation. Unknown names count as leaves: validation refuses them."""
        for definition in operation.variable_definitions or ():
            self._defaults[definition.variable.name.value] = definition.default_value
        own = Measure(directives=len(operation.directives or ()))
        root = self._schema.get_root_type(operation.operation)
        return own.beside(self._selections(operation.selection_set, root))

    def _selections(self, selected: SelectionSetNode | None, parent: Any) -> Measure:
        self._nesting += 1
        if self._nesting > NESTING_MAX:
            raise LimitExceeded(f"At most {NESTING_MAX} selections inside one another are allowed.")
        total = NOTHING
        for selection in selected.selections if selected else ():
            self.visited += 1
            own = Measure(directives=len(selection.directives or ()))
            total = total.beside(own).beside(self._selection(selection, parent))
        self._nesting -= 1
        return total

    def _selection(self, selection: SelectionNode, parent: Any) -> Measure:
        if isinstance(selection, FieldNode):
            return self._field(selection, parent)
        if isinstance(selection, FragmentSpreadNode):
            return self._fragment(selection.name.value)
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            narrowed = self._schema.get_type(condition.name.value) if condition else parent
            return self._selections(selection.selection_set, narrowed)
        return NOTHING

    def _fragment(self, name: str) -> Measure:
        if name not in self._measured:
            self._measured[name] = NOTHING  # of one within itself: validation refuses the circle
            if fragment := self._fragments.get(name):
                parent = self._schema.get_type(fragment.type_condition.name.value)
                own = Measure(directives=len(fragment.directives or ()))
                self._measured[name] = own.beside(self._selections(fragment.selection_set, parent))
        return self._measured[name]

    def _field(self, node: FieldNode, parent: Any) -> Measure:
        field = self._schema.get_field(parent, node.name.value) if parent is not None else None
        inside = get_named_type(field.type) if field is not None else None
        below = self._selections(node.selection_set, inside) if node.selection_set else NOTHING
        items = self._items(field, node) if field is not None else 1
        each = _declared(field).get(EACH, 0) if field is not None else 0
        return Measure(
            below.depth + 1,
            (below.cost + each) * items + 1,
            below.aliases + (node.alias is not None),
            below.directives,
        )

    def _items(self, field: GraphQLField, node: FieldNode) -> int:
        """How often what is selected below is answered."""
        declared = _declared(field)
        counting = declared.get(COUNTED_BY, "first")
        if counting in field.args:
            items = self._value(node, counting, field.args[counting].default_value)
            if COUNTED_BY in declared:
                return items if isinstance(items, int) else 1
            return min(max(items, 0), PAGE_MAX) if isinstance(items, int) else PAGE_MAX
        is_list = is_list_type(get_nullable_type(field.type))
        return int(declared.get(EXPECTED, LIST_ITEMS)) if is_list else 1

    def _value(self, node: FieldNode, argument: str, default: Any) -> Any:
        """A number, for a list how long it is; anything else is no size."""
        for given in node.arguments or ():
            if given.name.value == argument:
                if not isinstance(given.value, VariableNode):
                    return _literal(given.value)
                name = given.value.name.value
                self.used[name] = counted(self._variables.get(name, Undefined))
                if name in self._variables:
                    return self.used[name]
                return _literal(self._defaults[name]) if self._defaults.get(name) else default
        return default


def _declared(field: GraphQLField) -> Mapping[str, Any]:
    return getattr(field.extensions.get(DECLARATION), "metadata", {})


def counted(value: Any) -> Any:
    """What of a variable's value says how many. It is kept, and so never the value of a client."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) or value is Undefined else None


def _literal(value: Any) -> Any:
    if isinstance(value, ListValueNode):
        return len(value.values)
    if isinstance(value, IntValueNode) and len(value.value) <= DIGITS_MAX:
        return int(value.value)
    return None


def repeats(document: DocumentNode) -> int:
    """Selections that validation compares with others beside them, each pair of them by itself:
    fields answered under one name, fragments beside fragments."""
    found = 0
    waiting = [getattr(definition, "selection_set", None) for definition in document.definitions]
    while waiting:
        selected = waiting.pop()
        if selected is None:
            continue
        names = {_answered_as(selection) for selection in selected.selections}
        found += len(selected.selections) - len(names)
        waiting += [getattr(selection, "selection_set", None) for selection in selected.selections]
    return found


def _answered_as(selection: SelectionNode) -> str | None:
    if isinstance(selection, FieldNode):
        return (selection.alias or selection.name).value
    return None
