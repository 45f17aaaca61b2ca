"""The feed as the graph shows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from models import Job
from resolvers import api
from resolvers.errors import translate
from schema.cursor import feed_cursor
from services import cancelling, generation, images, projects, scenes, shots, storyboard, upkeep
from services.actor import Actor
from services.work import perform
from tests.buses import WatchedBus, with_bus
from tests.conftest import Home
from tests.graph.board import ask
from tests.making import (
    a_project,
    a_scene,
    a_selection,
    a_shot,
    a_viewer,
    an_image,
    an_outsider,
)

SOON = 5.0

FOLLOW = """subscription($id: ID!, $after: Cursor) {
  projectEvents(projectId: $id, after: $after) {
    __typename
    ... on ProjectChanges {
      cursor
      events {
        __typename cursor at kind actor idempotencyKey subjectId changed version
        project { id title }
        ... on SceneEvent { scene { id title sceneNumber } }
        ... on ShotEvent { shot { id description } }
        ... on ImageEvent { image { id isFavorite } }
        ... on StoryboardEvent { selection { id selectedImage { id } } }
        ... on JobEvent { job { id status } }
        ... on RemovedEvent { deleted }
      }
    }
    ... on ResyncRequired { cursor reason }
  }
}"""
LIVE = "subscription($id: ID!) { liveProject(id: $id) { title scenes { title } } }"


async def follow(
    home: Home, document: str, actor: Actor | None = None, **variables: Any
) -> AsyncGenerator[Any]:
    """The data of each result; errors end the test."""
    stream = await api.stream(document, variables, context_value=home.context(actor))
    async with aclosing(stream):
        async for found in stream:
            result: Any = found
            assert not result.errors, result.errors
            yield result.data


async def next_changes(stream: AsyncGenerator[Any]) -> Any:
    async with asyncio.timeout(SOON):
        return (await anext(stream))["projectEvents"]


async def events_of(home: Home, project_id: str, after: int = 0) -> list[Any]:
    """What a follower gets after a sequence number."""
    cursor = feed_cursor(project_id, after)
    async with aclosing(follow(home, FOLLOW, id=project_id, after=cursor)) as stream:
        changes = await next_changes(stream)
        return list(changes["events"])


async def rename(home: Home, project_id: str, title: str) -> None:
    await perform(home.world, home.owner, projects.update_project, project_id, {"title": title})


async def test_every_kind_of_subject_has_an_event_that_shows_it(home: Home) -> None:
    project = await a_project(home, title="Tokyo")
    scene = await a_scene(home, project, title="Roof")
    shot = await a_shot(home, scene, description="Rain")
    image = await an_image(home, shot)
    selection = await a_selection(home, image)
    act = generation.generate_images
    await perform(home.world, home.owner, act, shot.id, {"count": 1})
    job = await Job.get()

    told = await events_of(home, project.id)

    shown = [{k: v for k, v in event.items() if isinstance(v, dict)} for event in told]
    of_project = {"project": {"id": project.id, "title": "Tokyo"}}
    assert shown[:6] == [
        of_project,
        of_project | {"scene": {"id": scene.id, "title": "Roof", "sceneNumber": 1}},
        of_project | {"shot": {"id": shot.id, "description": "Rain"}},
        of_project | {"image": {"id": image.id, "isFavorite": False}},
        of_project | {"selection": {"id": selection.id, "selectedImage": {"id": image.id}}},
        of_project | {"job": {"id": job.id, "status": "QUEUED"}},
    ]
    assert [event["__typename"] for event in told] == [
        "ProjectEvent",
        "SceneEvent",
        "ShotEvent",
        "ImageEvent",
        "StoryboardEvent",
        "JobEvent",
        "ImageEvent",
    ]
    assert {event["kind"] for event in told} == {"CREATED"}


async def test_an_event_tells_who_did_what_to_which_version(home: Home) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project)
    act = scenes.update_scene
    await perform(home.world, home.owner, act, scene.id, {"title": "New", "label": "1A"})
    [event] = await events_of(home, project.id, after=2)
    assert (event["kind"], event["subjectId"]) == ("UPDATED", scene.id)
    assert sorted(event["changed"]) == ["label", "title"]
    assert (event["actor"], event["version"]) == (home.owner.id, 2)
    assert event["at"].endswith("+00:00")


async def test_changes_of_nested_fields_are_told_with_dots(home: Home) -> None:
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project), camera={"framing": "WIDE"})
    patch = {"camera": {"framing": "CLOSE-UP"}, "generation": {"parameters": {"steps": 30}}}
    await perform(home.world, home.owner, shots.update_shot, shot.id, patch)
    [event] = await events_of(home, project.id, after=3)
    assert sorted(event["changed"]) == ["camera.framing", "generation.parameters"]


async def test_the_key_of_a_request_is_echoed_in_all_its_events(home: Home) -> None:
    project = await a_project(home)
    document = """mutation($p: ID!) { createScene(input: {
      projectId: $p, title: "Roof", idempotencyKey: "k-1", shots: [{ description: "Rain" }]
    }) { id } }"""
    await ask(home, document, p=project.id)
    events = await events_of(home, project.id, after=1)
    assert [event["idempotencyKey"] for event in events] == ["k-1", "k-1"]


async def test_a_deletion_names_everything_that_went_with_it(home: Home) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project)
    shot = await a_shot(home, scene)
    image = await an_image(home, shot)
    selection = await a_selection(home, image)
    await perform(home.world, home.owner, scenes.delete_scene, scene.id)

    [event] = await events_of(home, project.id, after=5)

    assert (event["__typename"], event["kind"]) == ("RemovedEvent", "DELETED")
    assert event["subjectId"] == event["deleted"][0] == scene.id
    assert set(event["deleted"]) == {scene.id, shot.id, image.id, selection.id}
    assert event["project"] == {"id": project.id, "title": "Untitled"}


async def test_events_of_what_was_deleted_since_show_null(home: Home) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project)
    image = await an_image(home, await a_shot(home, scene))
    await a_selection(home, image)
    await perform(home.world, home.owner, storyboard.clear_master_shot, image.shot_id)
    await perform(home.world, home.owner, images.delete_image, image.id)
    await perform(home.world, home.owner, scenes.delete_scene, scene.id)
    events = await events_of(home, project.id, after=1)
    shown = [event.get(name) for event in events for name in ("scene", "shot", "image")]
    assert set(shown) == {None}
    assert [event["__typename"] for event in events][-3:] == ["RemovedEvent"] * 3


async def test_the_end_of_a_project_is_its_last_event_and_ends_the_stream(home: Home) -> None:
    project = await a_project(home)
    stream = follow(home, FOLLOW, id=project.id, after=feed_cursor(project.id, 0))
    await next_changes(stream)
    await perform(home.world, home.owner, projects.delete_project, project.id)
    last = (await next_changes(stream))["events"][-1]
    assert (last["__typename"], last["subjectId"]) == ("RemovedEvent", project.id)
    assert last["project"] is None
    with pytest.raises(StopAsyncIteration):
        await next_changes(stream)


async def test_each_frame_shows_what_is_true_when_it_is_sent(home: Home) -> None:
    project = await a_project(home, title="0")
    stream = follow(home, FOLLOW, id=project.id, after=feed_cursor(project.id, 0))
    async with aclosing(stream):
        assert (await next_changes(stream))["events"][-1]["project"]["title"] == "0"
        for title in "123":
            await rename(home, project.id, title)
            changes = await next_changes(stream)
            assert [event["project"]["title"] for event in changes["events"]] == [title]


async def test_every_cursor_resumes_right_after_its_event(home: Home) -> None:
    project = await a_project(home)
    for title in "123":
        await rename(home, project.id, title)
    told = [event["cursor"] for event in await events_of(home, project.id)]
    for index, cursor in enumerate(told[:-1]):
        async with aclosing(follow(home, FOLLOW, id=project.id, after=cursor)) as stream:
            changes = await next_changes(stream)
            assert [event["cursor"] for event in changes["events"]] == told[index + 1 :]
            assert changes["cursor"] == told[-1]


async def test_the_cursor_of_a_query_resumes_right_after_what_it_showed(home: Home) -> None:
    project = await a_project(home)
    board = await ask(home, "query($id: ID!) { project(id: $id) { cursor } }", id=project.id)
    await rename(home, project.id, "Later")
    stream = follow(home, FOLLOW, id=project.id, after=board["project"]["cursor"])
    async with aclosing(stream):
        assert len((await next_changes(stream))["events"]) == 1


async def test_a_cursor_from_before_what_is_kept_asks_for_a_resync(home: Home) -> None:
    project = await a_project(home)
    await rename(home, project.id, "Two")
    await perform(home.world, home.owner, upkeep.prune_feed, project.id, 2)
    stream = follow(home, FOLLOW, id=project.id, after=feed_cursor(project.id, 1))
    async with aclosing(stream):
        changes = await next_changes(stream)
        assert changes == {
            "__typename": "ResyncRequired",
            "cursor": feed_cursor(project.id, 2),
            "reason": "The events after this cursor are no longer kept.",
        }
        await rename(home, project.id, "Three")
        assert len((await next_changes(stream))["events"]) == 1


async def test_history_from_before_what_is_kept_is_refused(home: Home) -> None:
    project = await a_project(home)
    await rename(home, project.id, "Two")
    await perform(home.world, home.owner, upkeep.prune_feed, project.id, 1)
    document = """query($id: ID!, $after: Cursor) {
      project(id: $id) { events(after: $after) { events { subjectId } } }
    }"""
    kept = await ask(home, document, id=project.id)
    assert len(kept["project"]["events"]["events"]) == 1
    variables = {"id": project.id, "after": feed_cursor(project.id, 0)}
    result = await api.execute(document, variables, context_value=home.context())
    [error] = translate(result.errors or [])
    assert error.extensions == {"code": "INVALID_INPUT", "field": "after"}


@pytest.mark.parametrize("after", ["garbage", feed_cursor("prj_another", 1)])
async def test_a_cursor_of_no_place_in_the_feed_is_refused(home: Home, after: str) -> None:
    project = await a_project(home)
    error = await refusal(home, home.owner, FOLLOW, id=project.id, after=after)
    assert error == {"code": "INVALID_INPUT", "field": "after"}


@pytest.mark.parametrize(("document", "field"), [(FOLLOW, "projectId"), (LIVE, "id")])
async def test_an_outsider_cannot_follow(home: Home, document: str, field: str) -> None:
    project = await a_project(home)
    error = await refusal(home, an_outsider(), document, id=project.id)
    assert error == {"code": "NOT_FOUND", "field": field}


async def refusal(home: Home, actor: Actor, document: str, **variables: Any) -> Any:
    """What a subscription is refused with; nothing comes after it."""
    stream = await api.stream(document, variables, context_value=home.context(actor))
    async with asyncio.timeout(SOON):
        results: list[Any] = [result async for result in stream]
    assert len(results) == 1
    assert not results[0].data or set(results[0].data.values()) == {None}
    [error] = translate(results[0].errors)
    return error.extensions


async def test_a_viewer_can_follow(home: Home) -> None:
    project = await a_project(home)
    variables = {"id": project.id, "after": feed_cursor(project.id, 0)}
    async with aclosing(follow(home, FOLLOW, a_viewer(project), **variables)) as stream:
        assert len((await next_changes(stream))["events"]) == 1


async def test_jobs_tell_of_their_states_but_not_of_their_progress(home: Home) -> None:
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    await perform(home.world, home.owner, generation.generate_images, shot.id, {"count": 1})
    job = await Job.get()
    await perform(home.world, home.owner, cancelling.cancel_job, job.id)
    told = [e for e in await events_of(home, project.id) if e["subjectId"] == job.id]
    assert [event["kind"] for event in told] == ["CREATED", "UPDATED"]
    assert "status" in told[1]["changed"]
    assert told[1]["job"]["status"] == "CANCELED"


async def test_a_live_query_shows_the_selection_at_once_and_after_each_change(home: Home) -> None:
    project = await a_project(home, title="One")
    async with aclosing(follow(home, LIVE, id=project.id)) as stream, asyncio.timeout(SOON):
        assert await anext(stream) == {"liveProject": {"title": "One", "scenes": []}}
        await a_scene(home, project, title="Roof")
        assert await anext(stream) == {
            "liveProject": {"title": "One", "scenes": [{"title": "Roof"}]}
        }
        await rename(home, project.id, "Two")
        assert (await anext(stream))["liveProject"]["title"] == "Two"


@pytest.mark.parametrize("document", [FOLLOW, LIVE], ids=["projectEvents", "liveProject"])
async def test_leaving_a_subscription_releases_its_listener(home: Home, document: str) -> None:
    project = await a_project(home)
    bus = WatchedBus()
    cursor = feed_cursor(project.id, 0)
    stream = follow(with_bus(home, bus), document, id=project.id, after=cursor)
    await anext(stream)
    assert bus.listening == 1
    await stream.aclose()
    assert bus.listening == 0


async def test_a_live_query_ends_with_its_project(home: Home) -> None:
    project = await a_project(home)
    stream = follow(home, LIVE, id=project.id)
    await anext(stream)
    await perform(home.world, home.owner, projects.delete_project, project.id)
    async with asyncio.timeout(SOON):
        assert [data async for data in stream] == []
