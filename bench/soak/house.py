"""The processes of one world, who kills them, and how much memory they take."""

from __future__ import annotations

import asyncio
import io
import os
import re
import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, linear_regression
from uuid import uuid4

from tests.journeys.processes import Processes, Server, StoryreelProcess, WorkerProcess
from tests.servers import POSTGRES_VARIABLE, Postgres, Redis

SAMPLE_SECONDS = 1.0
WARM_SHARE = 1 / 3
"""The share of a process's undisturbed life that counts as warming up."""
BUS = "bus"
"""What connections of the bus call themselves at PostgreSQL."""
APART = {"STORYREEL_EMBEDDED_WORKER": "false"}
TROUBLE = ("Traceback", " ERROR ", "locked")
CUT = (
    "terminating connection due to administrator command",
    "underlying connection is closed",
    "cannot switch to state",
)
"""How asyncpg and PostgreSQL tell of a trouble that we made ourselves, by ending a connection."""
BETWEEN_LINES = re.compile(r"\n(?=\d{4}-\d\d-\d\dT)")
"""A line goes to the next time: its traceback belongs to it."""
FLOORS = 10
MIB = 1024 * 1024


@dataclass
class Sample:
    seconds: float
    pid: int
    mib: float


@dataclass(frozen=True)
class Place:
    """What the processes of a house share. Redis is one of our own, to be killed, if it is the
    bus."""

    processes: Processes
    database_url: str = ""
    bus_url: str = ""
    redis: Redis | None = None


@dataclass
class House:
    """Servers and workers that share one Storyreel."""

    servers: list[Server]
    workers: list[WorkerProcess]
    place: Place
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
            for told in BETWEEN_LINES.split(process.log()):
                cut = name.startswith("worker") and any(words in told for words in CUT)
                if not cut and any(trouble in told for trouble in TROUBLE):
                    yield f"{name} wrote: {told[:300]}"


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
def world(name: str, bus: str, folder: Path) -> Iterator[Place]:
    """Where processes are started that share a fresh database; all of them end with the block."""
    env = {"STORYREEL_DATA_DIR": str(folder / "data")}
    with ExitStack() as stack:
        place = Place(Processes(env, folder))
        if name == "postgres":
            url = stack.enter_context(_a_database())
            redis = stack.enter_context(_a_redis()) if bus == "redis" else None
            bus_url = redis.url if redis else f"{url}?application_name={BUS}"
            env["STORYREEL_BUS_URL"] = bus_url
            place = Place(Processes(env, folder), url, bus_url, redis)
        stack.callback(_end, place.processes)
        yield place


@contextmanager
def _a_database() -> Iterator[str]:
    named = os.environ.get(POSTGRES_VARIABLE)
    postgres = Postgres(named) if named else Postgres.start()
    name = f"soak_{uuid4().hex}"
    try:
        yield postgres.create_database(name)
    finally:
        postgres.drop_database(name)
        postgres.stop()


@contextmanager
def _a_redis() -> Iterator[Redis]:
    redis = Redis.start()
    try:
        yield redis
    finally:
        redis.stop()


def _end(processes: Processes) -> None:
    with redirect_stdout(io.StringIO()):  # it prints every log, for pytest
        processes.end()


async def furnish(place: Place) -> House:
    """One server that runs jobs itself on SQLite; two servers and two workers on PostgreSQL, each
    known to it by its name."""
    start = place.processes
    if not place.database_url:
        return House([await start.server()], [], place)

    def as_(name: str) -> dict[str, str]:
        return {"STORYREEL_DATABASE_URL": f"{place.database_url}?application_name={name}"}

    servers = [start.server(**APART, **as_(f"server {n}")) for n in (1, 2)]
    workers = [start.worker(**as_(f"worker {n}")) for n in (1, 2)]
    return House(await asyncio.gather(*servers), await asyncio.gather(*workers), place)
