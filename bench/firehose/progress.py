"""Many jobs that report often, many who watch them, and somebody who reads another board."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx

from bench.soak.wire import CONTRACT, ask
from tests.servers import free_port

from .site import REPORTS_A_SECOND
from .watching import watch

JOBS, WATCHERS = 50, 200
PROJECTS = 10
SCENES, SHOTS = 5, 8
READ_EVERY_SECONDS = 0.05
START_SECONDS = 60.0
SETTLING_SECONDS = 2.0
ROOT = Path(__file__).parents[2]
Site = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Firehose:
    """`idle` and `meanwhile`: milliseconds that each read of the other board took."""

    seconds: float
    idle: list[float]
    meanwhile: list[float]
    snapshots: int
    steps_back: int
    ended_well: int
    counts: dict[str, int]

    @property
    def p99(self) -> tuple[float, float]:
        return _p99(self.idle), _p99(self.meanwhile)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]


async def firehose(url: str, folder: Path, seconds: float) -> Firehose:
    """Half of the idle reads come before the jobs, half behind them; the watchers are there."""
    counted, connected = folder / "counts.json", folder / "connected"
    async with _site(url, folder, counted) as (site, address), _client() as http:
        board = await _a_board(http, address)
        ordered = await _order(http, address, int(seconds * REPORTS_A_SECOND))
        watched = [ordered[n % JOBS] for n in range(WATCHERS)]
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            watching = asyncio.get_running_loop().run_in_executor(
                pool, watch, address, watched, connected
            )
            while not connected.exists() and not watching.done():  # noqa: ASYNC110  # its process
                await asyncio.sleep(0.1)
            await _reads(http, address, board, SETTLING_SECONDS)
            idle = await _reads(http, address, board, seconds / 2)
            began = time.monotonic()
            site.send_signal(signal.SIGUSR1)
            await asyncio.sleep(SETTLING_SECONDS)
            meanwhile = await _reads(http, address, board, seconds - 2 * SETTLING_SECONDS)
            found = await watching
        took = time.monotonic() - began
        await asyncio.sleep(SETTLING_SECONDS)
        idle += await _reads(http, address, board, seconds / 2)
    counts = json.loads(counted.read_text())
    return Firehose(took, idle, meanwhile, counts=counts, **asdict(found))


@asynccontextmanager
async def _site(url: str, folder: Path, counted: Path) -> AsyncIterator[tuple[Site, str]]:
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("STORYREEL_")}
    env |= {
        "STORYREEL_PORT": str(port),
        "STORYREEL_DATA_DIR": str(folder / "data"),
        "STORYREEL_DATABASE_URL": url,
        "STORYREEL_WORKER_SLOTS": str(JOBS),
        "STORYREEL_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "bench.firehose.site", str(counted)]
    process = subprocess.Popen(command, cwd=ROOT, env=env)  # noqa: ASYNC220  # it returns at once
    address = f"http://127.0.0.1:{port}"
    try:
        await _answers(process, address)
        yield process, address
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait)


async def _answers(process: Site, address: str) -> None:
    async with _client() as http, asyncio.timeout(START_SECONDS):
        while process.poll() is None:
            try:
                if (await http.get(f"{address}/healthz")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise RuntimeError("The server did not start.")


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=60)


async def _a_board(http: httpx.AsyncClient, address: str) -> str:
    """A project that nothing happens to."""
    project = await ask(http, address, CONTRACT["CreateProject"], input={"prompt": "Calm"})
    shots = [{"description": f"Take {n}"} for n in range(SHOTS)]
    for _ in range(SCENES):
        given = {"projectId": project["id"], "title": "EXT. ROOF", "shots": shots}
        await ask(http, address, CONTRACT["CreateScene"], input=given)
    return str(project["id"])


async def _order(http: httpx.AsyncClient, address: str, steps: int) -> list[str]:
    """JOBS jobs of so many steps, in several projects."""
    jobs = []
    for _ in range(PROJECTS):
        project = await ask(http, address, CONTRACT["CreateProject"], input={"prompt": "Busy"})
        shots = [{"description": f"Take {n}"} for n in range(JOBS // PROJECTS)]
        given = {"projectId": project["id"], "title": "EXT. ROOF", "shots": shots}
        scene = await ask(http, address, CONTRACT["CreateScene"], input=given)
        for shot in scene["shots"]:
            order = {"shotId": shot["id"], "count": 1, "prompt": str(steps)}
            batch = await ask(http, address, CONTRACT["GenerateImages"], input=order)
            jobs += [str(job["id"]) for job in batch["jobs"]]
    return jobs


async def _reads(http: httpx.AsyncClient, address: str, board: str, seconds: float) -> list[float]:
    """A read every READ_EVERY_SECONDS, or as soon as the last has been answered."""
    took, until = [], time.monotonic() + seconds
    while (began := time.monotonic()) < until:
        await ask(http, address, CONTRACT["Board"], id=board)
        took.append((time.monotonic() - began) * 1000)
        await asyncio.sleep(max(0.0, began + READ_EVERY_SECONDS - time.monotonic()))
    return took
