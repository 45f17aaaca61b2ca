"""Jobs on DBOS: durable workflows in a SQLite file or in PostgreSQL.

A workflow has the id of its job. It records the outcome of each step, so a killed worker's
successor goes on behind the last finished one. The step under way is run again: at least once, not
exactly once.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import math
import socket
import sqlite3
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import Engine, event

from models.database import statement

from .queue import Steps

logger = logging.getLogger(__name__)

APPLICATION = "storyreel"
VERSION = "1"  # pinned: recovery is per version, and the default would change with every edit
QUEUE = "jobs"
WORKFLOW = "storyreel.job"
POLL_SECONDS = 0.1
RETRY_PAUSE_SECONDS = 2.0
STEP_TRIES = 8  # with pauses of 1, 2, 4 … seconds: a database may be away for two minutes
RECOVERIES_MAX = 100  # attempts are counted on the job; this only bounds the engine's own loop
SLOTS_PER_FOLDER = 64
STOP_SECONDS = 3
FORGOTTEN_AT_ONCE = 500
OPEN = ("ENQUEUED", "PENDING", "DELAYED")
INSIDE = (
    "SELECT dbos.enqueue_workflow(workflow_name => ?, queue_name => ?, workflow_id => ?,"
    " positional_args => ARRAY[to_json(CAST(? AS TEXT))], app_version => ?)"
)


class EngineQueue:
    """The producing side. `inside`: the engine's tables are in our own PostgreSQL database."""

    def __init__(self, url: str, *, inside: bool) -> None:
        self._url = url
        self.inside = inside
        self._client: DBOSClient | None = None

    async def open(self, *, prepare: bool = True) -> None:
        """`prepare` makes what is missing of the engine's tables."""
        if prepare:
            await asyncio.to_thread(_prepare, self._url)
        self._client = await asyncio.to_thread(
            DBOSClient,
            system_database_url=self._url,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
        )

    async def close(self) -> None:
        if self._client is not None:
            await asyncio.to_thread(self._client.destroy)

    async def enqueue_inside(self, job_ids: Sequence[str]) -> None:
        if self.inside:
            for job_id in job_ids:
                await statement(INSIDE, [WORKFLOW, QUEUE, job_id, job_id, VERSION])

    async def enqueue(self, job_ids: Sequence[str]) -> None:
        if self.inside:
            return
        try:
            for job_id in job_ids:
                await self._enqueue(job_id)
        except Exception:
            logger.warning("The engine is out of reach; the sweep will enqueue.", exc_info=True)

    async def _enqueue(self, job_id: str) -> None:
        await self._opened().enqueue_async(
            {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": job_id,
                "app_version": VERSION,
            },
            job_id,
        )

    async def known(self, job_ids: Collection[str]) -> dict[str, bool]:
        if not job_ids:
            return {}
        found = await self._opened().list_workflows_async(
            workflow_ids=list(job_ids), load_input=False, load_output=False
        )
        return {workflow.workflow_id: workflow.status in OPEN for workflow in found}

    def _opened(self) -> DBOSClient:
        if self._client is None:
            raise RuntimeError("The engine queue is not open.")
        return self._client


