from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from models import Event, EventKind, Feed, Job, Project, Scene, Shot
from services import generation, projects, scenes, shots
from services.actor import SYSTEM
from services.errors import InvalidInput, NotFound
from services.work import Work, perform
from tests.conftest import Home
from tests.making import HeldQueue, a_project, a_scene, a_shot, an_outsider
from tests.servers import WorldServers
from tests.stored import stored

PROMPTLY_SECONDS = 5.0


async def sequences(project: Project) -> list[int]:
    events = Event.filter(feed_id=project.id).order_by("id")
    return list(await events.values_list("sequence", flat=True))  # type: ignore[arg-type]  # flat


async def test_a_caller_who_leaves_at_any_moment_neither_undoes_nor_halves_a_unit(
    home: Home,
) -> None:
    project = await a_project(home)
    asked: list[str] = []
    dice = random.Random(1)

    async def ask(title: str) -> None:
        asked.append(title)
        await a_scene(home, project, "One shot", "Another", title=title)

    for number in range(200):
        caller = asyncio.create_task(ask(f"Scene {number}"))
        if number % 2:
            await asyncio.sleep(dice.random() * 0.004)
        else:
            for _ in range(dice.randrange(12)):
                await asyncio.sleep(0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)

    async with asyncio.timeout(30):
        await home.world.settle()
        await a_scene(home, project, "One shot", "Another", title="The last")
    assert len(asked) > 100
    made = await Scene.filter(project_id=project.id)
    assert sorted(scene.title for scene in made) == sorted([*asked, "The last"])
    assert await Shot.filter(project_id=project.id).count() == 2 * len(made)
    assert await sequences(project) == list(range(1, 2 + 3 * len(made)))


async def test_units_at_once_on_one_project_take_turns_and_leave_no_gap(home: Home) -> None:
    project = await a_project(home)

    await asyncio.gather(*(a_scene(home, project, "One shot") for _ in range(20)))

    assert await sequences(project) == list(range(1, 42))
    assert (await Feed.get(id=project.id)).head == 41
    assert len(set(await Scene.all().values_list("rank", flat=True))) == 20


async def test_units_of_two_projects_count_apart(home: Home) -> None:
    both = [await a_project(home), await a_project(home)]

    await asyncio.gather(*(a_scene(home, both[n % 2]) for n in range(10)))

    for project in both:
        assert await sequences(project) == [1, 2, 3, 4, 5, 6]


async def test_a_unit_that_raises_leaves_nothing_and_wakes_nobody(home: Home) -> None:
    project = await a_project(home)
    before = await stored()

    async def fail(work: Work) -> None:
        await scenes.create_scene(work, project.id, {"title": "Lost"}, None, [{"description": "x"}])
        await projects.create_project(work, {"prompt": "Lost too"})
        raise ZeroDivisionError

    async with home.world.bus.listen(project.id) as bell:
        with pytest.raises(ZeroDivisionError):
            await perform(home.world, home.owner, fail)
        assert not await bell.rung(0.05)

    assert await stored() == before
    assert not home.world.unfinished


async def test_a_part_that_raises_leaves_nothing_and_the_unit_goes_on(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, project := await a_project(home)))

    async def act(work: Work) -> None:
        await shots.update_shot(work, shot.id, {"label": "1"})
        with suppress(ZeroDivisionError):
            async with work.part():
                await generation.generate_images(work, shot.id, {"count": 2})
                await projects.update_project(work, project.id, {"title": "Lost"})
                await projects.create_project(work, {"prompt": "Lost too"})
                work.tell("room", "lost", "note")
                raise ZeroDivisionError
        await shots.update_shot(work, shot.id, {"label": "2"})
        work.tell("room", "kept", "note")

    async with home.world.bus.listen("room") as bell:
        await perform(home.world, home.owner, act)
        assert await bell.rung(PROMPTLY_SECONDS)
        assert bell.heard().notes == {"kept": "note"}

    await project.refresh_from_db()
    await shot.refresh_from_db()
    assert (project.title, shot.label, shot.version) == ("Untitled", "2", 3)
    assert await sequences(project) == [1, 2, 3, 4, 5]
    assert await Job.all().count() == 0
    assert await Feed.all().count() == 1
    assert home.queue.waiting == []


async def test_who_is_woken_finds_the_change(home: Home) -> None:
    project = await a_project(home)
    found: list[int] = []
    listening = asyncio.Event()

    async def listen() -> None:
        async with home.world.bus.listen(project.id) as bell:
            listening.set()
            await bell.rung(PROMPTLY_SECONDS)
            found.append(await Event.filter(feed_id=project.id).count())

    listener = asyncio.create_task(listen())
    await listening.wait()
    await a_scene(home, project, "One shot")
    await listener

    assert found == [3]


async def test_the_engine_is_handed_jobs_that_are_already_stored(home: Home) -> None:
    class Looking(HeldQueue):
        async def enqueue(self, job_ids: Sequence[str]) -> None:
            assert await Job.filter(id__in=job_ids).count() == len(job_ids)
            await super().enqueue(job_ids)

    queue = Looking()
    world = replace(home.world, queue=queue)
    shot = await a_shot(home, await a_scene(home, await a_project(home)))

    await perform(world, home.owner, generation.generate_images, shot.id, {"count": 3})

    assert len(queue.waiting) == 3


async def test_settling_waits_for_units_whose_callers_left(home: Home) -> None:
    project = await a_project(home)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def slow(work: Work) -> None:
        inside.set()
        await go_on.wait()
        await scenes.create_scene(work, project.id, {"title": "Late"})

    caller = asyncio.create_task(perform(home.world, home.owner, slow))
    await inside.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    settling = asyncio.create_task(home.world.settle())
    done, _ = await asyncio.wait([settling], timeout=0.05)
    assert not done
    go_on.set()
    await settling

    assert await Scene.filter(title="Late").count() == 1
    assert not home.world.unfinished


