"""Whoever follows in common is sent what following alone would have sent them, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models import Feed, Image, Project, Shot
from services import projects
from services.actor import Role
from services.presence import set_presence
from services.work import perform
from storyreel.transport.delivery import Groups
from tests.buses import WatchedBus, with_bus
from tests.conftest import Home
from tests.making import a_drawn_image, a_project, a_scene, a_shot, in_a_studio
from tests.storyreel.viewers import (
    EVENTS,
    JOB_PICTURES,
    JOBS,
    LIVE,
    LIVE_PICTURES,
    PICTURES,
    PRESENCE,
    PRESENT_PICTURES,
    Viewer,
    an_actor,
    events_in,
    everybody_knows,
    following,
)

pytestmark = pytest.mark.usefixtures("quickly")

RIGHTS = st.sampled_from([Role.VIEWER, Role.EDITOR, None])
PEOPLE = st.tuples(st.sampled_from("ab"), RIGHTS, st.sampled_from([None, Role.VIEWER]))
VIEWERS = st.tuples(
    PEOPLE,
    st.booleans(),  # asks for pictures, whose links are personal
    st.sampled_from([2, 3, 1_000]),  # every which frame there is no room for
    st.integers(0, 2),  # joins before this step
    st.integers(2, 4),  # leaves before this one
    st.floats(0, 1),  # how much of the past it has seen
)
QUERIES = {
    "events": (EVENTS, PICTURES),
    "a live query": (LIVE, LIVE_PICTURES),
    "jobs": (JOBS, JOB_PICTURES),
    "presence": (PRESENCE, PRESENT_PICTURES),
}


STEPS = st.lists(st.sampled_from(["scene", "title", "image", "look"]), min_size=1, max_size=3)


@pytest.mark.parametrize("queries", QUERIES.values(), ids=QUERIES)
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    plan=st.lists(VIEWERS, min_size=5, max_size=6), steps=st.lists(STEPS, min_size=3, max_size=3)
)
async def test_following_in_common_is_as_good_as_following_alone(
    home: Home, queries: tuple[str, str], plan: list[Any], steps: list[list[str]]
) -> None:
    home = in_a_studio(home)
    groups = Groups()
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    await _make(home, "image", project, shot)
    viewers: dict[int, Viewer] = {}
    for number, step in enumerate(steps):
        for index, (person, pictures, every, joins, leaves, seen) in enumerate(plan):
            if number == joins:
                actor, query = an_actor(project, *person), queries[pictures]
                viewers[index] = Viewer(home, groups, actor, query, every)
                head = (await Feed.get(id=project.id)).head
                await viewers[index].join(project, int(seen * (head - 1)))
            elif number >= leaves and index in viewers:
                await viewers[index].leave()
        await everybody_knows(project, viewers)
        for change in step:
            await _make(home, change, project, shot)
        await everybody_knows(project, viewers)
    for viewer in viewers.values():
        await viewer.leave()

    for viewer in viewers.values():
        viewer.check(project)
    assert not groups._groups


async def _make(home: Home, change: str, project: Project, shot: Shot) -> None:
    if change == "scene":
        await a_scene(home, project)
    elif change == "image":
        await a_drawn_image(home, shot)
    elif change == "look":
        focus = await Image.filter(shot_id=shot.id).order_by("-id").first() or shot
        await perform(home.world, home.owner, set_presence, project.id, focus.id, False)
    else:
        await retitle(home, project, "Again")


async def retitle(home: Home, project: Project, title: str) -> None:
    act = projects.update_project
    await perform(home.world, home.owner, act, project.id, {"title": title})


async def test_many_are_one_listener_and_one_execution(home: Home) -> None:
    bus, groups = WatchedBus(), Groups()
    watched = with_bus(home, bus)
    project = await a_project(home)
    actors = [an_actor(project, name, Role.VIEWER, None) for name in "abc"]
    viewers = [Viewer(watched, groups, actor, EVENTS) for actor in actors]
    async with following(viewers, project):
        assert bus.listening == 1 + len(viewers)  # one of those in common, each of those alone

        await retitle(watched, project, "Two")
        await everybody_knows(project, dict(enumerate(viewers)))
        await viewers[0].leave()
        await retitle(watched, project, "Three")
        await everybody_knows(project, dict(enumerate(viewers)))

    assert [len(events_in(viewer.common)) for viewer in viewers] == [1, 2, 2]
    assert bus.listening == 0


@pytest.mark.parametrize(
    ("query", "groups"), [(EVENTS, 1), (PICTURES, 2)], ids=["for all", "personal"]
)
async def test_what_is_for_one_person_is_shared_with_nobody_else(
    home: Home, query: str, groups: int
) -> None:
    common = Groups()
    project = await a_project(home)
    actors = [an_actor(project, name, Role.VIEWER, None) for name in "abb"]
    viewers = [Viewer(home, common, actor, query) for actor in actors]
    async with following(viewers, project):
        assert len(common._groups) == groups
