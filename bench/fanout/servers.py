"""Starting the servers of the benchmark, telling them to publish, and what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SERVER_CORE, LOAD_CORE = 0, 1
START_SECONDS = 60.0
OPERATION = "kind subjectId version at changed idempotencyKey"
PLAIN = "subscription { projectEvents(projectId: %s) { " + OPERATION + " } }"
OURS = (
    "subscription { projectEvents(projectId: %s) { ... on ProjectChanges { events { "
    + OPERATION
    + " } } } }"
)
PEERS = {
    "stock": [sys.executable, "-m", "bench.fanout.stock"],
    "mercurius": ["node", str(HERE / "node" / "mercurius.mjs")],
    "yoga": ["node", str(HERE / "node" / "yoga.mjs")],
    "apollo": ["node", str(HERE / "node" / "apollo.mjs")],
    "bare": [sys.executable, "-m", "bench.fanout.bare"],
}
NAMES = ["ours", *PEERS]


@dataclass
class Served:
    """A server under way. `query` is what to subscribe with."""

    process: subprocess.Popen[str]
    port: int
    query: str
    writer: subprocess.Popen[str] | None = None

    def publish(self, count: int, *, burst: bool, rate: float = 0.0) -> None:
        """Without a rate as fast as it can; ours alone can do otherwise."""
        if self.writer is not None and self.writer.stdin is not None:
            self.writer.stdin.write(f"{'burst' if burst else 'flow'} {count} {rate}\n")
            self.writer.stdin.flush()
            return
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("POST", f"/publish?count={count}&burst={int(burst)}")
            if connection.getresponse().status >= 300:
                raise RuntimeError("The server does not publish.")

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kilobytes(self) -> int:
        """What it has written to by itself; pages of files come and go with other processes."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        [dirty] = [line.split() for line in rollup if line.startswith("Private_Dirty")]
        return int(dirty[1])


def pinned(command: list[str], core: int, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["taskset", "-c", str(core), *command], text=True, cwd=HERE.parent.parent, **options
    )


@contextmanager
def serving(name: str, port: int, folder: Path) -> Iterator[Served]:
    if name == "ours":
        with _ours(port, folder) as served:
            yield served
        return
    with stopped(pinned([*PEERS[name], str(port)], SERVER_CORE)) as process:
        served = Served(process, port, PLAIN % '"p"')
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                served.publish(0, burst=True)
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield served


@contextmanager
def _ours(port: int, folder: Path) -> Iterator[Served]:
    command = [sys.executable, "-m", "bench.fanout.ours", str(port), str(folder)]
    with stopped(pinned(command, SERVER_CORE, stdout=subprocess.PIPE)) as process:
        project_id, door = _line(process).split()
        database = str(folder / "storyreel.sqlite3")
        command = [sys.executable, "-m", "bench.fanout.writer", database, project_id, door]
        with stopped(pinned(command, LOAD_CORE, stdin=subprocess.PIPE)) as writer:
            yield Served(process, port, OURS % f'"{project_id}"', writer)


def _line(process: subprocess.Popen[str]) -> str:
    found = process.stdout.readline().strip() if process.stdout is not None else ""
    if not found:
        raise RuntimeError("The server did not start.")
    return found


@contextmanager
def stopped(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Stopped when the block ends, by its process id."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
