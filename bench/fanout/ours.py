"""Storyreel itself on SQLite, with one door more: a byte there is a wake-up from another process,
and comes back.

Its events come from the log, where `python -m bench.fanout.writer` commits them.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from uvicorn.loops.auto import auto_loop_factory

from models import Project
from services import projects
from services.work import perform
from storyreel.app import create_app
from storyreel.server.serving import Server, listener, spare_the_collector
from storyreel.settings import Settings
from storyreel.wiring import open_documents, open_house

from .event import unbind_files


class Door(asyncio.Protocol):
    def __init__(self, knock: Callable[[], None]) -> None:
        self._knock = knock

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._knock()
        self._transport.write(data)


async def run(port: int, folder: Path) -> None:
    """Prints the project's id and the port of the door once it serves."""
    settings = Settings(
        data_dir=folder,
        embedded_worker=False,
        log_level="warning",
        socket_rate="off",
        connections_max=100_000,
    )
    async with open_house(settings, worker=False) as house:
        project: Project = await perform(
            house.world, house.actor, projects.create_project, {"prompt": "Fan-out"}
        )
        app = create_app(house, open_documents(settings))
        spare_the_collector()
        taken: socket.socket = listener(settings.host, port)
        knock = partial(house.world.bus.wake, project.id)
        loop = asyncio.get_running_loop()
        door = await loop.create_server(lambda: Door(knock), settings.host, 0)
        print(project.id, door.sockets[0].getsockname()[1], flush=True)
        await Server(app, house.metrics, settings).serve(sockets=[taken])


if __name__ == "__main__":
    unbind_files()
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(run(int(sys.argv[1]), Path(sys.argv[2])))
