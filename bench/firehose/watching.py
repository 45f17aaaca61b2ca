"""Watchers of one process, each on a socket of its own, until all their jobs have ended."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from bench.soak.wire import CONTRACT, over_socket

CONNECTING_AT_ONCE = 20


@dataclass
class Watched:
    """What all watchers got, and what they should not have got."""

    snapshots: int = 0
    steps_back: int = 0
    ended_well: int = 0


def watch(url: str, jobs: list[str], connected: Path) -> Watched:
    """One watcher for each entry of `jobs`. `connected` is there once all have heard something."""
    return asyncio.run(_watch(url, jobs, connected))


async def _watch(url: str, jobs: list[str], connected: Path) -> Watched:
    found, connecting = Watched(), asyncio.Semaphore(CONNECTING_AT_ONCE)
    waiting = set(range(len(jobs)))

    async def one(number: int) -> None:
        last = -1.0
        variables = {"jobIds": [jobs[number]]}
        await connecting.acquire()
        frames = over_socket(url, CONTRACT["JobProgress"], variables, rudely=False)
        async with aclosing(frames):
            async for job in frames:
                if number in waiting:
                    waiting.remove(number)
                    connecting.release()
                    if not waiting:
                        connected.touch()  # noqa: ASYNC240  # once
                found.snapshots += 1
                found.steps_back += job["progress"] < last
                found.ended_well += job["status"] == "COMPLETE"
                last = job["progress"]

    await asyncio.gather(*map(one, range(len(jobs))))
    return found
