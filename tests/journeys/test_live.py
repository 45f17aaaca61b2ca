"""Following a project over real sockets: nothing missed, nothing twice, nothing too often."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from schema.cursor import feed_cursor, sequence_in
from tests.journeys.contract import Board, a_board, one_server
from tests.journeys.processes import Processes, Server
from tests.servers import WorldServers

CHANGES = 80
PATIENCE_SECONDS = 20.0


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with one_server(request, tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture
async def board(served: Server) -> AsyncIterator[Board]:
    async with a_board(served.graphql_url) as connected:
        yield connected


@pytest.fixture
async def project(board: Board) -> Any:
    return await board.ask("CreateProject", input={"prompt": "A night in Tokyo"})


async def retitle(board: Board, project: Any, title: str) -> None:
    await board.ask("UpdateProject", id=project["id"], patch={"title": title})


def follow(board: Board, project: Any, after: str | None = None) -> Any:
    return board.follow("ProjectEvents", projectId=project["id"], after=after)


async def log_of(board: Board, project: Any, after: str) -> list[str]:
    """The cursors of all events of a project, as its history tells them."""
    cursors: list[str] = []
    while True:
        page = (await board.ask("History", id=project["id"], after=after, first=50))["events"]
        cursors += [event["cursor"] for event in page["events"]]
        if not page["events"]:
            return cursors
        after = page["cursor"]


async def test_a_follower_that_keeps_coming_back_gets_each_event_once_and_in_order(
    served: Server, board: Board, project: Any
) -> None:
    async def write() -> None:
        for number in range(CHANGES):
            await retitle(board, project, f"Take {number}")

    writing = asyncio.create_task(write())
    seen: list[str] = []
    connections = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(seen) < CHANGES:
            connections += 1
            async with a_board(served.graphql_url) as follower:
                after = seen[-1] if seen else project["cursor"]
                async for frame in follow(follower, project, after):
                    seen += [event["cursor"] for event in frame["events"]]
                    if len(seen) % 7 < 3 or len(seen) >= CHANGES:
                        break
                follower.socket.wire.transport.abort()
    await writing

    assert connections > 3
    first = sequence_in(project["cursor"], project["id"])
    assert [sequence_in(c, project["id"]) for c in seen] == [
        first + number for number in range(1, CHANGES + 1)
    ]
    assert seen == await log_of(board, project, project["cursor"])


async def test_without_a_cursor_a_follower_gets_what_comes(board: Board, project: Any) -> None:
    await retitle(board, project, "Before")
    frames = follow(board, project)
    first = asyncio.ensure_future(anext(frames))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not first.done():  # the server does not say when it has begun to listen
            await retitle(board, project, f"After {time.monotonic_ns()}")
            await asyncio.wait([first], timeout=0.05)

    [event, *_] = first.result()["events"]
    assert event["project"]["title"].startswith("After")
    assert sequence_in(event["cursor"], project["id"]) > 2


def forget_events(server: Server, project_id: str, floor: int) -> None:
    """Prune a feed, as the server does with events past their time."""
    statements = [
        ("UPDATE feed SET floor = {0} WHERE id = {0}", (floor, project_id)),
        ("DELETE FROM event WHERE feed_id = {0} AND sequence <= {0}", (project_id, floor)),
    ]
    url = server.env.get("STORYREEL_DATABASE_URL")
    if url is None:
        path = f"{server.env['STORYREEL_DATA_DIR']}/storyreel.sqlite3"
        connection: Any = sqlite3.connect(path, timeout=10)
        mark = "?"
    else:
        connection, mark = psycopg.connect(url), "%s"
    try:
        for text, values in statements:
            connection.execute(text.format(mark), values)
        connection.commit()
    finally:
        connection.close()


async def test_a_cursor_whose_events_are_gone_is_told_to_start_anew(
    served: Server, board: Board, project: Any
) -> None:
    for title in ("One", "Two", "Three"):
        await retitle(board, project, title)
    forget_events(served, project["id"], 3)

    frames = follow(board, project, project["cursor"])
    resync = await anext(frames)
    await retitle(board, project, "Four")
    [event] = (await anext(frames))["events"]

    assert resync["__typename"] == "ResyncRequired"
    assert resync["cursor"] == feed_cursor(project["id"], 4)
    assert resync["reason"]
    assert event["cursor"] == feed_cursor(project["id"], 5)


async def test_a_cursor_at_the_floor_is_still_followed(
    served: Server, board: Board, project: Any
) -> None:
    for title in ("One", "Two", "Three"):
        await retitle(board, project, title)
    forget_events(served, project["id"], 3)

    frame = await anext(follow(board, project, feed_cursor(project["id"], 3)))

    assert [event["cursor"] for event in frame["events"]] == [feed_cursor(project["id"], 4)]


async def test_a_cursor_ahead_of_the_log_is_told_to_start_anew(board: Board, project: Any) -> None:
    resync = await anext(follow(board, project, feed_cursor(project["id"], 1_000)))

    assert resync["__typename"] == "ResyncRequired"
    assert resync["cursor"] == project["cursor"]


async def test_the_deletion_of_a_project_is_the_last_of_its_events(
    board: Board, project: Any
) -> None:
    await retitle(board, project, "Two")
    frames = follow(board, project, project["cursor"])
    await anext(frames)
    await board.ask("DeleteProject", id=project["id"])

    events = [event async for frame in frames for event in frame["events"]]

    assert [event["__typename"] for event in events] == ["RemovedEvent"]
    assert events[0]["deleted"] == [project["id"]]


async def test_a_live_project_comes_at_most_ten_times_a_second_and_ends_with_its_deletion(
    served: Server, board: Board, project: Any
) -> None:
    frames: list[str] = []

    async def watch() -> None:
        async for live in board.follow("LiveBoard", id=project["id"]):
            frames.append(live["title"])  # noqa: PERF401  # read meanwhile

    watching = asyncio.create_task(watch())
    began = time.monotonic()
    number = 0
    async with a_board(served.graphql_url) as writer, asyncio.timeout(PATIENCE_SECONDS):
        while number <= 15 or time.monotonic() - began < 1.0:
            number += 1
            await retitle(writer, project, f"Take {number}")
        took = time.monotonic() - began
        while not frames or frames[-1] != f"Take {number}":  # noqa: ASYNC110  # bounded above
            await asyncio.sleep(0.01)
        sent = len(frames)
        await writer.ask("DeleteProject", id=project["id"])
        await watching

    assert 3 <= sent <= 10 * took + 3
    assert len(frames) == sent


async def test_progress_never_goes_back_nor_comes_too_often(board: Board, project: Any) -> None:
    scene = {"projectId": project["id"], "title": "A", "shots": [{"description": "A city"}]}
    [shot] = (await board.ask("CreateScene", input=scene))["shots"]
    frames = board.follow("JobProgress", projectId=project["id"])
    order = {"shotId": shot["id"], "count": 6}
    told: dict[str, list[tuple[float, Any]]] = {}

    async def watch() -> None:
        async for job in frames:
            told.setdefault(job["id"], []).append((time.monotonic(), job))
            ended = [jobs[-1][1]["status"] == "COMPLETE" for jobs in told.values()]
            if len(ended) == 6 and all(ended):
                return

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.3)  # jobs that end before it listens are none of its business
    batch = await board.ask("GenerateImages", input=order)
    await asyncio.wait_for(watching, PATIENCE_SECONDS)

    assert set(told) == {job["id"] for job in batch["jobs"]}
    for snapshots in told.values():
        progress = [job["progress"] for _, job in snapshots]
        assert progress == sorted(progress)
        gaps = [later[0] - earlier[0] for earlier, later in pairwise(snapshots)]
        assert all(gap > 0.2 for gap in gaps)


@pytest.mark.parametrize("bus", ["redis", "postgres"])
async def test_a_change_at_one_server_reaches_followers_of_another_within_a_second(
    servers: WorldServers, processes: Processes, bus: str
) -> None:
    if bus == "redis" and servers.redis is None:
        pytest.skip(servers.no_redis)
    env = {"STORYREEL_EMBEDDED_WORKER": "false"}
    if bus == "redis" and servers.redis is not None:
        env["STORYREEL_BUS_URL"] = servers.redis.url
    else:
        env["STORYREEL_BUS_URL"] = ""
    one, other = await asyncio.gather(processes.server(**env), processes.server(**env))
    async with a_board(one.graphql_url) as here, a_board(other.graphql_url) as there:
        project = await here.ask("CreateProject", input={"prompt": "A night in Tokyo"})
        frames = follow(there, project, project["cursor"])
        taken = []
        for number in range(5):
            coming = asyncio.ensure_future(anext(frames))
            await asyncio.sleep(0.2)
            began = time.monotonic()
            await retitle(here, project, f"Take {number}")
            await asyncio.wait_for(coming, PATIENCE_SECONDS)
            taken.append(time.monotonic() - began)

    assert max(taken) < 1.0


async def test_on_one_file_two_servers_still_see_each_other(
    world_name: str, served: Server, processes: Processes, board: Board, project: Any
) -> None:
    if world_name != "sqlite":
        pytest.skip("of servers that share a SQLite file")
    folder = served.env["STORYREEL_DATA_DIR"]
    other = await processes.server(STORYREEL_DATA_DIR=folder, STORYREEL_EMBEDDED_WORKER="false")
    async with a_board(other.graphql_url) as there:
        coming = asyncio.ensure_future(anext(follow(there, project, project["cursor"])))
        await asyncio.sleep(0.2)
        await retitle(board, project, "Take 2")
        frame = await asyncio.wait_for(coming, 8)

    assert frame["events"][0]["project"]["title"] == "Take 2"
