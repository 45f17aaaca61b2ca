"""What every journey may ask for: the environment of the world, processes in it, a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.journeys.contract import Board, a_board, one_server
from tests.journeys.processes import Processes, Server, a_world


@pytest.fixture
def world_env(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    with a_world(request, tmp_path / "data") as env:
        yield env


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


@pytest.fixture(scope="session")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server for all who only need some board on it."""
    with one_server(request, tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
async def board(served: Server) -> AsyncIterator[Board]:
    async with a_board(served.graphql_url) as connected:
        yield connected
