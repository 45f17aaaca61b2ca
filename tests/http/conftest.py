from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Home
from tests.gate import Gate, a_gate
from tests.serving import Site, a_site, an_unserved_site


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    """Requests reach the endpoint without sockets."""
    async with an_unserved_site(home) as here:
        yield here


@pytest.fixture
async def served(home: Home) -> AsyncIterator[Site]:
    """Requests reach the endpoint through a server."""
    async with a_site(home) as here:
        yield here


@pytest.fixture
async def gate(home: Home) -> AsyncIterator[Gate]:
    """Nobody comes in without a credential."""
    async with a_gate(home) as here:
        yield here
