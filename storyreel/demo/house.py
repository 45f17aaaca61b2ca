"""The folder that the demo works in, and the server that it starts there."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from .client import Client
from .failure import DemoFailed

MARKER = ".made-by-storyreel-demo"
START_SECONDS = 60
STOP_SECONDS = 20
POLL_SECONDS = 0.1
LOG_LINES = 15
CHECKOUT = Path(__file__).parents[2]


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """The folder, empty, and nobody else's until the block ends.

    Only a folder that bears the demo's mark is ever emptied. Raises DemoFailed for one with other
    things in it, and for one that another demo works in right now.
    """
    folder = folder.expanduser().resolve()
    marker = folder / MARKER
    if folder.exists() and not folder.is_dir():
        raise DemoFailed(f"{folder} is not a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not marker.is_file():
        raise DemoFailed(f"{folder} has files in it that no demo made. Name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    with marker.open("a") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoFailed(f"Another demo is at work in {folder}.") from None
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != marker:
                entry.unlink()
        yield folder


@asynccontextmanager
async def served(data: Path, log: Path) -> AsyncIterator[Client]:
    """A client of a server of our own on a free port, healthy; it is stopped whatever happens."""
    port = _free_port()
    process = await _start(data, log, port)
    client = Client(f"http://127.0.0.1:{port}")
    try:
        await _until_healthy(client, process)
        yield client
    except DemoFailed as failure:
        await asyncio.sleep(POLL_SECONDS)  # the end of a process is noticed a moment later
        if process.returncode is None:
            raise
        raise DemoFailed(f"The server has ended:\n{_last_lines(log)}") from failure
    finally:
        await client.close()
        await _stop(process)


async def _until_healthy(client: Client, process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await client.healthy():
                if process.returncode is not None:
                    raise DemoFailed("The server did not start.")
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise DemoFailed(f"The server was not healthy within {START_SECONDS} seconds.") from None


async def _start(data: Path, log: Path, port: int) -> asyncio.subprocess.Process:
    """With the settings of a bare machine, and beyond the reach of the terminal's Ctrl-C."""
    inherited = {key: v for key, v in os.environ.items() if not key.startswith("STORYREEL_")}
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "storyreel", "serve"),
            cwd=CHECKOUT,
            env=inherited | {"STORYREEL_DATA_DIR": str(data), "STORYREEL_PORT": str(port)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
