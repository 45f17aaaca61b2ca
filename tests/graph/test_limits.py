"""What an operation may ask for, and that finding out is cheap whatever it is."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    SelectionNode,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    parse,
    print_ast,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers import api, documents
from resolvers.errors import translate
from resolvers.measuring import DECLARATION, Limits, Measure, Walk, repeats
from schema.size import COUNTED_BY, EXPECTED
from services.errors import LimitExceeded
from tests.conftest import Home

CONTRACT = Path(__file__).parents[1] / "contract"
SCHEMA = api._schema
DEFAULT = Limits()


def operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]


def walked(text: str, **variables: Any) -> tuple[Measure, Walk]:
    """The measure of a document's first operation, and the walk that found it."""
    document = parse(text)
    walk = Walk(SCHEMA, document, variables)
    return walk.measure(operations(document)[0]), walk


def cost(text: str, **variables: Any) -> int:
    return walked(text, **variables)[0].cost


def board() -> str:
    """The whole board as the contract asks for it, without the other operations."""
    document = parse((CONTRACT / "pipeline.graphql").read_text())
    [query] = [o for o in operations(document) if o.name and o.name.value == "Board"]
    fragments = [d for d in document.definitions if isinstance(d, FragmentDefinitionNode)]
    return "\n".join(print_ast(definition) for definition in [query, *fragments])


BOARD = board()


@pytest.mark.parametrize("path", sorted(CONTRACT.glob("*.graphql")), ids=lambda path: path.stem)
def test_all_that_clients_do_today_costs_less_than_a_quarter_of_what_is_allowed(
    path: Path,
) -> None:
    document = parse(path.read_text(), max_lexical_tokens=DEFAULT.tokens)

    for operation in operations(document):
        measure = Walk(SCHEMA, document, {"first": 200}).measure(operation)
        DEFAULT.check(measure, repeats(document))
        assert measure.cost * 4 < DEFAULT.cost
        assert measure.depth * 2 < DEFAULT.depth


def test_the_schema_may_be_asked_for_as_tools_do() -> None:
    text = get_introspection_query(input_value_deprecation=True)

    DEFAULT.check(walked(text)[0], repeats(parse(text)))


def test_a_hundred_boards_at_once_are_too_many() -> None:
    whole = BOARD.index("{", BOARD.index("project"))
    end = BOARD.index("\n}")
    boards = " ".join(f"b{n}: project(id: $id) {BOARD[whole:end]}" for n in range(100))
    text = f"query($id: ID!) {{ {boards} }} {BOARD[end + 2 :]}"

    with pytest.raises(LimitExceeded, match=r"costs 15,\d{3},\d{3}; at most 1,000,000 is allowed"):
        DEFAULT.check(walked(text)[0], 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 1),
        ("{ project(id: 1) { id title } }", 3),
        ("{ project(id: 1) { scenes { id } } }", 2 + 50),
        ("{ project(id: 1) { scenes { shots { id images { id } } } } }", 2 + 50 * (1 + 10 * 14)),
        ("{ projects { totalCount } }", 1 + 50),
        ("{ projects(first: 3) { edges { node { id } } } }", 1 + 3 * 3),
        ("{ projects(first: 0) { edges { node { id } } } }", 1),
        ("{ projects(first: -1) { edges { node { id } } } }", 1),
        ("{ projects(first: 99999999999999999999) { totalCount } }", 1 + 200),
        ("{ projects(first: 1e9) { totalCount } }", 1 + 200),
        ("{ projects(first: null) { totalCount } }", 1 + 200),
        ("query($n: Int! = 7) { projects(first: $n) { totalCount } }", 1 + 7),
        ("query($n: Int) { projects(first: $n) { totalCount } }", 1 + 50),
        ("query($first: Int!) { projects(first: $first) { totalCount } }", 1 + 20),
        ("query($many: Int!) { projects(first: $many) { totalCount } }", 1 + 200),
        ("{ nodes(ids: [1, 2, 3]) { id } }", 1 + 3),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", 1 + 4),
        ("mutation($ids: X) { applyOperations(operations: $ids) { committed } }", 1 + 4 * 101),
        (
            "mutation { applyOperations(operations: [{}, {}]) { results { id } } }",
            1 + 2 * (100 + 2),
        ),
        ("{ project(id: 1) { jobs(first: 5) { edges { node { id } } } } }", 2 + 5 * 3),
        ("{ project(id: 1) { events(first: 5) { events { kind } } } }", 2 + 5 * 2),
        ("{ nothing { like { this } } }", 3),
        ("{ project(id: 1) { ...Missing } }", 1),
        ("{ ...A } fragment A on Query { a: __typename ...A }", 1),
        ("{ ... on Project { scenes { id } } }", 1 + 50),
    ],
)
def test_a_field_costs_one_and_a_list_its_items(text: str, expected: int) -> None:
    assert cost(text, first=20, many=10_000, ids=list("abcd")) == expected


