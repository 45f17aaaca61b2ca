"""The port to the engine that runs jobs durably, each at least once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol


class Queue(Protocol):
    """Takes ids of runs: of a job, or of one tried anew, with the number of that run behind it.

    Handing over the same id again changes nothing.
    """

    async def enqueue_inside(self, job_ids: Sequence[str]) -> None:
        """Within the transaction that stores the jobs: with it, where that is possible."""

    async def enqueue(self, job_ids: Sequence[str]) -> None:
        """After the commit. Never raises: what is lost here is found by the sweep."""

    async def known(self, job_ids: Collection[str]) -> dict[str, bool]:
        """Those of the jobs that the engine knows, and whether it still means to run them."""


class NoQueue:
    """Of a process that orders nothing."""

    async def enqueue_inside(self, job_ids: Sequence[str]) -> None:
        if job_ids:
            raise RuntimeError("This process orders no jobs.")

    async def enqueue(self, job_ids: Sequence[str]) -> None: ...

    async def known(self, job_ids: Collection[str]) -> dict[str, bool]:
        return {}


class Steps(Protocol):
    """What the engine calls to run a job. Whatever crashed or raised is called again."""

    async def produce(self, job_id: str) -> dict[str, Any]:
        """One attempt; its outcome is recorded. "again" asks for another attempt after a pause."""

    async def conclude(self, job_id: str, outcome: dict[str, Any]) -> None:
        """Make the recorded outcome visible."""
