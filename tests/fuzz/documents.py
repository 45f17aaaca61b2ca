"""Documents made up from the schema, real ids among the made-up ones, and what answers must be.

Every selection of a made-up document asks for `__typename` besides, so that its answer can be held
against the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NameNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    visit,
)
from hypothesis import strategies as st
from hypothesis_graphql import Mode, nodes
from hypothesis_graphql import strategies as made_up

Real = Mapping[str, Sequence[str]]
"""Ids of real things by the word for their kind."""

NAMES = st.from_regex(r"[A-Za-z]{1,8}", fullmatch=True).map(lambda name: NameNode(value=name))
JSON = st.recursive(
    st.just(nodes.Null)
    | st.booleans().map(nodes.Boolean)
    | st.integers(-(2**70), 2**70).map(nodes.Int)
    | st.floats(allow_nan=False, allow_infinity=False).map(nodes.Float)
    | st.text(max_size=5).map(nodes.String),
    lambda below: (
        st.lists(below, max_size=3).map(nodes.List)
        | st.dictionaries(NAMES, below, max_size=3).map(
            lambda found: nodes.Object(
                [ObjectFieldNode(name=name, value=value) for name, value in found.items()]
            )
        )
    ),
    max_leaves=5,
)
TEXT = st.text(max_size=20).map(nodes.String)
WHOLE = st.integers(-(2**60), 2**60).map(nodes.Int) | st.integers(0, 3).map(nodes.Int)
SCALARS = {"JSON": JSON, "Cursor": TEXT, "BigInt": WHOLE, "Upload": TEXT}


def made_up_documents(
    schema: GraphQLSchema, operation: OperationType, field: str, mode: Mode
) -> st.SearchStrategy[DocumentNode]:
    """Operations on one root field. Streams come from a schema that has them as its queries."""
    options: Any = {"fields": [field], "custom_scalars": SCALARS, "mode": mode, "print_ast": _same}
    if operation is OperationType.MUTATION:
        return made_up.mutations(schema, **options)
    if operation is OperationType.QUERY:
        return made_up.queries(schema, **options)
    streams = GraphQLSchema(query=schema.subscription_type)
    return made_up.queries(streams, **options).map(_as_subscription)


def _same(document: DocumentNode) -> DocumentNode:
    return document


def _as_subscription(document: DocumentNode) -> DocumentNode:
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    stream = OperationDefinitionNode(
        operation=OperationType.SUBSCRIPTION, selection_set=operation.selection_set
    )
    return DocumentNode(definitions=(stream,))


def with_real_ids(
    schema: GraphQLSchema,
    document: DocumentNode,
    real: Real,
    choose: Callable[[Sequence[str | None]], str | None],
) -> DocumentNode:
    """Ids replaced by what `choose` takes among real ones of the kind; None leaves one as it is."""
    info = TypeInfo(schema)
    visitor = TypeInfoVisitor(info, _RealIds(info, real, choose))
    return visit(document, visitor)  # type: ignore[no-any-return]  # a document stays one


class _RealIds(Visitor):
    def __init__(
        self, info: TypeInfo, real: Real, choose: Callable[[Sequence[str | None]], str | None]
    ) -> None:
        super().__init__()
        self.info, self.real, self.choose = info, real, choose

    def enter_argument(self, node: ArgumentNode, *place: Any) -> ArgumentNode | None:
        chosen = self._chosen(node.name.value, place[-1])
        return ArgumentNode(name=node.name, value=chosen) if chosen else None

    def enter_object_field(self, node: ObjectFieldNode, *place: Any) -> ObjectFieldNode | None:
        chosen = self._chosen(node.name.value, place[-1])
        return ObjectFieldNode(name=node.name, value=chosen) if chosen else None

    def _chosen(self, name: str, ancestors: list[Any]) -> StringValueNode | ListValueNode | None:
        wanted = self.info.get_input_type()
        if str(get_named_type(wanted)) not in ("ID", "Cursor"):
            return None
        field = next(node for node in reversed(ancestors) if isinstance(node, FieldNode))
        chosen = self.choose([None, *self._candidates(name, field.name.value)])
        if chosen is None:
            return None
        many = is_list_type(get_nullable_type(wanted))
        return nodes.List([nodes.String(chosen)]) if many else nodes.String(chosen)

    def _candidates(self, *names: str) -> Sequence[str]:
        """By what the argument's name says, or else the field's; any where both say nothing."""
        for name in names:
            for word, ids in self.real.items():
                if word in name.lower():
                    return ids
        return [row_id for ids in self.real.values() for row_id in ids]

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        parent = self.info.get_parent_type()
        if parent is None or parent.name in ("Query", "Mutation", "Subscription"):
            return None
        typename = FieldNode(name=NameNode(value="__typename"))
        return SelectionSetNode(selections=(typename, *node.selections))


def misfit(schema: GraphQLSchema, document: DocumentNode, data: Any) -> str | None:
    """Where an answer is not what the document asked for, or None."""
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    root = schema.get_root_type(operation.operation)
    assert root is not None
    return _misfit_object(schema, root, [operation.selection_set], data, "data")


def _misfit(
    schema: GraphQLSchema, wanted: Any, below: list[SelectionSetNode], value: Any, path: str
) -> str | None:
    if is_non_null_type(wanted):
        return (
            f"{path} is null"
            if value is None
            else _misfit(schema, wanted.of_type, below, value, path)
        )
    if value is None:
        return None
    if is_list_type(wanted):
        if not isinstance(value, list):
            return f"{path} is no list"
        items = enumerate(value)
        found = (_misfit(schema, wanted.of_type, below, v, f"{path}.{n}") for n, v in items)
        return next(filter(None, found), None)
    if is_leaf_type(wanted):
        wrong = isinstance(value, dict | list) and wanted.name != "JSON"
        return f"{path} is no {wanted}" if wrong else None
    concrete = schema.get_type(value.get("__typename", "")) if isinstance(value, dict) else None
    if not isinstance(concrete, GraphQLObjectType) or not (
        concrete is wanted or schema.is_sub_type(wanted, concrete)
    ):
        return f"{path} is no {wanted}"
    return _misfit_object(schema, concrete, below, value, path)


def _misfit_object(
    schema: GraphQLSchema,
    concrete: GraphQLObjectType,
    selections: list[SelectionSetNode],
    value: Any,
    path: str,
) -> str | None:
    wanted: dict[str, list[FieldNode]] = {}
    for selection in selections:
        _collect(schema, concrete, selection, wanted)
    if not isinstance(value, dict) or list(value) != list(wanted):
        return f"{path} has {list(value)}, not {list(wanted)}"
    for key, fields in wanted.items():
        name = fields[0].name.value
        if name == "__typename":
            continue
        below = [field.selection_set for field in fields if field.selection_set]
        wrong = _misfit(schema, concrete.fields[name].type, below, value[key], f"{path}.{key}")
        if wrong:
            return wrong
    return None


def _collect(
    schema: GraphQLSchema,
    concrete: GraphQLObjectType,
    selections: SelectionSetNode,
    wanted: dict[str, list[FieldNode]],
) -> None:
    """The fields asked of an object of this type, by their keys and in order."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            wanted.setdefault((node.alias or node.name).value, []).append(node)
        elif isinstance(node, InlineFragmentNode):
            on: Any = (
                schema.get_type(node.type_condition.name.value) if node.type_condition else concrete
            )
            if on is concrete or (
                not isinstance(on, GraphQLObjectType) and schema.is_sub_type(on, concrete)
            ):
                _collect(schema, concrete, node.selection_set, wanted)
