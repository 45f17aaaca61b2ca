"""Rates: granted, refused, shared, and granted again while nobody can be asked."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from services.backends import rates as rating
from services.backends.rates import Limit, Outcome, Rates, parsed
from tests.servers import Redis

HOURLY: dict[Limit, str] = {"mutations": "3/hour"}
LIMIT: Limit = "mutations"


class Told(Counter[Outcome]):
    def __call__(self, limit: Limit, outcome: Outcome) -> None:
        self[outcome] += 1


@pytest.fixture
async def two(redis_server: Redis) -> AsyncIterator[tuple[Rates, Rates]]:
    """Of two processes that share a Redis."""
    pair = Rates(HOURLY, redis_server.url), Rates(HOURLY, redis_server.url)
    yield pair
    for rates in pair:
        await rates.close()


async def takes(rates: Rates, times: int, who: str = "a") -> list[bool]:
    """Whether each of so many questions was granted."""
    return [await rates.take(LIMIT, who) == 0 for _ in range(times)]


@pytest.mark.parametrize("words", ["600/minute", "20 per 10 seconds", "1 per day"])
def test_a_rate_is_written_in_words(words: str) -> None:
    assert parsed(words).amount == int(words.split("/")[0].split()[0])


@pytest.mark.parametrize("words", ["", "600", "0/minute", "-1/minute", "1/fortnight", "1/s; 9/m"])
def test_what_is_no_rate_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(words)


async def test_what_has_no_rate_is_always_granted() -> None:
    told = Told()
    assert await Rates({"sockets": "1/hour"}, tell=told).take(LIMIT, "a", 99) == 0
    assert all(await takes(Rates(), 99))
    assert not told


async def test_what_comes_too_often_waits_and_takes_nothing() -> None:
    told = Told()
    rates = Rates(HOURLY, tell=told)
    assert await takes(rates, 3) == [True] * 3

    waits = [await rates.take(LIMIT, "a") for _ in range(3)]

    assert all(1 <= seconds <= 3_600 for seconds in waits)
    assert told == {"granted": 3, "refused": 3}
    assert await takes(rates, 1, "b") == [True]


async def test_an_amount_is_granted_whole_or_not_at_all() -> None:
    rates = Rates(HOURLY)
    assert await rates.take(LIMIT, "a", 2) == 0
    assert await rates.take(LIMIT, "a", 2) > 0
    assert await rates.take(LIMIT, "a") == 0


async def test_more_than_there_ever_is_takes_all_there_is() -> None:
    rates = Rates(HOURLY)
    assert await rates.take(LIMIT, "a", 12) == 0
    assert await rates.take(LIMIT, "a") > 0


async def test_an_address_has_several_shares() -> None:
    rates = Rates(HOURLY)
    granted = [await rates.take(LIMIT, "office", shares=2) == 0 for _ in range(7)]
    assert granted == [True] * 6 + [False]


async def test_what_was_taken_comes_back() -> None:
    rates = Rates({LIMIT: "1/second"})
    await rates.take(LIMIT, "a")
    async with asyncio.timeout(5):
        while wait := await rates.take(LIMIT, "a"):
            assert wait == 1
            await asyncio.sleep(0.1)


async def test_processes_that_share_a_redis_count_together(two: tuple[Rates, Rates]) -> None:
    here, there = two
    assert await takes(here, 2) == [True, True]
    assert await takes(there, 2) == [True, False]
    assert 1 <= await here.take(LIMIT, "a") <= 3_600


async def test_while_redis_is_away_everything_is_granted_and_one_line_says_so(
    redis_server: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "services.backends.rates")
    monkeypatch.setattr(rating, "REST_SECONDS", 0.1)
    told = Told()
    rates = Rates(HOURLY, redis_server.url, told)
    assert await takes(rates, 4) == [True, True, True, False]

    redis_server.kill()
    assert all(await takes(rates, 9))
    assert told["unasked"] == 9

    redis_server.restart()
    await asyncio.sleep(0.1)
    assert await takes(rates, 4) == [True, True, True, False]
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "Redis does not answer",
        "Rates are limited again.",
    ]
    await rates.close()


async def test_a_redis_that_never_answers_is_asked_by_one_who_waits_for_a_moment() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silence, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        rates = Rates(HOURLY, f"redis://127.0.0.1:{port}/0")
        async with asyncio.timeout(3 * rating.ASK_SECONDS):
            assert all(await takes(rates, 50))
        await rates.close()
