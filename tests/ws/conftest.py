from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Home
from tests.serving import Site, a_site
from tests.sockets import Socket, a_socket


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    async with a_site(home) as here:
        yield here


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Socket]:
    async with a_socket(site.ws_url) as acknowledged:
        yield acknowledged


@pytest.fixture
def no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a client can do is worth a warning, let alone a traceback."""
    yield
    assert [
        r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.WARNING
    ] == []
