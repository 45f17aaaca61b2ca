from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Home
from tests.serving import Site, a_site


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    async with a_site(home) as here:
        yield here