@pytest.mark.parametrize(
    ("failure", "logged"),
    [(ZeroDivisionError("1/0"), [logging.ERROR]), (InvalidInput("No."), [])],
    ids=["a bug is logged", "a refusal is not"],
)
async def test_what_fails_after_the_caller_left_does_not_pass_unnoticed(
    home: Home, caplog: pytest.LogCaptureFixture, failure: Exception, logged: list[int]
) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def fail(work: Work) -> None:
        inside.set()
        await go_on.wait()
        raise failure

    caller = asyncio.create_task(perform(home.world, home.owner, fail))
    await inside.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    go_on.set()
    await home.world.settle()
    await asyncio.sleep(0)

    records = [record for record in caplog.records if record.name == "services.work"]
    assert [record.levelno for record in records] == logged
    assert all(record.exc_info for record in records)


async def test_recording_a_change_of_what_is_not_held_is_a_mistake_and_undoes_the_unit(
    home: Home,
) -> None:
    scene = await a_scene(home, await a_project(home))
    before = await stored()

    async def forget_to_hold(work: Work) -> None:
        await Scene.filter(id=scene.id).update(title="Changed behind the feed's back")
        work.record(scene, EventKind.UPDATED, "title")

    with pytest.raises(RuntimeError, match="Hold the feed"):
        await perform(home.world, home.owner, forget_to_hold)

    assert await stored() == before


async def test_a_unit_inside_a_unit_is_a_mistake_and_says_so(home: Home) -> None:
    async def nest(work: Work) -> None:
        await perform(home.world, home.owner, projects.create_project, {"prompt": "Inner"})

    with pytest.raises(RuntimeError, match="pass its `work` on"):
        await perform(home.world, home.owner, nest)

    assert not await Project.exists()


async def test_use_cases_compose_within_one_unit(home: Home) -> None:
    async def both(work: Work) -> Project:
        project = await projects.create_project(work, {"prompt": "A film"})
        await scenes.create_scene(work, project.id, {"title": "One"})
        await scenes.create_scene(work, project.id, {"title": "Two"})
        return project

    project = await perform(home.world, home.owner, both)

    assert await sequences(project) == [1, 2, 3]
    assert {event.actor_id for event in await Event.all()} == {home.owner.id}


async def test_holding_what_does_not_exist_holds_nothing(home: Home) -> None:
    scene = await a_scene(home, await a_project(home))

    async def hold(work: Work) -> list[str | None]:
        return [
            await work.hold(Scene, scene.id),
            await work.hold(Scene, scene.id.replace("scn_0", "scn_1")),
            await work.hold(Project, scene.project_id.replace("prj_0", "prj_1")),
        ]

    assert await perform(home.world, SYSTEM, hold) == [scene.project_id, None, None]


async def test_what_is_held_stays_as_read_until_the_unit_ends(home: Home) -> None:
    """Two units read a title and write it longer by one letter: none of the letters is lost."""
    scene = await a_scene(home, await a_project(home), title="x")

    async def grow(work: Work) -> None:
        row = await work.held(Scene, scene.id)
        await asyncio.sleep(0.001)
        await scenes.update_scene(work, row.id, {"title": row.title + "x"})

    await asyncio.gather(*(perform(home.world, home.owner, grow) for _ in range(10)))

    assert (await Scene.get(id=scene.id)).title == "x" * 11


async def test_events_tell_who_did_what_to_which_version(home: Home) -> None:
    scene = await a_scene(home, await a_project(home))
    await perform(home.world, home.owner, scenes.update_scene, scene.id, {"title": "New"}, 1)

    event = await Event.filter(subject_id=scene.id).order_by("-sequence").first()

    assert event is not None
    assert (event.kind, event.changed, event.version) == (EventKind.UPDATED, ["title"], 2)
    assert (event.actor_id, event.deleted, event.idempotency_key) == (home.owner.id, None, None)


async def test_writers_that_wait_for_one_project_hold_up_no_reader_of_another(home: Home) -> None:
    busy, other = await a_project(home), await a_project(home)
    begun, over = asyncio.Event(), asyncio.Event()

    async def occupy(work: Work) -> None:
        await work.hold(Project, busy.id)
        begun.set()
        await over.wait()

    async def rename(work: Work) -> None:
        await projects.update_project(work, busy.id, {"title": "Renamed"})

    async with asyncio.TaskGroup() as group:
        group.create_task(perform(home.world, home.owner, occupy))
        await begun.wait()
        for _ in range(12):
            group.create_task(perform(home.world, home.owner, rename))
        await asyncio.sleep(0.1)
        try:
            async with asyncio.timeout(5):
                assert (await Project.get(id=other.id)).id == other.id
        finally:
            over.set()


async def test_nobody_waits_for_a_project_that_they_may_not_see(
    home: Home, servers: WorldServers
) -> None:
    """SQLite has one writer, for whom all wait anyway."""
    busy = await a_project(home)
    begun, over = asyncio.Event(), asyncio.Event()

    async def occupy(work: Work) -> None:
        await work.hold(Project, busy.id)
        begun.set()
        await over.wait()

    act = projects.update_project
    async with asyncio.TaskGroup() as group:
        group.create_task(perform(home.world, home.owner, occupy))
        await begun.wait()
        try:
            async with asyncio.timeout(5):
                with pytest.raises(NotFound):
                    await perform(home.world, an_outsider(), act, busy.id, {"title": "Mine"})
        finally:
            over.set()
