from __future__ import annotations

import asyncio
import logging

import pytest

from models import Job, JobStatus, Shot
from services import limits
from services.history import History
from tests.conftest import Home
from tests.making import Studio, a_project, a_scene, a_shot, ordered


@pytest.fixture
async def shot(home: Home) -> Shot:
    home.world.renderers = {"studio": Studio()}
    return await a_shot(home, await a_scene(home, await a_project(home)))


async def test_what_many_ask_for_in_the_same_moment_is_measured_once(
    home: Home, shot: Shot, caplog: pytest.LogCaptureFixture
) -> None:
    await ordered(home, shot)
    await home.queue.run(home.world)
    history = History()
    with caplog.at_level(logging.DEBUG, "tortoise.db_client"):
        asked = (history.seconds_taken("IMAGE", "studio") for _ in range(20))
        taken = set(await asyncio.gather(*asked))
        taken.add(await history.seconds_taken("IMAGE", "studio"))

    assert len(caplog.records) == 1
    [seconds] = taken
    assert seconds is not None
    assert seconds >= 0
    assert await history.seconds_taken("EXPORT", "studio") is None


async def test_what_was_measured_is_measured_again_in_time(
    home: Home, shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HISTORY_SECONDS", 0)
    history = History()
    assert await history.seconds_taken("IMAGE", "studio") is None
    await ordered(home, shot)
    await home.queue.run(home.world)

    assert await Job.filter(status=JobStatus.COMPLETE).exists()
    assert await history.seconds_taken("IMAGE", "studio") is not None