def test_depth_aliases_and_directives_count_where_fragments_are_written_out() -> None:
    text = """
        query @a { one: project(id: 1) { ...F } project(id: 1) { scenes { project { ...F } } } }
        fragment F on Project { short: title @skip(if: true) ... @include(if: true) { id } }
    """

    measure, walk = walked(text)

    assert measure == Measure(depth=4, cost=1 + 2 + 2 + 50 * 3, aliases=3, directives=5)
    assert walk.visited == 9


def test_every_list_of_things_declares_how_many_it_expects() -> None:
    silent = [
        f"{kind.name}.{name}"
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if is_list_type(get_nullable_type(field.type))
        and is_composite_type(get_named_type(field.type))
        and not {EXPECTED, COUNTED_BY} & set(field.extensions[DECLARATION].metadata)
    ]

    assert not silent, f"Declare items= of an edge, or metadata=expected(...) of a field: {silent}"


def doubling(levels: int, inside: str = "scenes {{ project {{ {0} }} }}") -> str:
    below = [
        f"fragment F{n} on Project {{ a: {inside.format(f'...F{n + 1}')} "
        f"b: {inside.format(f'...F{n + 1}')} }}"
        for n in range(levels)
    ]
    last = f"fragment F{levels} on Project {{ id }}"
    return "{ project(id: 1) { ...F0 } }" + "".join(below) + last


