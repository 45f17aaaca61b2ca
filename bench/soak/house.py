"""The processes of one world, who kills them, and how much memory they take."""

from __future__ import annotations

import asyncio
import io
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, linear_regression
from uuid import uuid4

from tests.journeys.processes import Processes, Server, StoryreelProcess, WorkerProcess
from tests.servers import start_world_servers

from .tally import Tally

SAMPLE_SECONDS = 1.0
DOWN_SECONDS = 3.0
WARM_SHARE = 1 / 3
"""The share of a process's undisturbed life that counts as warming up."""
APART = {"STORYREEL_EMBEDDED_WORKER": "false"}
TROUBLE = ("Traceback", " ERROR ", "locked")
FLOORS = 10
MIB = 1024 * 1024


@dataclass
class Sample:
    seconds: float
    pid: int
    mib: float


@dataclass
class House:
    """Servers and workers that share one Storyreel."""

    servers: list[Server]
    workers: list[WorkerProcess]
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    @property
    def urls(self) -> list[str]:
        return [server.url for server in self.servers]

    @property
    def named(self) -> dict[str, StoryreelProcess]:
        named: dict[str, StoryreelProcess] = {}
        named |= {f"server {n}": server for n, server in enumerate(self.servers, 1)}
        named |= {f"worker {n}": worker for n, worker in enumerate(self.workers, 1)}
        return named

    def draws(self, name: str) -> bool:
        """Whether this process runs jobs."""
        return not self.workers or name.startswith("worker")

    async def kill_at_random(
        self, every: float, until: float, tally: Tally, dice: random.Random
    ) -> None:
        """SIGKILL one of them about `every` seconds, and start it again soon after."""
        while (pause := dice.uniform(0.5, 1.5) * every) < until - time.monotonic():
            await asyncio.sleep(pause)
            name, victim = dice.choice(list(self.named.items()))
            tally.kill_began()
            victim.kill()
            await asyncio.sleep(dice.uniform(0, DOWN_SECONDS))
            await victim.start_again()
            tally.kill_ended()
            tally.counts[f"kills of a {name.split()[0]}"] += 1
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    async def weigh(self) -> None:
        """Note each process's memory every SAMPLE_SECONDS, until cancelled."""
        while True:
            for name, process in self.named.items():
                mib = resident_mib(process.pid)
                if mib is not None:
                    sample = Sample(time.monotonic(), process.pid, mib)
                    self.samples.setdefault(name, []).append(sample)
            await asyncio.sleep(SAMPLE_SECONDS)

    def growth(self, since: float) -> dict[str, Growth]:
        """How each process's memory went after it had warmed up, from a moment on."""
        found = {}
        for name, samples in self.samples.items():
            pid = samples[-1].pid
            calm = [each for each in samples if each.pid == pid and each.seconds >= since]
            calm = calm[int(len(calm) * WARM_SHARE) :]
            if len(calm) > 2:
                found[name] = Growth.of(calm)
        return found

    def troubles(self) -> Iterator[str]:
        """What the logs tell that must not be there."""
        for name, process in self.named.items():
            for line in process.log().splitlines():
                if any(trouble in line for trouble in TROUBLE):
                    yield f"{name} wrote: {line[:300]}"


@dataclass(frozen=True)
class Growth:
    """Resident memory over some time: its mean, and the slope of the line through its floors.

    A floor is the least of a tenth of the time: what a film in the making takes for a moment is no
    growth.
    """

    minutes: float
    mib: float
    mib_per_minute: float

    @classmethod
    def of(cls, samples: list[Sample]) -> Growth:
        size = max(1, len(samples) // FLOORS)
        parts = [samples[at : at + size] for at in range(0, len(samples), size)]
        floors = [min(part, key=lambda sample: sample.mib) for part in parts]
        slope = linear_regression(
            [floor.seconds / 60 for floor in floors], [floor.mib for floor in floors]
        ).slope
        minutes = (samples[-1].seconds - samples[0].seconds) / 60
        return cls(minutes, fmean(sample.mib for sample in samples), slope)


def resident_mib(pid: int) -> float | None:
    """Resident memory of a process, as Linux tells it; None elsewhere or when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    return pages * resource.getpagesize() / MIB


@contextmanager
def world(name: str, folder: Path) -> Iterator[Processes]:
    """Where processes are started that share a fresh database; all of them end with the block."""
    env = {"STORYREEL_DATA_DIR": str(folder / "data")}
    servers = start_world_servers() if name == "postgres" else None
    database = f"soak_{uuid4().hex}"
    if servers is not None:
        env["STORYREEL_DATABASE_URL"] = servers.postgres.create_database(database)
        if servers.redis is not None:
            env["STORYREEL_BUS_URL"] = servers.redis.url
    processes = Processes(env, folder)
    try:
        yield processes
    finally:
        with redirect_stdout(io.StringIO()):  # it prints every log, for pytest
            processes.end()
        if servers is not None:
            servers.postgres.drop_database(database)
            servers.stop()


async def furnish(processes: Processes, name: str) -> House:
    """One server that runs jobs itself on SQLite; two servers and two workers on PostgreSQL."""
    if name == "sqlite":
        return House([await processes.server()], [])
    servers = await asyncio.gather(*(processes.server(**APART) for _ in range(2)))
    workers = await asyncio.gather(*(processes.worker() for _ in range(2)))
    return House(servers, workers)
