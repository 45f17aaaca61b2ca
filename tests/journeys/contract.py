"""The documents that front ends send, and a client that sends them to a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import DocumentNode, parse, print_ast
from graphql.utilities import separate_operations

from tests.journeys.processes import Processes, Server, a_world
from tests.sockets import Socket, a_socket

FOLDER = Path(__file__).parents[1] / "contract"
FILES = sorted(FOLDER.glob("*.graphql"))
SMALL = {"width": 320, "height": 320}
ENDED = ("COMPLETE", "FAILED", "CANCELED", "UNKNOWN")


def documents() -> dict[str, DocumentNode]:
    """Each operation by its name, with the fragments that it uses."""
    found: dict[str, DocumentNode] = {}
    for path in FILES:
        found |= separate_operations(parse(path.read_text()))
    return found


@contextmanager
def one_server(request: pytest.FixtureRequest, folder: Path, **settings: str) -> Iterator[Server]:
    """A server of the world for all tests of a module, each of which has projects of its own."""
    with a_world(request, folder / "data") as env:
        processes = Processes(env | settings, folder)
        try:
            yield asyncio.run(processes.server())
        finally:
            processes.end()


class Refused(Exception):
    """An answer with errors: the code and the field of the first."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code = error["extensions"]["code"]
        self.field = error["extensions"].get("field")


class Board:
    """A front end at a server: operations of the contract, by their names."""

    def __init__(self, graphql_url: str, http: httpx.AsyncClient, socket: Socket) -> None:
        self.url = graphql_url
        self.http = http
        self.socket = socket
        self._texts = {name: print_ast(document) for name, document in documents().items()}
        self._followed = 0

    def at(self, link: str) -> str:
        """Where a link within the site leads to."""
        return str(httpx.URL(self.url).join(link))

    async def ask(self, name: str, **variables: Any) -> Any:
        """What a query or mutation answers in its only root field. Raises Refused."""
        body = {"query": self._texts[name], "operationName": name, "variables": variables}
        answer = (await self.http.post(self.url, json=body)).json()
        if "errors" in answer:
            raise Refused(answer["errors"][0])
        [field] = answer["data"].values()
        return field

    async def follow(self, name: str, **variables: Any) -> AsyncGenerator[Any]:
        """What a subscription sends in its only root field, until it is complete."""
        self._followed += 1
        op = f"{name} {self._followed}"
        async for data in self.socket.follow(self._texts[name], op, **variables):
            [field] = data.values()
            yield field


@asynccontextmanager
async def a_board(graphql_url: str) -> AsyncIterator[Board]:
    """Connected over HTTP and WebSocket."""
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30) as http,
        a_socket(graphql_url.replace("http", "ws", 1), max_size=None) as socket,
    ):
        yield Board(graphql_url, http, socket)


async def a_project(board: Board, **given: Any) -> Any:
    return await board.ask("CreateProject", input={"prompt": "A night in Tokyo"} | given)


async def a_scene(board: Board, project: Any, *shots: str, **given: Any) -> Any:
    described = [{"description": text} for text in shots]
    given = {"projectId": project["id"], "title": "EXT. ROOF", "shots": described} | given
    return await board.ask("CreateScene", input=given)


async def some_shots(board: Board, *shots: str) -> tuple[Any, list[Any]]:
    """A project, and the shots of its only scene."""
    project = await a_project(board)
    return project, (await a_scene(board, project, *shots))["shots"]


async def an_image(board: Board, shot: Any, **given: Any) -> Any:
    """An image made elsewhere, complete unless said otherwise."""
    picture = {"variantNumber": 1, "imageUrl": "https://example.org/a.png"} | given
    ask = {"shotId": shot["id"], "iterationPrompt": "Dusk", "images": [picture]}
    return (await board.ask("RegisterImages", input=ask))[0]


async def choose(board: Board, shot: Any, image: Any) -> Any:
    ask = {"shotId": shot["id"], "imageId": image["id"]}
    return await board.ask("SelectMasterShot", input=ask)


async def watched(board: Board, *jobs: Any) -> list[Any]:
    """Every snapshot of some jobs until all have ended, well or not."""
    ids = [job["id"] for job in jobs]
    return [snapshot async for snapshot in board.follow("JobProgress", jobIds=ids)]


async def drawn(board: Board, shot: Any, count: int = 1, **given: Any) -> list[Any]:
    """Images of a new iteration, made here."""
    ask = {"shotId": shot["id"], "count": count, "parameters": SMALL} | given
    batch = await board.ask("GenerateImages", input=ask)
    await watched(board, *batch["jobs"])
    iteration = batch["images"][0]["iterationNumber"]
    return (await board.ask("ShotImages", id=shot["id"], iteration=iteration))["images"]  # type: ignore[no-any-return]  # as sent


def ids(found: list[Any]) -> list[str]:
    return [one["id"] for one in found]
