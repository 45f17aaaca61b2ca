"""One run from beginning to end."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from .acts import Acting, dice_for
from .client import Check, SoakClient
from .faults import Faults, judge_faults
from .house import Growth, House, furnish, world
from .tally import Tally
from .verdict import Log, judge_cache, judge_follower, judge_jobs, judge_keys, judge_log, log_of
from .wire import CONTRACT

KILLING_SHARE = 0.6
"""In this share of the time processes are killed; in the rest their memory is judged."""
QUIET_SECONDS = 120.0
"""How long all may take, after the last act, to end its jobs and tell everybody."""
JUDGED_MINUTES = 2.0
"""A slope over less time than this says nothing about memory."""
SLOPE_MAX, DRAWING_SLOPE_MAX = 2.0, 10.0
"""MiB in a minute: of who only answers, and of who makes pictures and films too. These come and go
in megabytes, and the heap takes longer than a soak to have room for any of them."""


@dataclass(frozen=True)
class Plan:
    world: str = "sqlite"
    minutes: float = 10.0
    clients: int = 50
    projects: int = 5
    pace: float = 4.0
    """Seconds between two acts of one client, on average."""
    kill_every: float = 20.0
    seed: int = 0
    bus: str = "redis"
    """Between processes on PostgreSQL: redis or postgres."""
    chaos: bool = False
    """Everything that can go wrong does, instead of kills alone."""


@dataclass
class Report:
    plan: Plan
    tally: Tally
    memory: dict[str, Growth]
    samples: dict[str, Any]
    seconds: float
    quiet_after: float = 0.0
    latency_ms: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "plan": asdict(self.plan),
            "seconds": self.seconds,
            "quiet_after_seconds": self.quiet_after,
            "counts": dict(sorted(self.tally.counts.items())),
            "answers": dict(sorted(self.tally.answers.items())),
            "latency_ms": self.latency_ms,
            "memory": {name: asdict(growth) for name, growth in self.memory.items()},
            "memory_samples": self.samples,
            "findings": self.tally.findings,
        }


async def soak(plan: Plan, folder: Path) -> Report:
    """Run, wait until all is quiet, and judge."""
    with world(plan.world, plan.bus, folder) as place:
        house, tally, began = await furnish(place), Tally(), time.monotonic()
        clients = [
            SoakClient(number, house.urls, tally, dice_for(plan.seed, number))
            for number in range(plan.clients)
        ]
        try:
            calm_since = await _storm(plan, house, clients, tally)
            memory = house.growth(calm_since)
            stopped = time.monotonic()
            await _quiet(clients, tally)
            quiet_after = time.monotonic() - stopped
            await _judge(clients, tally)
        finally:
            for client in clients:
                await client.http.aclose()
        for trouble in house.troubles():
            tally.find(trouble)
        if plan.chaos:
            judge_faults(house, tally)
        _judge_memory(house, memory, tally)
    samples = {
        name: [(round(each.seconds - began, 1), each.pid, round(each.mib, 1)) for each in found]
        for name, found in house.samples.items()
    }
    report = Report(plan, tally, memory, samples, time.monotonic() - began, quiet_after)
    if len(tally.latencies) > 1:
        cuts = quantiles(tally.latencies, n=100)
        report.latency_ms = {f"p{n}": round(cuts[n - 1] * 1000, 1) for n in (50, 95, 99)}
    return report


async def _storm(plan: Plan, house: House, clients: list[SoakClient], tally: Tally) -> float:
    """Everybody acts and follows; answers the moment from which nobody was killed."""
    await _settle(plan, clients)
    began, seconds = time.monotonic(), plan.minutes * 60
    acting = [asyncio.create_task(Acting(client).go_on(plan.pace)) for client in clients]
    watches = [client.watch("LiveBoard", _a_board) for client in clients[::5]]
    watches += [client.watch("JobProgress", _never_back()) for client in clients[1::5]]
    beside = [asyncio.create_task(each) for each in [house.weigh(), *watches]]
    for client in clients:
        client.begin_following()
    faults = Faults(house, tally, dice_for(plan.seed, -1))
    if plan.chaos:
        await faults.all_kinds(began + seconds)
    else:
        await faults.kill_at_random(plan.kill_every, began + seconds * KILLING_SHARE)
    calm_since = time.monotonic()
    await asyncio.sleep(max(0.0, began + seconds - calm_since))
    for client in clients:
        client.acting = False
    await asyncio.wait(acting, timeout=QUIET_SECONDS)
    for task in [*acting, *beside]:
        task.cancel()
    for failure in await asyncio.gather(*acting, *beside, return_exceptions=True):
        if isinstance(failure, Exception):
            tally.find(f"A client broke down: {failure!r}")
    return calm_since


async def _settle(plan: Plan, clients: list[SoakClient]) -> None:
    """A project for each group of clients, all of whom follow it from the beginning or so."""
    projects = []
    for number in range(plan.projects):
        given = {"prompt": "A night in Tokyo", "title": f"Soak {number}"}
        made = await clients[0].ask(CONTRACT["CreateProject"], input=given)
        projects.append(made["id"])
    for number, client in enumerate(clients):
        await client.settle_on(projects[number % plan.projects])


def _a_board(project: Any) -> str | None:
    numbers = [scene["sceneNumber"] for scene in project["scenes"]]
    dense = numbers == list(range(1, len(numbers) + 1))
    return None if dense else f"scenes are numbered {numbers}"


def _never_back() -> Check:
    seen: dict[str, float] = {}

    def check(job: Any) -> str | None:
        before = seen.get(job["id"], 0.0)
        seen[job["id"]] = max(before, job["progress"])
        if job["progress"] >= before:
            return None
        return f"{job['id']} went from {before} to {job['progress']}"

    return check


async def _quiet(clients: list[SoakClient], tally: Tally) -> None:
    """Wait until every job has ended and every follower has been told everything."""
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        waiting = {job["id"] for client in clients for job in client.waiting_jobs()}
        if not waiting and await _all_caught_up(clients):
            return
        await asyncio.sleep(1)
    for client in clients:
        cursor, _ = await client.fetch()
        if client.copy.cursor != cursor:
            tally.find(f"{client.name} did not catch up in {QUIET_SECONDS} s.")


async def _all_caught_up(clients: list[SoakClient]) -> bool:
    heads: dict[str, str] = {}
    for client in clients:
        project = client.copy.project_id
        if project not in heads:
            heads[project], _ = await client.fetch()
    return all(client.copy.cursor == heads[client.copy.project_id] for client in clients)


async def _judge(clients: list[SoakClient], tally: Tally) -> None:
    for client in clients:
        await client.end_following()
    logs: dict[str, Log] = {}
    for client in clients:
        project = client.copy.project_id
        if project not in logs:
            head, _ = await client.fetch()
            logs[project] = await log_of(client, head)
            judge_log(logs[project], project, tally)
            judge_jobs(client, logs[project], tally)
        judge_follower(client, logs[project], tally)
        await judge_cache(client, tally)
    judge_keys(list(logs.values()), tally)


def _judge_memory(house: House, memory: dict[str, Growth], tally: Tally) -> None:
    for name, growth in memory.items():
        most = DRAWING_SLOPE_MAX if house.draws(name) else SLOPE_MAX
        if growth.minutes >= JUDGED_MINUTES and growth.mib_per_minute > most:
            tally.find(f"{name} grows by {growth.mib_per_minute:.1f} MiB a minute.")
