from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    is_introspection_type,
    is_specified_scalar_type,
)

import models
from resolvers import api
from schema.event import KINDS
from schema.view import View, view_of
from tests.conftest import Home
from tests.making import a_project, a_scene, a_selection, a_shot, an_image, an_outsider

GRAPH = api._schema
TYPES = [
    t
    for t in GRAPH.type_map.values()
    if not is_introspection_type(t) and not is_specified_scalar_type(t)
]


def told(described: Any) -> Iterator[tuple[str, str | None]]:
    """The description of a type and of everything in it, by coordinate."""
    yield described.name, described.description
    if isinstance(described, GraphQLEnumType):
        return  # what an enum means is told once, for all its values
    for name, field in getattr(described, "fields", {}).items():
        yield f"{described.name}.{name}", field.description
        for argument, spec in getattr(field, "args", {}).items():
            yield f"{described.name}.{name}({argument}:)", spec.description


def test_everything_in_the_schema_is_described() -> None:
    missing = [where for t in TYPES for where, text in told(t) if not (text or "").strip()]
    assert not missing, f"Describe these where they are declared: {missing}"


def test_descriptions_are_sentences() -> None:
    ours = [t for t in TYPES if not isinstance(t, GraphQLScalarType)]
    odd = [where for t in ours for where, text in told(t) if not (text or "").endswith(".")]
    assert not odd, f"End the description with a full stop: {odd}"


def test_enum_values_are_upper_case() -> None:
    enums = [t for t in TYPES if isinstance(t, GraphQLEnumType)]
    odd = [f"{t.name}.{value}" for t in enums for value in t.values if not value.isupper()]
    assert enums
    assert not odd, f"Name enum values in upper case: {odd}"


SAID_TWICE_IS_SAID_ONCE = {"SetPresenceInput"}


def test_every_keyed_input_says_what_the_key_does() -> None:
    inputs = [t for t in TYPES if isinstance(t, GraphQLInputObjectType)]
    keyed = [t for t in inputs if t.name.endswith("Input") and t.name in used_by_mutations()]
    lacking = {t.name for t in keyed if "idempotencyKey" not in t.fields} - SAID_TWICE_IS_SAID_ONCE
    assert keyed
    assert not lacking, f"A command can be sent twice; give it an idempotencyKey: {lacking}"


def used_by_mutations() -> set[str]:
    assert GRAPH.mutation_type
    return {
        str(field.args["input"].type).rstrip("!")
        for field in GRAPH.mutation_type.fields.values()
        if "input" in field.args
    }


def test_patches_can_leave_every_field_alone() -> None:
    patches = [
        t for t in TYPES if isinstance(t, GraphQLInputObjectType) and t.name.endswith("Patch")
    ]
    firm = [f"{t.name}.{n}" for t in patches for n, f in t.fields.items() if str(f.type)[-1] == "!"]
    assert patches
    assert not firm, f"Make them nullable: a patch leaves alone what it does not name: {firm}"


def test_every_view_over_a_row_with_an_id_is_a_node() -> None:
    drawn = {view for view in View.__subclasses__() if issubclass(view.over, models.Row)}
    lacking = [v.__name__ for v in drawn if not node_names() & {v.__name__}]
    assert drawn
    assert not lacking, f"Let these implement Node: {lacking}"


def node_names() -> set[str]:
    node = GRAPH.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    return {t.name for t in GRAPH.get_possible_types(node)}


def test_every_kind_of_event_is_an_event_in_the_schema() -> None:
    event = GRAPH.type_map["Event"]
    assert isinstance(event, GraphQLInterfaceType)
    served = {t.name for t in GRAPH.get_possible_types(event)}
    assert served == {kind.__name__ for kind in KINDS.values()} | {"RemovedEvent"}


def test_what_an_edit_may_answer_is_what_may_be_edited() -> None:
    editable = GRAPH.type_map["Editable"]
    assert isinstance(editable, GraphQLUnionType)
    unions = [{m.name for m in t.types} for t in TYPES if isinstance(t, GraphQLUnionType)]
    edited = set().union(*(names for names in unions if "EditConflict" in names)) - {"EditConflict"}
    assert edited == {t.name for t in editable.types}


def test_fields_that_lead_to_lists_never_hold_null_items() -> None:
    loose = [
        f"{t.name}.{name}: {field.type}"
        for t in TYPES
        if isinstance(t, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in t.fields.items()
        if "]" in str(field.type) and not str(field.type).rstrip("!").endswith("!]")
    ]
    assert loose == ["Query.nodes: [Node]!"], "Only `nodes` may have a hole: what is not yours."


async def test_a_view_reads_plain_fields_from_its_row(home: Home) -> None:
    project = await a_project(home, title="Tokyo")
    view = view_of(project)
    assert (view.title, view.row) == ("Tokyo", project)
    with pytest.raises(AttributeError):
        _ = view.no_such_field


NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


async def test_nodes_answers_each_id_with_its_type_and_null_for_what_is_missing(
    home: Home,
) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project)
    shot = await a_shot(home, scene)
    image = await an_image(home, shot)
    selection = await a_selection(home, image)
    missing = models.new_id("img")
    ids = [selection.id, missing, project.id, scene.id, shot.id, image.id]

    result = await api.execute(NODES, {"ids": ids}, context_value=home.context())

    assert result.data == {
        "nodes": [
            {"__typename": "StoryboardSelection", "id": selection.id},
            None,
            {"__typename": "Project", "id": project.id},
            {"__typename": "Scene", "id": scene.id},
            {"__typename": "Shot", "id": shot.id},
            {"__typename": "Image", "id": image.id},
        ]
    }


async def test_an_outsider_gets_null_for_every_node(home: Home) -> None:
    scene = await a_scene(home, await a_project(home))
    context = home.context(an_outsider())
    result = await api.execute(NODES, {"ids": [scene.id]}, context_value=context)
    assert result.data == {"nodes": [None]}
