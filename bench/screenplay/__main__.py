"""python -m bench.screenplay: exit status 1 when the bar is missed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from services.formats.screenplay_board import Read, board_of
from services.formats.screenplay_files import read_screenplay
from services.screenplays import BOUNDS
from tests.journeys.processes import Server
from tests.servers import Postgres

from .script import Script, a_script

RESULTS = Path(__file__).parents[1] / "results"
WORLDS = ("sqlite", "postgres")
SECONDS_MAX = 1.0
IMPORT, ONE_BY_ONE = "import", "scene by scene"
TIMEOUT_SECONDS = 60.0

ANSWER = "id sceneNumber label title"
BRING = f"""mutation($input: ImportScreenplayInput!) {{ importScreenplay(input: $input) {{
    project {{ id }} snapshot {{ version stats {{ sceneCount elementCount wordCount }} }}
    scenes {{ {ANSWER} }} problems {{ line message }}
}} }}"""
PROJECT = 'mutation { createProject(input: { prompt: "A film" }) { id } }'
SCENE = f"mutation($input: CreateSceneInput!) {{ createScene(input: $input) {{ {ANSWER} }} }}"

Seconds = dict[str, list[float]]


class Client:
    """One connection that is kept."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http, self._url = http, url

    async def ask(self, document: str, **variables: Any) -> Any:
        body = {"query": document, "variables": variables}
        answer = (await self._http.post(self._url, json=body)).json()
        if "errors" in answer:
            raise RuntimeError(answer["errors"][0]["message"])
        [value] = answer["data"].values()
        return value


async def bring(client: Client, script: Script, shots: bool) -> int:
    made = await client.ask(BRING, input={"text": script.text, "createShots": shots})
    return len(made["scenes"])


async def one_by_one(client: Client, scenes: tuple[Read, ...], shots: bool) -> int:
    """The same scenes, each with a mutation, which waits for the one before."""
    project = await client.ask(PROJECT)
    for scene in scenes:
        shown = scene.shown
        given: dict[str, Any] = {"projectId": project["id"], "title": shown.title}
        given |= {"label": shown.label, "description": shown.description}
        if shots:
            given["shots"] = [{"description": words} for words in scene.shots]
        await client.ask(SCENE, input=given)
    return len(scenes)


async def measured(database_url: str | None, folder: Path, rounds: int) -> Seconds:
    """Each way in turns, after a round that does not count."""
    script = a_script()
    scenes = board_of(read_screenplay(script.text.encode()), BOUNDS).scenes
    found: Seconds = {}
    async with _client(database_url, folder) as client:
        ways: dict[str, Callable[[], Awaitable[int]]] = {}
        for shots in (False, True):
            ways[_named(IMPORT, shots)] = partial(bring, client, script, shots)
            ways[_named(ONE_BY_ONE, shots)] = partial(one_by_one, client, scenes, shots)
        for number in range(rounds + 1):
            for name, way in ways.items():
                began = time.perf_counter()
                count = await way()
                seconds = time.perf_counter() - began
                if count != len(scenes):
                    raise RuntimeError(f"{count} of {len(scenes)} scenes came.")
                found.setdefault(name, []).extend([seconds] if number else [])
    return found


@asynccontextmanager
async def _client(database_url: str | None, folder: Path) -> AsyncIterator[Client]:
    env = {"STORYREEL_DATA_DIR": str(folder)}
    env |= {"STORYREEL_DATABASE_URL": database_url} if database_url else {}
    server = await Server.start(env, folder)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        limits = httpx.Limits(max_connections=1)
        http = httpx.AsyncClient(limits=limits, timeout=TIMEOUT_SECONDS, trust_env=False)
        yield Client(await stack.enter_async_context(http), server.graphql_url)


@contextmanager
def _database(world: str) -> Iterator[str | None]:
    if world == "sqlite":
        yield None
        return
    postgres = Postgres.start()
    try:
        yield postgres.create_database("screenplay")
    finally:
        postgres.stop()


def _named(way: str, shots: bool) -> str:
    return f"{way}, with shots" if shots else way


def _table(world: str, found: Seconds) -> Table:
    script = a_script()
    title = f"{script.pages:.0f} pages, {script.speeches:,} speeches, {world}"
    table = Table("way", "seconds", "least to most", "beside the import", title=title)
    for shots in (False, True):
        least = median(found[_named(IMPORT, shots)])
        for way in (IMPORT, ONE_BY_ONE):
            seconds = found[_named(way, shots)]
            middle, spread = median(seconds), f"{min(seconds):.2f} to {max(seconds):.2f}"
            beside = f"{middle / least:.1f} times" if way != IMPORT else ""
            table.add_row(_named(way, shots), f"{middle:.2f}", spread, beside)
    return table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.screenplay", description=__doc__)
    parser.add_argument("--world", choices=WORLDS, default="sqlite")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    prefix = "storyreel-screenplay-"
    with tempfile.TemporaryDirectory(prefix=prefix) as folder, _database(given.world) as url:
        found = asyncio.run(measured(url, Path(folder), given.rounds))
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"screenplay-{given.world}-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(found, indent=1))
    console = Console()
    console.print(_table(given.world, found))
    slowest = max(median(found[_named(IMPORT, shots)]) for shots in (False, True))
    missed = given.world == "sqlite" and slowest >= SECONDS_MAX
    if given.world == "sqlite":
        said = "MISSED" if missed else "met"
        console.print(f"The bar of {SECONDS_MAX:.0f} second for an import is {said}.")
    console.print(f"Everything is in {path}.")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
