"""Processes are killed in mid-batch, and nothing finished is lost or made twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from schema.cursor import sequence_in
from services import limits
from tests.journeys.processes import Processes, Server, StoryreelProcess
from tests.making import until
from tests.sockets import a_socket

APART = {"STORYREEL_EMBEDDED_WORKER": "false"}
ONE_AT_A_TIME = {"STORYREEL_WORKER_SLOTS": "1"}
SLOWLY = {"width": 1920, "height": 1080}

PROJECT = 'mutation { createProject(input: {prompt: "A night in Tokyo"}) { id cursor } }'
SCENE = """
mutation ($project: ID!) {
  createScene(input: {projectId: $project, title: "EXT. ROOFTOP", shots: [{description: "Wide"}]}) {
    shots { id }
  }
}
"""
ORDER = """
mutation ($shot: ID!, $count: Int!, $parameters: JSON) {
  generateImages(input: {shotId: $shot, count: $count, parameters: $parameters}) { id }
}
"""
BATCH = """
query ($id: ID!) {
  node(id: $id) { ... on JobBatch {
    jobs { id status attempt progress asset { id } error { code } }
    images { id status imageUrl }
  } }
}
"""
EDIT = """
mutation ($id: ID!, $text: String!) {
  updateShot(id: $id, patch: {description: $text}) { __typename }
}
"""
HEAD = "query ($id: ID!) { project(id: $id) { cursor } }"
LOG = """
subscription ($id: ID!, $after: Cursor) {
  projectEvents(projectId: $id, after: $after) {
    ... on ProjectChanges { events { cursor subjectId kind changed } }
    ... on ResyncRequired { reason }
  }
}
"""


@dataclass
class Board:
    """A project with one shot, as a client of a server sees it."""

    server: Server
    project: str
    shot: str
    start: str
    batch: str = ""

    @classmethod
    async def made_at(cls, server: Server) -> Board:
        project = (await server.ask(PROJECT))["createProject"]
        scene = (await server.ask(SCENE, project=project["id"]))["createScene"]
        return cls(server, project["id"], scene["shots"][0]["id"], project["cursor"])

    async def order(self, count: int, parameters: Any = None) -> None:
        given = {"shot": self.shot, "count": count, "parameters": parameters}
        self.batch = (await self.server.ask(ORDER, **given))["generateImages"]["id"]

    async def jobs(self, status: str | None = None) -> dict[str, Any]:
        jobs = (await self.server.ask(BATCH, id=self.batch))["node"]["jobs"]
        return {job["id"]: job for job in jobs if status in (None, job["status"])}

    async def log(self) -> list[Any]:
        """Every event since the project was made, as a subscriber gets them."""
        head = (await self.server.ask(HEAD, id=self.project))["project"]["cursor"]
        events: list[Any] = []
        async with a_socket(self.server.ws_url) as socket:
            await socket.subscribe(LOG, id=self.project, after=self.start)
            while not events or events[-1]["cursor"] != head:
                events += (await socket.data())["projectEvents"]["events"]
        return events

    async def all_is_made_once(self, count: int) -> None:
        """Every job and image is complete and became so exactly once."""
        node = (await self.server.ask(BATCH, id=self.batch))["node"]
        assert Counter(job["status"] for job in node["jobs"]) == {"COMPLETE": count}
        assert Counter(image["status"] for image in node["images"]) == {"COMPLETE": count}
        assert all(image["imageUrl"] for image in node["images"])
        events = await self.log()
        places = [sequence_in(event["cursor"], self.project) for event in events]
        first = sequence_in(self.start, self.project) + 1
        assert places == list(range(first, first + len(events)))
        for row, field in [(j, "asset") for j in node["jobs"]] + [
            (i, "imageUrl") for i in node["images"]
        ]:
            ends = [e for e in events if e["subjectId"] == row["id"] and field in e["changed"]]
            assert len(ends) == 1, (row, ends)


async def complete(board: Board, count: int, seconds: float = 30) -> dict[str, Any]:
    """The jobs that are complete, once there are `count`."""

    async def enough() -> bool:
        return len(await board.jobs("COMPLETE")) >= count

    await until(enough, seconds)
    return await board.jobs("COMPLETE")


async def running(board: Board, count: int) -> None:
    async def enough() -> bool:
        return len(await board.jobs("RUNNING")) >= count

    await until(enough, 20)


def assert_calm(*processes: StoryreelProcess) -> None:
    for process in processes:
        said = process.log()
        for trouble in ("Traceback", "locked", " ERROR "):
            assert trouble not in said, said


async def test_a_worker_killed_in_mid_batch_goes_on_where_it_was(processes: Processes) -> None:
    server = await processes.server(**APART)
    board = await Board.made_at(server)
    await board.order(12)  # before any worker has ever been here
    worker = await processes.worker(**ONE_AT_A_TIME)
    await complete(board, 3)
    worker.kill()
    before = await board.jobs("COMPLETE")
    assert 3 <= len(before) < 12

    await worker.start_again()
    after = await complete(board, 12)

    assert {job_id: after[job_id] for job_id in before} == before
    assert {job["attempt"] for job in before.values()} == {1}
    assert sum(job["attempt"] for job in after.values()) <= 12 + 1
    await board.all_is_made_once(12)
    assert_calm(server, worker)


async def test_a_server_killed_with_its_worker_in_mid_batch_finishes_after_its_restart(
    processes: Processes,
) -> None:
    server = await processes.server()
    board = await Board.made_at(server)
    await board.order(12)
    before = await complete(board, 2)
    server.kill()

    await server.start_again()
    after = await complete(board, 12)

    assert {job_id: after[job_id] for job_id in before} == before
    await board.all_is_made_once(12)
    assert_calm(server)


async def test_a_survivor_takes_over_the_jobs_of_a_killed_worker(processes: Processes) -> None:
    server, first, second = await asyncio.gather(
        processes.server(**APART),
        processes.worker(**ONE_AT_A_TIME),
        processes.worker(**ONE_AT_A_TIME),
    )
    board = await Board.made_at(server)
    await board.order(6, SLOWLY)
    await running(board, 2)
    first.kill()

    after = await complete(board, 6, limits.HEARTBEAT_LOST_SECONDS + 10)

    assert sorted(job["attempt"] for job in after.values()) == [1] * 5 + [2]
    await board.all_is_made_once(6)
    assert "Took over 1 jobs" in second.log()
    assert_calm(server, second)


async def test_a_server_told_to_stop_ends_in_time_and_its_jobs_resume_later(
    processes: Processes,
) -> None:
    server = await processes.server(STORYREEL_DRAIN_SECONDS="1")
    board = await Board.made_at(server)
    await board.order(6, SLOWLY)
    await complete(board, 1)
    async with a_socket(server.ws_url) as follower:
        await follower.subscribe(LOG, id=board.project)
        assert await server.stop() < 1 + 5

    await server.start_again()
    after = await complete(board, 6)

    assert {job["attempt"] for job in after.values()} == {1}
    await board.all_is_made_once(6)
    assert_calm(server)


async def test_processes_that_share_a_database_do_not_lock_each_other_out(
    processes: Processes, empty_database_url: str
) -> None:
    new = {"STORYREEL_DATABASE_URL": empty_database_url}  # each of them comes to migrate it
    server, *workers = await asyncio.gather(
        processes.server(**APART, **new), processes.worker(**new), processes.worker(**new)
    )
    board = await Board.made_at(server)
    await board.order(12)

    began, edits = time.monotonic(), 0
    while len(await board.jobs("COMPLETE")) < 12:
        texts = [f"Wide, take {edits + n}" for n in range(8)]
        await asyncio.gather(*(server.ask(EDIT, id=board.shot, text=text) for text in texts))
        edits += len(texts)
        assert time.monotonic() < began + 30

    await board.all_is_made_once(12)
    assert_calm(server, *workers)
