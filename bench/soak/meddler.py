"""A listener on the channel of the bus who says what it heard once more, late and out of order."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
from redis.asyncio import Redis

from services.backends.hint_bus import CHANNEL

LATE_SECONDS = 2.0
REPEATED_SHARE = 0.7
Say = Callable[[str], Awaitable[object]]
Hear = Callable[[str], None]


async def meddling(url: str, seconds: float, dice: random.Random) -> int:
    """Repeat most of what is said on the bus, each up to LATE_SECONDS after it was said: so what
    was said first comes after what was said last. Answers how much was repeated."""
    waiting: set[asyncio.Task[None]] = set()
    own: Counter[str] = Counter()
    said = 0

    def hear(message: str) -> None:
        if own[message]:
            own[message] -= 1
        elif dice.random() < REPEATED_SHARE:
            waiting.add(asyncio.create_task(repeat(message)))

    async def repeat(message: str) -> None:
        nonlocal said
        await asyncio.sleep(dice.uniform(0, LATE_SECONDS))
        own[message] += 1
        await say(message)
        said += 1

    async with (_over_redis if url.startswith("redis") else _over_postgres)(url, hear) as say:
        await asyncio.sleep(seconds)
        await asyncio.gather(*set(waiting))
        for late in waiting:
            late.cancel()
    return said


@asynccontextmanager
async def _over_redis(url: str, hear: Hear) -> AsyncIterator[Say]:
    async with Redis.from_url(url, decode_responses=True) as redis, redis.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)

        async def listen() -> None:
            async for message in subscription.listen():
                if message["type"] == "message":
                    hear(message["data"])

        listening = asyncio.create_task(listen())
        try:
            yield lambda message: cast("Awaitable[object]", redis.publish(CHANNEL, message))
        finally:
            listening.cancel()


@asynccontextmanager
async def _over_postgres(url: str, hear: Hear) -> AsyncIterator[Say]:
    connection = await asyncpg.connect(url)
    turn = asyncio.Lock()

    async def say(message: str) -> None:
        async with turn:
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, message)

    try:
        await connection.add_listener(CHANNEL, lambda *heard: hear(heard[3]))
        yield say
    finally:
        await connection.close()