class EngineWorker:
    """The running side: one in a process, in its event loop. `name` is unique and stable."""

    def __init__(self, url: str, name: str, steps: Steps, *, slots: int) -> None:
        self._url, self.name, self._steps, self._slots = url, name, steps, slots
        self._running: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Go on with what this worker left unfinished, then take from the queue."""
        await asyncio.to_thread(_prepare, self._url)
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": self._url,
                "application_version": VERSION,
                "executor_id": self.name,
                "serializer": DBOSPortableJSONSerializer(),
                "notification_listener_polling_interval_sec": POLL_SECONDS,
                "log_level": "WARNING",
            }
        )
        self._register()
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE,
            worker_concurrency=self._slots,
            polling_interval_sec=POLL_SECONDS,
            on_conflict="always_update",
        )

    async def stop(self, patience: float) -> None:
        """Stop taking and let jobs under way end for `patience` seconds; the others go on elsewhere
        or when a worker of this name starts again."""
        wait = math.ceil(patience) + STOP_SECONDS
        ending = asyncio.create_task(
            asyncio.to_thread(
                DBOS.destroy, destroy_registry=True, workflow_completion_timeout_sec=wait
            )
        )
        await asyncio.wait([ending], timeout=patience)
        for task in tuple(self._running):
            task.cancel()
        await ending
        # The engine had made its threads those of the whole loop, and they are gone now.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    async def take_over(self, dead: Collection[str]) -> int:
        """Resume the unfinished jobs of dead workers. Returns how many."""
        stranded: list[str] = []
        for name in dead:
            left = await DBOS.list_workflows_async(
                status="PENDING", executor_id=name, load_input=False, load_output=False
            )
            stranded += [workflow.workflow_id for workflow in left]
        if stranded:
            await DBOS.resume_workflows_async(stranded, queue_name=QUEUE)
        return len(stranded)

    async def forget(self, before: datetime) -> int:
        """Delete the engine's records of what ended before a time. Returns how many."""
        forgotten = 0
        while True:
            old = await DBOS.list_workflows_async(
                completed_before=before.isoformat(),
                limit=FORGOTTEN_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            if not old:
                return forgotten
            await DBOS.delete_workflows_async([workflow.workflow_id for workflow in old])
            forgotten += len(old)

    def _register(self) -> None:
        steps = self._steps

        @DBOS.step(name="storyreel.produce", retries_allowed=True, max_attempts=STEP_TRIES)
        async def produce(job_id: str) -> dict[str, Any]:
            return await steps.produce(job_id)

        @DBOS.step(name="storyreel.conclude", retries_allowed=True, max_attempts=STEP_TRIES)
        async def conclude(job_id: str, outcome: dict[str, Any]) -> None:
            await steps.conclude(job_id, outcome)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=RECOVERIES_MAX)
        async def job(job_id: str) -> None:
            self._count(asyncio.current_task())
            outcome = await produce(job_id)
            while outcome.get("again"):
                await DBOS.sleep_async(RETRY_PAUSE_SECONDS)
                outcome = await produce(job_id)
            await conclude(job_id, outcome)

    def _count(self, task: asyncio.Task[Any] | None) -> None:
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)


def _prepare(url: str) -> None:
    """Create or update the engine's tables: who enqueues may start before any worker did.

    Readers of its SQLite file must not block its writer; that mode stays in the file.
    """
    if url.startswith("sqlite:///"):
        if sqlite3.sqlite_version_info < SUBSECONDS_SINCE and not event.contains(*CONNECTED):
            event.listen(*CONNECTED)
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
    DBOS.migrate(url)


def _teach_subseconds(connection: Any, record: object) -> None:
    """Give an old SQLite the clock that the engine asks for from Python 3.12 on, and which is null
    there: seconds since 1970 with their fraction."""
    connection.create_function("unixepoch", -1, lambda *modifiers: time.time())


CONNECTED = (Engine, "connect", _teach_subseconds)
SUBSECONDS_SINCE = (3, 42)


class WorkerSlot:
    """A worker name that no other live process has, and a successor will have again.

    It is made of the host, the folder and the first number free there. The operating system frees
    the lock when the process dies, however it dies.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        place = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
        for number in range(SLOTS_PER_FOLDER):
            lock = (folder / f"worker-{number}.lock").open("w")
            if _locked(lock):
                self._lock = lock
                self.name = f"{socket.gethostname()}-{place}-{number}"
                return
            lock.close()
        raise RuntimeError(f"All {SLOTS_PER_FOLDER} worker slots of {folder} are taken.")

    def release(self) -> None:
        self._lock.close()


def _locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
