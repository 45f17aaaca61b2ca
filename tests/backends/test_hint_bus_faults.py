"""The bus between processes when its server dies, falls silent, or loses what it was given."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import asyncpg
import pytest
from redis.asyncio import Redis

from services.backends.bus import Bell
from services.backends.hint_bus import (
    CHANNEL,
    KNOWN_SENDERS,
    MESSAGE_BYTES,
    PENDING_HINTS,
    HintBus,
    Link,
    Outbox,
    Pace,
    decoded,
)
from tests.backends.wire import Wire

QUICK = Pace(probe=0.05, patience=0.4, first_retry=0.05, slowest_retry=0.2)
CALM = Pace(probe=0.05, patience=5.0)  # for whom nothing should happen, on a busy machine too
SOON = 8.0
OUR_CONNECTIONS = (
    "FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    " AND application_name = current_setting('application_name')"
)


class RedisServer(Protocol):
    url: str

    def kill(self) -> None: ...

    def restart(self) -> None: ...


@pytest.fixture(params=["redis", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "redis":
        return str(request.getfixturevalue("redis_server").url)
    # The name tells this test's connections from those of its neighbours on a shared server.
    return f"{request.getfixturevalue('postgres_url')}?application_name=bus_{secrets.token_hex(4)}"


@asynccontextmanager
async def a_bus(url: str, pace: Pace = QUICK) -> AsyncIterator[HintBus]:
    bus = HintBus(url, pace)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.close()


async def quiet(bell: Bell) -> None:
    while await bell.rung(timeout=3 * QUICK.probe):
        pass


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():  # noqa: ASYNC110 - what we wait for is outside this process
            await asyncio.sleep(0.01)


async def rings(here: HintBus, topic: str, bell: Bell) -> bool:
    """Once everybody has looked, does a wake-up still arrive?"""
    await quiet(bell)
    here.wake(topic)
    return await bell.rung(SOON)


async def connections(url: str) -> int:
    """How many our buses hold on the server."""
    if url.startswith("redis"):
        async with Redis.from_url(url) as client:
            return len(await client.client_list()) - 1
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(f"SELECT count(*) {OUR_CONNECTIONS}"))
    finally:
        await connection.close()


async def all_gone(url: str) -> None:
    async with asyncio.timeout(SOON):
        while await connections(url):  # noqa: ASYNC110 - the server sees them leave in its own time
            await asyncio.sleep(0.02)


async def end_connections(url: str) -> None:
    """The server throws our subscriptions out, and stays."""
    if url.startswith("redis"):
        async with Redis.from_url(url) as client:
            await client.client_kill_filter(_type="pubsub")
        return
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"SELECT pg_terminate_backend(pid) {OUR_CONNECTIONS}")
    finally:
        await connection.close()


async def test_after_a_killed_redis_is_back_listeners_were_rung_and_hints_flow(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with (
        a_bus(redis_server.url) as here,
        a_bus(redis_server.url) as there,
        here.listen("a") as near,
        there.listen("a") as far,
    ):
        await asyncio.gather(quiet(near), quiet(far))
        redis_server.kill()
        await until(lambda: not here.health().connected and not there.health().connected)
        here.wake("a")
        assert await near.rung(timeout=0), "local wake-ups go on"
        assert not await far.rung(timeout=0.3)
        redis_server.restart()
        assert await near.rung(SOON)
        assert await far.rung(SOON)
        assert await rings(here, "a", far)
        assert here.health().connected
        rebuilds = [bus.health().rebuilds for bus in (here, there)]
        assert min(rebuilds) >= 1
    gc.collect()  # an abandoned task complains when it is freed
    levels = [record.levelname for record in caplog.records if record.name.endswith("hint_bus")]
    assert levels.count("INFO") == 2 + sum(rebuilds)
    assert 2 <= levels.count("WARNING") <= 6, "a line for each trouble, not for each attempt"
    assert len(levels) == len(caplog.records), "nobody else complains"


async def test_after_the_server_threw_us_out_listeners_were_rung_and_hints_flow(url: str) -> None:
    async with a_bus(url) as here, a_bus(url) as there, there.listen("a") as bell:
        await quiet(bell)
        await end_connections(url)
        here.wake("a")
        assert await bell.rung(SOON)
        assert await rings(here, "a", bell)


async def test_a_silently_dead_connection_is_found_by_the_missing_echo(url: str) -> None:
    wire = Wire(url)
    async with (
        wire.laid() as through,
        a_bus(url, CALM) as here,
        a_bus(through) as there,
        there.listen("a") as bell,
    ):
        await quiet(bell)
        wire.cut()
        here.wake("a")
        await until(lambda: not there.health().connected)
        assert await bell.rung(SOON)
        assert await rings(here, "a", bell)
        assert there.health().rebuilds >= 1
        assert here.health().rebuilds == 0


async def test_a_dead_subscription_beside_a_live_publisher_is_found_by_the_missing_echo(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire(redis_server.url)
    async with wire.laid() as through, a_bus(through) as bus:
        wire.cut(over_which=b"SUBSCRIBE")
        await until(lambda: bus.health().rebuilds >= 1)
    assert "no echo came back" in caplog.text


async def test_a_subscription_that_fails_says_why_and_does_not_hinder_the_closing(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire(postgres_url, dies_of=b"LISTEN")
    async with wire.laid() as through, a_bus(through):
        await until(lambda: bool(caplog.messages))
        await asyncio.sleep(QUICK.patience / 2)
    assert ["TimeoutError" in message for message in caplog.messages] == [True]


async def test_a_subscription_that_ends_is_noticed_before_the_next_echo_is_due(
    redis_server: RedisServer,
) -> None:
    async with a_bus(redis_server.url, Pace(probe=60.0)) as bus:
        await end_connections(redis_server.url)
        await until(lambda: bus.health().rebuilds >= 1)


async def test_a_server_that_stops_answering_is_found_and_welcomed_back(
    redis_server: RedisServer,
) -> None:
    async with a_bus(redis_server.url) as bus, bus.listen("a") as bell:
        async with Redis.from_url(redis_server.url) as client:
            await quiet(bell)
            await client.client_pause(timeout=1_000)
        await until(lambda: not bus.health().connected)
        assert bus.health().echo_seconds is None
        assert await bell.rung(SOON)
        await until(lambda: bus.health().connected)
        assert (bus.health().echo_seconds or 0) > 0


async def test_what_could_not_be_sent_makes_the_others_look_at_everything(url: str) -> None:
    wire = Wire(url)
    async with (
        wire.laid() as through,
        a_bus(through) as here,
        a_bus(url, CALM) as there,
        there.listen("never woken itself") as bell,
    ):
        await quiet(bell)
        wire.cut()
        here.wake("a")
        assert await bell.rung(SOON)
        assert there.health().rebuilds == 0


async def test_a_server_absent_at_the_start_is_found_later(redis_server: RedisServer) -> None:
    redis_server.kill()
    async with a_bus(redis_server.url) as bus, bus.listen("a") as bell:
        assert not bus.health().connected
        bus.wake("a")
        assert await bell.rung(timeout=0)
        redis_server.restart()
        assert await bell.rung(SOON)
        await until(lambda: bus.health().connected)
        assert bus.health().rebuilds == 0


async def test_whoever_listened_before_the_first_connection_looks_once_there_is_one() -> None:
    bus = HintBus("memory://", CALM)
    async with bus.listen("a") as bell:
        await bus.start()
        assert await bell.rung(SOON)
        await bus.close()


async def test_too_many_topics_at_once_make_the_others_look_at_everything(url: str) -> None:
    async with (
        a_bus(url, CALM) as here,
        a_bus(url, CALM) as there,
        there.listen("never woken itself") as bell,
    ):
        await quiet(bell)
        for number in range(PENDING_HINTS + 1):
            here.wake(f"topic {number}")
        assert await bell.rung(SOON)
        assert here.health().hints_sent == 0
        assert here.health().rebuilds == there.health().rebuilds == 0


async def test_a_gap_in_the_numbers_of_a_neighbour_is_a_reason_to_look(
    redis_server: RedisServer,
) -> None:
    async with (
        Redis.from_url(redis_server.url) as client,
        a_bus(redis_server.url, CALM) as bus,
        bus.listen("a") as bell,
    ):

        async def after(*message: object) -> bool:
            await client.publish(CHANNEL, json.dumps(message))
            return await bell.rung(timeout=0.1)

        await quiet(bell)
        assert not await after("neighbour", 0, [])
        assert not await after("neighbour", 1, ["b"])
        assert await after("neighbour", 2, ["a"])
        assert await after("neighbour", 4, [])
        assert not await after("neighbour", 5, [])
        assert await after("neighbour", 5, []), "doubled"
        assert await after("met later", 7, [])
        assert not await after("met later", 8, [])
        assert await after("of another version")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[" * 100_000,
        "7",
        "null",
        "[]",
        '{"a": 0, "b": 1, "c": 2}',
        "[1, 2, []]",
        '["a", "0", []]',
        '["a", 0, "b"]',
        '["a", 0, [7]]',
        '["a", 0, [["topic", "subject"]]]',
        '["a", 0, [["topic", "subject", 7]]]',
    ],
)
def test_a_message_of_another_kind_is_not_taken_for_ours(message: str) -> None:
    assert decoded(message) is None


async def test_neighbours_beyond_the_limit_cost_no_more_than_a_look(
    redis_server: RedisServer,
) -> None:
    async with a_bus(redis_server.url, CALM) as bus, bus.listen("a") as bell:
        async with Redis.from_url(redis_server.url) as client, client.pipeline() as pipe:
            for number in range(KNOWN_SENDERS + 1):
                pipe.publish(CHANNEL, json.dumps([f"neighbour {number}", 0, []]))
            await pipe.execute()
        assert await rings(bus, "a", bell)
        assert bus.health().rebuilds == 0


def test_no_message_is_over_the_limit_and_no_topic_is_left_behind() -> None:
    outbox = Outbox("me")
    topics = {f"{letter * 400}{number}" for letter in 'a"\0é🎬' for number in range(50)}
    outbox.add(*topics)
    sent: list[str] = []
    numbers: list[int] = []
    while outbox.filled.is_set():
        number, _, message = outbox.next_message()
        assert len(message.encode()) <= MESSAGE_BYTES
        numbers.append(number)
        sent += json.loads(message)[2]
    assert len(sent) == len(topics)
    assert set(sent) == topics
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("fault", ["none", "thrown out", "silent"])
async def test_a_closed_bus_leaves_no_task_and_no_connection(url: str, fault: str) -> None:
    before = asyncio.all_tasks()
    wire = Wire(url)
    async with wire.laid() as through:
        async with a_bus(through) as bus:
            if fault == "thrown out":
                await end_connections(url)
            elif fault == "silent":
                wire.cut()
            await until(lambda: bus.health().rebuilds >= (fault != "none"))
        await all_gone(url)
    await until(lambda: asyncio.all_tasks() <= before)


async def test_closing_in_the_very_moment_of_a_failure_is_prompt(redis_server: RedisServer) -> None:
    before = asyncio.all_tasks()
    for ticks in range(16):
        async with asyncio.timeout(SOON), a_bus(redis_server.url):
            redis_server.kill()
            for _ in range(ticks):
                await asyncio.sleep(0)
        redis_server.restart()
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    "url",
    [
        "redis://me:hunter2@127.0.0.1:1/0",
        "redis://:hunter2/3@127.0.0.1:1/0",
        "postgresql://me:hunter2@127.0.0.1:1/film",
        "postgresql://me:hunter2/3@127.0.0.1:1/film",
    ],
)
async def test_no_password_is_ever_logged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bus = HintBus(url, QUICK)
    await bus.start()
    await bus.close()
    assert re.search(r"The (redis|postgresql) bus at .+ is lost", caplog.text)
    assert "hunter2" not in caplog.text


def test_a_url_of_another_kind_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="starts with one of") as refusal:
        HintBus("kafka://me:hunter2@127.0.0.1:1")
    assert "hunter2" not in str(refusal.value)


async def test_an_echo_is_heard_though_an_older_one_comes_again_behind_it() -> None:
    link = Link("memory://", patience=0.1)

    link.hear(7)
    link.hear(3)

    await link.echo(7)
