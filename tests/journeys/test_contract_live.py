"""Streams, as front ends follow them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.journeys.contract import (
    ENDED,
    Board,
    a_project,
    a_scene,
    an_image,
    choose,
    drawn,
    ids,
    some_shots,
    watched,
)


async def test_every_change_of_a_project_is_told_with_what_it_is_now(board: Board) -> None:
    project = await a_project(board, title="One")
    cursor = project["cursor"]
    scene = await a_scene(board, project, "A woman")
    [shot] = scene["shots"]
    image = await an_image(board, shot)
    selection = await choose(board, shot, image)
    await board.ask("UpdateProject", id=project["id"], patch={"title": "Two"})
    await board.ask("DeleteImage", id=image["id"])

    events: list[Any] = []
    async for frame in board.follow("ProjectEvents", projectId=project["id"], after=cursor):
        assert frame["__typename"] == "ProjectChanges"
        assert frame["cursor"] == frame["events"][-1]["cursor"]
        events += frame["events"]
        if len(events) >= 6:
            break

    assert [(e["__typename"], e["kind"], e["subjectId"]) for e in events] == [
        ("SceneEvent", "CREATED", scene["id"]),
        ("ShotEvent", "CREATED", shot["id"]),
        ("ImageEvent", "CREATED", image["id"]),
        ("StoryboardEvent", "CREATED", selection["id"]),
        ("ProjectEvent", "UPDATED", project["id"]),
        ("RemovedEvent", "DELETED", image["id"]),
    ]
    assert events[0]["scene"] == {"id": scene["id"], "sceneNumber": 1, "title": "EXT. ROOF"}
    assert events[2]["image"] is None  # it is told as it is now
    assert events[4]["changed"] == ["title"]
    assert events[4]["project"]["title"] == "Two"
    assert events[5]["deleted"] == [image["id"], selection["id"]]
    history = (await board.ask("History", id=project["id"], after=cursor, first=2))["events"]
    kept = ("__typename", "cursor", "at", "kind", "actor", "subjectId", "changed")
    assert history["events"] == [{name: event[name] for name in kept} for event in events[:2]]
    assert history["cursor"] == events[1]["cursor"]


async def test_an_event_echoes_the_key_of_its_request(board: Board) -> None:
    key = uuid4().hex
    project = await a_project(board)
    await a_scene(board, project, idempotencyKey=key)

    async for frame in board.follow(
        "ProjectEvents", projectId=project["id"], after=project["cursor"]
    ):
        assert [event["idempotencyKey"] for event in frame["events"]] == [key]
        break


async def test_a_live_board_is_sent_at_once_and_after_each_change(board: Board) -> None:
    project, [shot] = await some_shots(board, "A woman")
    live = board.follow("LiveBoard", id=project["id"])

    first = await anext(live)
    image = await an_image(board, shot)
    second = await anext(live)
    await choose(board, shot, image)
    third = await anext(live)

    assert first["scenes"][0]["shots"][0]["images"] == []
    assert ids(second["scenes"][0]["shots"][0]["images"]) == [image["id"]]
    assert third["scenes"][0]["shots"][0]["selectedImage"]["id"] == image["id"]
    assert third["progress"]["selectionProgress"] == 100.0


async def test_progress_of_jobs_starts_with_their_state_and_tells_each_end(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    [done] = await drawn(board, shot)
    batch = await board.ask("GenerateImages", input={"shotId": shot["id"], "count": 3})

    snapshots = await watched(board, {"id": done["job"]["id"]}, *batch["jobs"])

    by_job: dict[str, list[Any]] = {}
    for snapshot in snapshots:
        by_job.setdefault(snapshot["id"], []).append(snapshot)
    assert [s["status"] for s in by_job.pop(done["job"]["id"])] == ["COMPLETE"]
    assert set(by_job) == set(ids(batch["jobs"]))
    for told in by_job.values():
        assert [s["progress"] for s in told] == sorted(s["progress"] for s in told)
        assert [s["status"] in ENDED for s in told] == [False] * (len(told) - 1) + [True]
