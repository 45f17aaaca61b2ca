"""Real Storyreel processes for one test: `serve` and `worker`, started as a person would start
them.

Each writes its log into a folder of the test and ends with the test, at the latest; on Linux it is
also killed with the process that started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import pytest

from tests.conftest import Template
from tests.servers import WorldServers, free_port

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 60.0


@contextmanager
def a_world(request: pytest.FixtureRequest, data: Path) -> Iterator[dict[str, str]]:
    """The environment of processes that share one Storyreel without rows.

    On SQLite everything but the migrated database is as on a bare machine; on PostgreSQL database
    and engine are there and Redis wakes the processes, PostgreSQL where there is no Redis. The bus
    of SQLite ends at the process: what a separate worker does is seen at the slow re-read of the
    log.
    """
    data.mkdir()
    env = {"STORYREEL_DATA_DIR": str(data)}
    template: Template = request.getfixturevalue("migrated")
    with template.copied(data / "storyreel.sqlite3") as url:
        if template.postgres is not None:
            env["STORYREEL_DATABASE_URL"] = url
            servers: WorldServers = request.getfixturevalue("servers")
            if servers.redis is not None:
                env["STORYREEL_BUS_URL"] = servers.redis.url
        yield env


class StoryreelProcess:
    """`python -m storyreel <command>` with the environment of one world."""

    command: str

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self.env = dict(env)
        self._path = folder / f"{self.command}-{time.monotonic_ns()}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    async def start(cls, env: Mapping[str, str], folder: Path) -> Self:
        """Return once it works. What the environment says of Storyreel counts only in `env`."""
        process = cls(env, folder)
        await process.start_again()
        return process

    async def start_again(self) -> None:
        """The same once more, at the same address, after `kill()` or `stop()`."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("STORYREEL_")}
        dying = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        written = len(self.log())
        with self._path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # it returns at once
                [*dying, sys.executable, "-m", "storyreel", self.command],
                cwd=ROOT,
                env=inherited | self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not await self._works(self.log()[written:]):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"`{self.command}` did not start:\n{self.log()}")
            await asyncio.sleep(0.05)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode if self._process is not None else None

    def kill(self) -> None:
        """SIGKILL, at once: nothing is finished, flushed or said."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """SIGSTOP: it holds all it has, its sockets and locks too, and does nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    async def stop(self) -> float:
        """SIGTERM, and how many seconds it took to end. Twice is once."""
        began = time.monotonic()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(self._process.wait, STOP_SECONDS)
        return time.monotonic() - began

    def log(self) -> str:
        """All it has written, over all its starts."""
        return self._path.read_text(errors="replace") if self._path.exists() else ""

    async def _works(self, said: str) -> bool:
        raise NotImplementedError


class WorkerProcess(StoryreelProcess):
    command = "worker"

    async def _works(self, said: str) -> bool:
        return "Working; stop with SIGTERM." in said


class Server(StoryreelProcess):
    """A server on a free loopback port, kept over its restarts."""

    command = "serve"

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        super().__init__({"STORYREEL_PORT": str(free_port())} | dict(env), folder)
        self.url = f"http://127.0.0.1:{self.env['STORYREEL_PORT']}"
        self.graphql_url = f"{self.url}/graphql"
        self.ws_url = f"ws{self.graphql_url.removeprefix('http')}"

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of one operation over HTTP; fails the test when there are errors."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            body = {"query": document, "variables": variables}
            answer = (await client.post(self.graphql_url, json=body)).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def _works(self, said: str) -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            with contextlib.suppress(httpx.TransportError):
                return (await client.get(f"{self.url}/healthz")).is_success
        return False


P = TypeVar("P", bound=StoryreelProcess)


class Processes:
    """Starts processes of one world and ends them all."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._env, self._folder = env, folder
        self._started: list[StoryreelProcess] = []

    async def server(self, **settings: str) -> Server:
        return self._ended(await Server.start({**self._env, **settings}, self._folder))

    async def worker(self, **settings: str) -> WorkerProcess:
        return self._ended(await WorkerProcess.start({**self._env, **settings}, self._folder))

    def _ended(self, process: P) -> P:
        self._started.append(process)
        return process

    def end(self) -> None:
        """Kill what still runs and print every log: pytest shows it when the test failed."""
        for process in self._started:
            process.kill()
            print(f"--- {process.command} {process.pid}\n{process.log()}")
