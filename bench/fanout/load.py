"""The load client, compiled when it is first needed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .servers import HERE, LOAD_CORE, Served, pinned, stopped

MARK = '"idempotencyKey"'


def compiled(folder: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit(
            "The load client is written in C: install a compiler that answers to `cc`."
        )
    program = folder / "load"
    source = HERE / "load.c"
    subprocess.run([compiler, "-O2", "-o", program, source], check=True)
    return program


class Load:
    """Followers of a server, all of them subscribed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def expect(self, count: int) -> None:
        """From here on, count anew until so many events have come to each follower."""
        if self._process.stdin is None:
            raise RuntimeError("Nobody listens.")
        self._process.stdin.write(f"expect {count}\n")
        self._process.stdin.flush()
        self.wait_for("expecting")

    def wait_for(self, word: str) -> None:
        while (line := self._next()) != word:
            if line.startswith("{"):
                raise RuntimeError(f"{word!r} was expected, not {line}")

    def report(self) -> dict[str, Any]:
        while not (line := self._next()).startswith("{"):
            pass
        report: dict[str, Any] = json.loads(line)
        return report

    def _next(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise RuntimeError("The load client has gone.")
        return line.strip()


@contextmanager
def loading(program: Path, served: Served, followers: int) -> Iterator[Load]:
    payload = json.dumps({"query": served.query})
    command = [str(program), str(served.port), str(followers), payload, MARK]
    process = pinned(command, LOAD_CORE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with stopped(process):
        load = Load(process)
        load.wait_for("subscribed")
        yield load
