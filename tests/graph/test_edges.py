"""Edges between rows: what they lead to, how few reads they take, and how fresh they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest

from models import Feed, Image, Job, MediaStatus, Shot
from resolvers import api
from resolvers.context import Context
from schema.cursor import feed_cursor
from schema.view import ById
from services import generation, shots
from services.work import perform
from tests.conftest import Home
from tests.graph.board import a_board, ask, statements
from tests.making import a_project, a_scene, a_selection, a_shot, an_image

IMAGES = """query($id: ID!, $iteration: Int, $favorites: Boolean) {
  shot(id: $id) {
    images(iteration: $iteration, favorites: $favorites) { id }
    latestIterationNumber
    iterations { iterationNumber prompt parentImage { id } images { id } }
  }
}"""


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({}, [0, 1, 2]),
        ({"iteration": 0}, [0]),
        ({"iteration": 7}, []),
        ({"favorites": True}, [1]),
        ({"favorites": False}, [0, 2]),
        ({"iteration": 1, "favorites": True}, [1]),
        ({"iteration": None, "favorites": None}, [0, 1, 2]),
    ],
    ids=str,
)
async def test_images_can_be_asked_for_by_iteration_and_favor(
    home: Home, given: dict[str, Any], places: list[int]
) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    images = [await an_image(home, shot) for _ in range(3)]
    await Image.filter(id=images[1].id).update(is_favorite=True)
    found = await ask(home, IMAGES, id=shot.id, **given)
    assert found["shot"]["images"] == [{"id": images[place].id} for place in places]


async def test_iterations_group_images_and_tell_what_they_were_made_from(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    first = await an_image(home, shot)
    one = await an_image(home, shot, variantNumber=1)
    two = await an_image(home, shot, variantNumber=2)
    await Image.filter(id=two.id).update(iteration_number=1)
    await Image.filter(id__in=[one.id, two.id]).update(parent_image_id=first.id)

    found = (await ask(home, IMAGES, id=shot.id))["shot"]

    assert found["latestIterationNumber"] == 1
    assert found["iterations"] == [
        {
            "iterationNumber": 0,
            "prompt": "Dusk",
            "parentImage": None,
            "images": [{"id": first.id}],
        },
        {
            "iterationNumber": 1,
            "prompt": "Dusk",
            "parentImage": {"id": first.id},
            "images": [{"id": one.id}, {"id": two.id}],
        },
    ]


async def test_a_shot_without_images_has_no_iteration(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    found = (await ask(home, IMAGES, id=shot.id))["shot"]
    assert found == {"images": [], "latestIterationNumber": None, "iterations": []}


STORYBOARD = """query($id: ID!) {
  project(id: $id) { storyboard { id shot { shotNumber scene { sceneNumber } } } }
}"""


async def test_the_storyboard_comes_in_scene_and_shot_order(home: Home) -> None:
    project = await a_project(home)
    chosen: dict[tuple[int, int], str] = {}
    scenes = [await a_scene(home, project) for _ in range(2)]
    for scene_number, scene in reversed(list(enumerate(scenes, 1))):
        for shot_number in (1, 2):
            image = await an_image(home, await a_shot(home, scene))
            chosen[scene_number, shot_number] = (await a_selection(home, image)).id
    await a_shot(home, scenes[0], place=1)  # not chosen, and before the others

    found = (await ask(home, STORYBOARD, id=project.id))["project"]["storyboard"]

    assert [selection["id"] for selection in found] == [chosen[at] for at in sorted(chosen)]
    places = [(s["shot"]["scene"]["sceneNumber"], s["shot"]["shotNumber"]) for s in found]
    assert places == [(1, 2), (1, 3), (2, 1), (2, 2)]


@pytest.mark.parametrize("size", [(1, 1, 1), (4, 3, 2)], ids=["small", "large"])
async def test_ways_back_to_what_was_passed_read_nothing(
    home: Home, size: tuple[int, int, int]
) -> None:
    project = await a_board(home, *size)
    down = "query($id: ID!) { project(id: $id) { scenes { id shots { id images { id %s } } } } }"
    back = "shot { id scene { id title project { id title scenes { id } } } }"
    with statements() as there:
        await ask(home, down % "", id=project.id)
    with statements() as there_and_back:
        found = await ask(home, down % back, id=project.id)
    assert len(there_and_back) == len(there)
    for scene in found["project"]["scenes"]:
        for shot in scene["shots"]:
            for image in shot["images"]:
                assert image["shot"]["id"] == shot["id"]
                assert image["shot"]["scene"]["id"] == scene["id"]


BATCH = """query($id: ID!) {
  node(id: $id) { ... on JobBatch {
    requested complete failed canceled progress etaSeconds
    jobs { id status queuePosition etaSeconds asset { id } }
    images { id variantNumber job { id } }
  } }
}"""


@pytest.mark.parametrize("count", [1, 12])
async def test_a_batch_takes_the_same_statements_whatever_its_size(home: Home, count: int) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    act = generation.generate_images
    batch = await perform(home.world, home.owner, act, shot.id, {"count": count})
    with statements() as seen:
        found = (await ask(home, BATCH, id=batch.id))["node"]
    assert found["requested"] == len(found["jobs"]) == count
    assert [image["variantNumber"] for image in found["images"]] == list(range(1, count + 1))
    assert [job["queuePosition"] for job in found["jobs"]] == list(range(1, count + 1))
    assert len(seen) == 6, "\n".join(sql[:120] for sql in seen)


async def test_a_batch_counts_its_jobs_by_how_they_ended(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    act = generation.generate_images
    batch = await perform(home.world, home.owner, act, shot.id, {"count": 5})
    jobs = await Job.filter(batch_id=batch.id).order_by("id")
    for job, status in zip(jobs, ["COMPLETE", "FAILED", "UNKNOWN", "CANCELED"], strict=False):
        await Job.filter(id=job.id).update(status=status)
    await Job.filter(id=jobs[4].id).update(status="RUNNING", progress=0.5)
    found = (await ask(home, BATCH, id=batch.id))["node"]
    counts = [found[name] for name in ("requested", "complete", "failed", "canceled", "progress")]
    assert counts == [5, 1, 2, 1, 0.9]


MOVES = """mutation($id: ID!) {
  down: moveShot(id: $id, shotNumber: 3) { shotNumber scene { shots { id shotNumber } } }
  up: moveShot(id: $id, shotNumber: 1) { shotNumber scene { shots { id shotNumber } } }
}"""


async def test_two_mutations_of_one_operation_each_show_their_own_result(home: Home) -> None:
    scene = await a_scene(home, await a_project(home))
    moved, second, third = [(await a_shot(home, scene)).id for _ in range(3)]
    found = await ask(home, MOVES, id=moved)
    assert found["down"]["shotNumber"] == 3
    assert found["up"]["shotNumber"] == 1
    assert [s["id"] for s in found["down"]["scene"]["shots"]] == [second, third, moved]
    assert [s["id"] for s in found["up"]["scene"]["shots"]] == [moved, second, third]


RENAMES = """mutation($scene: ID!, $shot: ID!) {
  one: updateScene(id: $scene, patch: { title: "One" }) { ... on Scene { shots { id } } }
  two: updateScene(id: $scene, patch: { title: "Two" }) { ... on Scene { id } }
  back: updateShot(id: $shot, patch: { label: "1" }) { ... on Shot { scene { title } } }
}"""


async def test_a_way_back_never_leads_to_what_was_passed_before_a_mutation(home: Home) -> None:
    scene = await a_scene(home, await a_project(home))
    shot = await a_shot(home, scene)
    found = await ask(home, RENAMES, scene=scene.id, shot=shot.id)
    assert found["back"] == {"scene": {"title": "Two"}}


CREATE = """mutation($scene: ID!) {
  createShot(input: { sceneId: $scene, description: "x" }) {
    id shotNumber
    scene { shots { id } storyboardComplete }
    project { cursor progress { totalShots } events(first: 200) { cursor } }
  }
}"""


async def test_a_payload_shows_what_was_committed(home: Home) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project, "one", "two")
    created = (await ask(home, CREATE, scene=scene.id))["createShot"]
    assert created["shotNumber"] == 3
    assert created["scene"]["shots"][-1] == {"id": created["id"]}
    assert created["scene"]["storyboardComplete"] is False
    assert created["project"]["progress"] == {"totalShots": 3}
    assert created["project"]["cursor"] == created["project"]["events"]["cursor"]


async def test_an_image_leads_to_its_job_and_its_parent(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    act = generation.generate_images
    await perform(home.world, home.owner, act, shot.id, {"count": 1})
    image = await Image.get(shot_id=shot.id)
    found = await ask(
        home,
        "query($id: ID!) { image(id: $id) { status parentImage { id } job { id status } } }",
        id=image.id,
    )
    assert found["image"] == {
        "status": MediaStatus.PENDING.value,
        "parentImage": None,
        "job": {"id": image.job_id, "status": "QUEUED"},
    }


TIMING = "query($id: ID!) { shot(id: $id) { timing { duration durationFrames inPoint } } }"


async def test_timing_is_given_in_seconds_at_the_rate_of_the_project(home: Home) -> None:
    project = await a_project(home, frameRate="24000/1001")
    scene = await a_scene(home, project)
    given = {"description": "x", "timing": {"duration": 2.002, "inPoint": 0.5}}
    shot = await perform(home.world, home.owner, shots.create_shot, scene.id, given)
    found = await ask(home, TIMING, id=shot.id)
    assert found["shot"]["timing"] == {"duration": 2.002, "durationFrames": 48, "inPoint": 0.5005}


class DeletesMeanwhile(Context):
    """Loses a shot between the read of what points to it and its own."""

    loses = ""
    _loss: asyncio.Task[Any] | None = None

    def load(self, batch: Any, key: Any) -> Any:
        return self._late(batch, key) if batch == ById(Shot) else super().load(batch, key)

    async def _late(self, batch: Any, key: Any) -> Any:
        if self._loss is None:
            losing = perform(self.world, self.actor, shots.delete_shot, self.loses)
            self._loss = asyncio.create_task(losing)
        await self._loss
        return await super().load(batch, key)


async def test_a_query_that_meets_a_deletion_between_two_reads_is_read_again(home: Home) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project)
    stays, goes = await a_shot(home, scene), await a_shot(home, scene)
    for shot in (stays, goes):
        await a_selection(home, await an_image(home, shot))
    context = DeletesMeanwhile(home.owner, home.world, home.links)
    context.loses = goes.id
    query = "query($id: ID!) { project(id: $id) { storyboard { shot { id } } } }"

    answer = await api.execute(query, {"id": project.id}, context)

    assert answer.errors is None
    assert answer.data == {"project": {"storyboard": [{"shot": {"id": stays.id}}]}}


async def test_an_event_that_meets_a_deletion_between_two_reads_is_read_again(home: Home) -> None:
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    before = (await Feed.get(id=project.id)).head
    await an_image(home, shot)
    context = DeletesMeanwhile(home.owner, home.world, home.links)
    context.loses = shot.id
    query = """subscription($id: ID!, $after: Cursor) {
      projectEvents(projectId: $id, after: $after) {
        ... on ProjectChanges { events { ... on ImageEvent { kind image { shot { id } } } } }
      }
    }"""
    variables = {"id": project.id, "after": feed_cursor(project.id, before)}

    async with aclosing(await api.stream(query, variables, context_value=context)) as results:
        event: Any = await anext(results)

    assert event.errors is None
    assert event.data == {"projectEvents": {"events": [{"kind": "CREATED", "image": None}]}}


@pytest.mark.parametrize("many", [False, True])
async def test_who_stops_waiting_takes_nothing_from_those_who_wait_for_the_same(
    home: Home, many: bool
) -> None:
    context, asked = home.context(), list[str]()

    async def slowly(keys: Sequence[str]) -> list[str]:
        await asyncio.sleep(0)
        asked.extend(keys)
        return [key.upper() for key in keys]

    async def value() -> list[str]:
        if many:
            return await context.load_all(slowly, ["a"])
        return [await context.load(slowly, "a")]

    gone, stays = asyncio.create_task(value()), asyncio.create_task(value())
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays == ["A"]
    assert gone.cancelled()
    assert asked == ["a"]
