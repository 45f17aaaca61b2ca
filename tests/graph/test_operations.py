"""Many operations in one transaction: what they may name, and that they are one unit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import strawberry
from graphql import GraphQLInputObjectType, get_named_type
from strawberry import ID

from models import Event, EventKind, Image, Project, Shot, StoryboardSelection
from resolvers import api
from schema.given import places_of_ids
from schema.inputs import AnimateInput
from services.backends.bus import LocalBus
from services.verbs import VERBS
from tests.batches import (
    INVALID,
    PARTLY,
    PROMPT,
    apply,
    errors,
    refused,
    scene_in,
    sequences,
    shot_in,
    titled,
)
from tests.conftest import Home
from tests.graph.board import statements
from tests.making import a_project, a_scene, a_shot
from tests.stored import stored

PICTURE = {"variantNumber": 1, "imageUrl": "https://example.org/a.png"}
PICTURES = [PICTURE, PICTURE | {"variantNumber": 2}]


def test_an_operation_takes_what_its_mutation_takes() -> None:
    operation = api._schema.type_map["Operation"]
    assert isinstance(operation, GraphQLInputObjectType)
    assert api._schema.mutation_type
    mutations = api._schema.mutation_type.fields
    verbs = {name: get_named_type(f.type) for name, f in operation.fields.items() if name != "ref"}
    assert set(verbs) == set(VERBS)
    for name, taken in verbs.items():
        arguments = mutations[name].args
        assert isinstance(taken, GraphQLInputObjectType)
        if "input" in arguments:
            assert str(arguments["input"].type) == f"{taken.name}!"
        else:
            given = {field: str(spec.type) for field, spec in taken.fields.items()}
            assert given == {field: str(spec.type) for field, spec in arguments.items()}


async def test_operations_name_what_those_before_them_made(home: Home) -> None:
    answer = await apply(
        home,
        {"ref": "film"} | PROMPT,
        scene_in("$film", "One", "Two", ref="roof"),
        shot_in("$roof", shotNumber=1),
        {
            "ref": "dusk",
            "registerImages": {
                "shotId": "$roof.shots.1", "iterationPrompt": "Dusk", "images": PICTURES
            },
        },
        {
            "registerImages": {
                "shotId": "$roof.shots.1",
                "parentImageId": "$dusk",
                "iterationPrompt": "Night",
                "images": [PICTURE],
            },
        },
        {"selectMasterShot": {"shotId": "$roof.shots.1", "imageId": "$dusk.images.1"}},
        {"ref": "gone", "deleteScene": {"id": "$roof"}},
        {"restore": {"restoreId": "$gone.restoreId"}},
    )  # fmt: skip

    film, roof, first, dusk, night, chosen, gone, back = answer["results"]
    assert answer["committed"] is True
    assert errors(answer) == [None] * 8
    assert [result["ref"] for result in answer["results"][:3]] == ["film", "roof", None]
    assert film["created"] == [film["id"]]
    in_order = await Shot.filter(scene_id=roof["id"]).order_by("rank")
    assert [first["id"], *roof["created"][1:]] == [shot.id for shot in in_order]
    assert [shot.description for shot in in_order] == ["A woman", "One", "Two"]
    assert (len(dusk["created"]), dusk["id"]) == (2, dusk["created"][0])
    selection = await StoryboardSelection.get(id=chosen["id"])
    assert (selection.shot_id, selection.image_id) == (in_order[2].id, dusk["created"][1])
    assert (await Image.get(id=night["id"])).parent_image_id == dusk["id"]
    assert (gone["id"], back["id"], back["created"]) == (roof["id"], roof["id"], [])
    assert gone["restoreId"].startswith("del_")


@strawberry.input
class Orders:
    titles: list[str]
    orders: list[AnimateInput | None]


def test_ids_are_found_in_nested_inputs_and_in_lists() -> None:
    orders = [AnimateInput(selection_ids=[ID("a"), ID("b")]), None, AnimateInput(project_id=None)]
    value = Orders(titles=["$x"], orders=[*orders, AnimateInput(project_id=ID("c"))])

    places = list(places_of_ids(value))

    assert places == [
        ("orders", 0, "selectionIds", 0),
        ("orders", 0, "selectionIds", 1),
        ("orders", 3, "projectId"),
    ]


async def test_a_dollar_that_is_no_id_is_text(home: Home) -> None:
    prompt = {"prompt": "$film", "title": "$1", "promptPlannerData": {"id": "$film"}}

    answer = await apply(home, {"createProject": prompt})

    project = await Project.get(id=answer["results"][0]["id"])
    assert (project.prompt, project.title) == ("$film", "$1")
    assert project.prompt_planner_data == {"id": "$film"}


NAMES: dict[str, tuple[list[Any], int, str]] = {
    "unknown": ([shot_in("$nowhere")], 0, "createShot.sceneId"),
    "empty": ([shot_in("$")], 0, "createShot.sceneId"),
    "later": ([shot_in("$s"), scene_in("$project", ref="s")], 0, "createShot.sceneId"),
    "its own": ([scene_in("$s", ref="s")], 0, "createScene.projectId"),
    "refused": ([scene_in("$project", ref="s", title=""), shot_in("$s")], 1, "createShot.sceneId"),
    "no such part": (
        [scene_in("$project", "One", ref="s"), {"deleteShot": {"id": "$s.shots.1"}}],
        1,
        "deleteShot.id",
    ),
    "of another kind": (
        [scene_in("$project", "One", ref="s"), shot_in("$s.shots.0")],
        1,
        "createShot.sceneId",
    ),
    "ref twice": ([scene_in("$project", ref="s"), scene_in("$project", ref="s")], 1, "ref"),
    "ref of blanks": ([scene_in("$project", ref=" ")], 0, "ref"),
    "ref with a dot": ([scene_in("$project", ref="s.shots")], 0, "ref"),
    "ref too long": ([scene_in("$project", ref="x" * 65)], 0, "ref"),
    "in a later argument": (
        [{"moveShot": {"id": "$shot", "shotNumber": 1, "sceneId": "$s"}}],
        0,
        "moveShot.sceneId",
    ),
}


@pytest.mark.parametrize("case", NAMES.values(), ids=NAMES)
async def test_a_name_that_means_nothing_is_refused_where_it_stands(
    home: Home, case: tuple[list[Any], int, str]
) -> None:
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    operations, number, field = case
    before = await stored()

    answer = await apply(home, *named(operations, {"$project": project.id, "$shot": shot.id}))

    assert answer["committed"] is False
    assert errors(answer)[number] == (INVALID, f"operations.{number}.{field}")
    assert await stored() == before


def named(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: named(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [named(inner, ids) for inner in value]
    return ids.get(value, value) if isinstance(value, str) else value


async def test_an_operation_does_exactly_one_thing(home: Home) -> None:
    project = await a_project(home)

    answer = await apply(
        home,
        {"ref": "nothing"},
        PROMPT | titled(project, "Two things"),
        PROMPT | {"updateProject": None, "ref": None},  # what typed clients do not use is null
        onError=PARTLY,
    )

    assert errors(answer) == [(INVALID, "operations.0"), (INVALID, "operations.1"), None]


# One unit


async def test_followers_get_one_run_of_events_with_one_call(home: Home) -> None:
    project = await a_project(home)
    calls: list[tuple[str, ...]] = []

    class Heard(LocalBus):
        def wake(self, *topics: str) -> None:
            calls.append(topics)

    home = replace(home, world=replace(home.world, bus=Heard()))
    await apply(
        home,
        titled(project, "A"),
        scene_in(project, "One", ref="s"),
        {"moveShot": {"id": "$s.shots.0", "shotNumber": 9}},
        {"deleteShot": {"id": "$s.shots.0"}},
        {"moveShot": {"id": "$s.shots.0", "shotNumber": 1}},
        titled(project, "B"),
        onError=PARTLY,
    )

    assert calls == [(project.id,)]
    events = await Event.filter(feed_id=project.id).order_by("id")
    assert [(e.sequence, e.kind) for e in events[1:]] == list(
        enumerate(
            [
                EventKind.UPDATED,
                EventKind.CREATED,
                EventKind.CREATED,
                EventKind.DELETED,
                EventKind.UPDATED,
            ],
            2,
        )
    )


async def test_a_batch_may_cover_projects_and_two_batches_never_wait_for_each_other(
    home: Home,
) -> None:
    projects = [await a_project(home) for _ in range(3)]
    parts = [await a_scene(home, project) for project in projects]

    async def rename(number: int) -> Any:
        turned = [*range(number % 3, 3), *range(number % 3)]
        both = [[titled(projects[n], f"{number}"), titled(parts[n], f"{number}")] for n in turned]
        return await apply(home, *both[0], *both[1], *both[2])

    async with asyncio.timeout(20):
        answers = await asyncio.gather(*(rename(number) for number in range(12)))

    assert all(answer["committed"] for answer in answers)
    for project, scene in zip(projects, parts, strict=True):
        await project.refresh_from_db()
        await scene.refresh_from_db()
        assert project.title == scene.title
        assert await sequences(project) == list(range(1, 27))


async def test_a_key_tells_nothing_to_who_may_see_less(home: Home) -> None:
    project = await a_project(home)
    doing = [scene_in(project, "One")]
    await apply(home, *doing, key="k")
    before = await stored()

    less = replace(home, owner=replace(home.owner, roles={}))

    assert await refused(less, operations=doing, key="k") == [("CONFLICT", "idempotencyKey")]
    assert await stored() == before


async def test_the_same_key_gets_the_first_answer_and_its_events_tell_the_key(home: Home) -> None:
    project = await a_project(home)
    doing = [scene_in(project, "One", ref="s"), shot_in("$s", " "), titled(project, "x")]

    rejected = await apply(home, *doing, key="k")
    first = await apply(home, *doing, onError=PARTLY, key="k")
    before = await stored()
    again = await apply(home, *doing, onError=PARTLY, key="k")
    other = [titled(project, "y")]

    assert rejected["committed"] is False  # so that the key is still free
    assert again == first
    assert first["committed"] is True
    assert await refused(home, operations=other, key="k") == [
        ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
    ]
    assert await refused(home, operations=other, key="") == [(INVALID, "idempotencyKey")]
    assert await stored() == before
    events = await Event.filter(feed_id=project.id, sequence__gt=1)
    assert {event.idempotency_key for event in events} == {"k"}


async def test_a_kept_answer_holds_nothing_that_cannot_be_stored(home: Home) -> None:
    doing = [{"ref": "a\0b\ud800"} | PROMPT, {"ref": "b"} | PROMPT, shot_in("$a\0b\ud800")]

    first = await apply(home, *doing, onError=PARTLY, key="k")

    assert errors(first) == [
        (INVALID, "operations.0.ref"), None, (INVALID, "operations.2.createShot.sceneId")
    ]  # fmt: skip
    assert await apply(home, *doing, onError=PARTLY, key="k") == first


async def test_the_key_of_a_single_input_has_no_place_in_a_batch(home: Home) -> None:
    project = await a_project(home)
    keyed = scene_in(project, idempotencyKey="k"), scene_in(project, idempotencyKey=None)

    answer = await apply(home, *keyed, onError=PARTLY)

    assert errors(answer) == [(INVALID, "operations.0.createScene.idempotencyKey"), None]


async def test_the_statements_of_a_batch_grow_with_it_and_no_faster(home: Home) -> None:
    scene = await a_scene(home, await a_project(home))

    async def count(operations: int) -> int:
        with statements() as seen:
            await apply(home, *[shot_in(scene)] * operations)
        return len(seen)

    ten, twenty, forty = [await count(n) for n in (10, 20, 40)]

    assert forty - twenty == 2 * (twenty - ten)
    assert (twenty - ten) / 10 <= 10
