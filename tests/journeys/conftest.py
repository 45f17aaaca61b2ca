"""What every journey may ask for: the environment of the world, processes in it, a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.processes import Processes, Server


@pytest.fixture
def world_env(request: pytest.FixtureRequest, world_name: str, tmp_path: Path) -> dict[str, str]:
    """The environment of processes that share one fresh Storyreel.

    On SQLite everything is as on a bare machine; on PostgreSQL database and engine are there and
    Redis wakes the processes, PostgreSQL where there is no Redis. The bus of SQLite ends at the
    process: what a separate worker does is seen at the slow re-read of the log.
    """
    env = {"STORYREEL_DATA_DIR": str(tmp_path / "data")}
    if world_name == "sqlite":
        return env
    servers = request.getfixturevalue("servers")
    env["STORYREEL_DATABASE_URL"] = request.getfixturevalue("empty_database_url")
    if servers.redis is not None:
        env["STORYREEL_BUS_URL"] = servers.redis.url
    return env


@pytest.fixture
def processes(world_env: dict[str, str], tmp_path: Path) -> Iterator[Processes]:
    """To start servers and workers in the world; all of them end with the test."""
    started = Processes(world_env, tmp_path)
    try:
        yield started
    finally:
        started.end()


@pytest.fixture
async def server(processes: Processes) -> Server:
    """A server that runs jobs itself."""
    return await processes.server()