HOSTILE = {
    "fragments that double": doubling(12),
    "fragments that double in one place": "{ project(id: 1) { ...F0 } }"
    + "".join(f"fragment F{n} on Project {{ ...F{n + 1} ...F{n + 1} }}" for n in range(45))
    + "fragment F45 on Project { a: id b: id }",
    "fragments in a circle": "{ project(id: 1) { ...F0 } }"
    + "".join(f"fragment F{n} on Project {{ a{n}: id ...F{(n + 1) % 70} }}" for n in range(70))
    + "fragment F on Project { "
    + "a: scenes { project { id } } " * 110
    + "}",
    "a field 5,000 times": "{ project(id: 1) { " + "id " * 5_000 + "} }",
    "a field 900 times": "{ project(id: 1) { " + "id " * 900 + "} }",
    "fields of fields again": "{ project(id: 1) { "
    + ("scenes { " + "project { id id } " * 15 + "} ") * 15
    + "} }",
    "many fragments in one place": "{ project(id: 1) { "
    + " ".join(f"...F{n}" for n in range(150))
    + " } }"
    + "".join(f"fragment F{n} on Project {{ id }}" for n in range(150)),
    "fragments inside one another": "{ project(id: 1) { ...F0 } }"
    + "".join(f"fragment F{n} on Project {{ ...F{n + 1} }}" for n in range(150))
    + "fragment F150 on Project { id }",
    "deep selections": "{ project(id: 1) { "
    + "scenes { project { " * 30
    + "id"
    + " } }" * 30
    + " } }",
    "a flood of directives": "{ __typename " + "@a " * 700 + "}",
    "a flood of known directives": "{ __typename " + "@skip(if: true) " * 250 + "}",
    "a thousand aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(600)) + " }",
    "more aliases than are read": "{ " + " ".join(f"a{n}: __typename" for n in range(1_000)) + " }",
    "huge lists": "{ nodes(ids: [" + "1 " * 10_000 + "]) { id } }",
    "a flood of comments": "{ __typename }" + "#\n" * 10_000,
    "a flood of variables": "query("
    + "".join(f"$v{n}: Int " for n in range(900))
    + ") { __typename }",
    "the schema over and over": "{ __schema { types { "
    + "fields { type { " * 6
    + "name"
    + " } }" * 6
    + " } } }",
    "a long text": "{ __typename }" + " " * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_document_is_refused_before_it_is_validated(
    home: Home, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    def reached(*_: object) -> None:
        raise AssertionError("validated")

    monkeypatch.setattr(documents, "validate_document", reached)
    result = await api.execute(text, context_value=home.context())

    [error] = translate(result.errors or [])
    assert error.extensions is not None
    assert error.extensions["code"] == "LIMIT_EXCEEDED", error
    assert "allowed" in error.message
    assert result.data is None


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_document_makes_the_walk_look_twice_at_a_selection(text: str) -> None:
    document = parse(text)
    walk = Walk(SCHEMA, document, {})
    with suppress(LimitExceeded):
        walk.measure(operations(document)[0])

    assert walk.visited <= len(selections(document))


def selections(document: DocumentNode) -> list[SelectionNode]:
    """All that are written in a document."""
    found: list[SelectionNode] = []
    waiting: list[Any] = list(document.definitions)
    while waiting:
        selected = getattr(waiting.pop(), "selection_set", None)
        below = list(selected.selections) if selected else []
        found += below
        waiting += below
    return found


EDGES = {
    "Project": {"scenes": ("Scene", 50), "storyboard": ("StoryboardSelection", 500)},
    "Scene": {"shots": ("Shot", 10), "project": ("Project", 1)},
    "Shot": {"images": ("Image", 12), "scene": ("Scene", 1)},
    "Image": {"shot": ("Shot", 1), "parentImage": ("Image", 1)},
    "StoryboardSelection": {"shot": ("Shot", 1), "selectedImage": ("Image", 1)},
}


@st.composite
def documents_with_fragments(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """What is selected of a project, and the fragments that it spreads, by how they are spread."""
    kinds = draw(st.lists(st.sampled_from(["Project", "Scene", "Shot"]), max_size=5))

    def selected(kind: str, levels: int, after: int) -> str:
        names = [f"...F{n}" for n in range(after, len(kinds)) if kinds[n] == kind]
        chosen = draw(st.lists(st.sampled_from(["id", "a: id", "edge", *names]), min_size=1))
        parts = []
        for part in chosen[:4]:
            if part == "edge":
                name, (below, _) = draw(st.sampled_from(sorted(EDGES[kind].items())))
                inside = selected(below, levels - 1, after) if levels else "id"
                part = f"{name} {{ {inside} }}"
            parts.append(part)
        return " ".join(parts)

    written = {
        f"...F{n}": f"on {kind} {{ {selected(kind, 1, n + 1)} }}" for n, kind in enumerate(kinds)
    }
    return selected("Project", 2, 0), written


def naive(selected: Any, kind: str) -> Measure:
    """Of selections without spreads, counted one by one."""
    depth = cost = aliases = 0
    for node in selected.selections:
        name = node.name.value if isinstance(node, FieldNode) else ""
        target, items = EDGES[kind].get(name, (kind, 1))
        below = naive(node.selection_set, target) if node.selection_set else Measure()
        field = isinstance(node, FieldNode)
        depth = max(depth, below.depth + field)
        cost += below.cost * items + field
        aliases += below.aliases + (getattr(node, "alias", None) is not None)
    return Measure(depth, cost, aliases)


@given(documents_with_fragments())
@settings(max_examples=100, deadline=None)
def test_fragments_cost_what_they_would_cost_written_out(case: tuple[str, dict[str, str]]) -> None:
    selected, fragments = case
    text = f"fragment Root on Project {{ {selected} }}"
    whole = text
    while spread := re.search(r"\.\.\.F\d", whole):
        whole = whole.replace(spread[0], f"... {fragments[spread[0]]}")
    definitions = " ".join(f"fragment {name[3:]} {body}" for name, body in fragments.items())
    [root] = parse(whole).definitions
    assert isinstance(root, FragmentDefinitionNode)

    measure, _ = walked(f"{{ project(id: 1) {{ ...Root }} }} {text} {definitions}")

    expected = naive(root.selection_set, "Project")
    assert measure == Measure(expected.depth + 1, expected.cost + 1, expected.aliases)
