"""What goes wrong in a run, each kind at least once, in an order that the seed makes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import psycopg
from redis.asyncio import Redis

from tests import servers
from tests.journeys.processes import StoryreelProcess

from .house import BUS, House
from .meddler import meddling
from .tally import Tally

DOWN_SECONDS = 3.0
PAUSED_SECONDS = (5.0, 15.0)
MEDDLING_SECONDS = 10.0
CUT_SECONDS = 20.0
"""How long to wait for a connection in the middle of a transaction."""
CUTS = 5
CALM_SECONDS = (2.0, 5.0)
"""Between the end of one and the next, when all kinds happen."""

END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
END_BUS = f"{END} AND application_name = '{BUS}'"
END_TRANSACTION = """
WITH victim AS (SELECT pid FROM pg_stat_activity WHERE datname = current_database()
  AND (application_name LIKE 'server %' OR application_name LIKE 'worker %')
  AND state = 'idle in transaction' LIMIT 1)
SELECT pg_terminate_backend(pid) FROM victim
"""


@dataclass
class Faults:
    """Whatever can happen to a house."""

    house: House
    tally: Tally
    dice: random.Random

    async def kill_at_random(self, every: float, until: float) -> None:
        """SIGKILL some process about `every` seconds, and start it again soon after."""
        while (pause := self.dice.uniform(0.5, 1.5) * every) < until - time.monotonic():
            await asyncio.sleep(pause)
            await self._kill(*self.dice.choice(list(self.house.named.items())))
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    async def all_kinds(self, until: float) -> None:
        """Every kind once, in random order; and again while there is time."""
        kinds = self._kinds()
        first = True
        while first or time.monotonic() < until:
            for happen in self.dice.sample(kinds, len(kinds)):
                if not first and time.monotonic() > until:
                    break
                await happen()
                await asyncio.sleep(self.dice.uniform(*CALM_SECONDS))
            first = False

    def _kinds(self) -> list[Callable[[], Awaitable[None]]]:
        kinds: list[Callable[[], Awaitable[None]]]
        kinds = [self.kill_a_server, self.kill_a_worker, self.pause_a_server, self.pause_a_worker]
        kinds += [self.cut_transactions, self.cut_the_bus, self.repeat_and_reorder_hints]
        if (redis := self.house.place.redis) is not None:
            kinds.append(partial(self.kill_redis, redis))
        return kinds

    async def kill_a_server(self) -> None:
        await self._kill(*self._one_of("server"))

    async def kill_a_worker(self) -> None:
        await self._kill(*self._one_of("worker"))

    async def pause_a_server(self) -> None:
        await self._pause(*self._one_of("server"))

    async def pause_a_worker(self) -> None:
        await self._pause(*self._one_of("worker"))

    async def kill_redis(self, redis: servers.Redis) -> None:
        """No answer may be lost by it: this is no excuse for anything."""
        redis.kill()
        await asyncio.sleep(self.dice.uniform(0, DOWN_SECONDS))
        redis.restart()
        self.tally.counts["kills of Redis"] += 1

    async def cut_the_bus(self) -> None:
        """End the connections over which hints are heard. No excuse for anything either."""
        place = self.house.place
        if place.redis is not None:
            async with Redis.from_url(place.redis.url) as redis:
                cut = await redis.client_kill_filter(_type="pubsub")
        else:
            async with self._database() as database:
                cut = len(await (await database.execute(END_BUS)).fetchall())
        self.tally.counts["cut connections of the bus"] += cut

    async def cut_transactions(self) -> None:
        """End connections of servers and workers, each in the middle of a transaction."""
        cuts, deadline = 0, time.monotonic() + CUT_SECONDS
        self.tally.cut_began()
        async with self._database() as database:
            while cuts < CUTS and time.monotonic() < deadline:
                cut = await database.execute(END_TRANSACTION)
                cuts += len(await cut.fetchall())
                await asyncio.sleep(0.002)
        self.tally.cut_ended()
        self.tally.counts["cut transactions"] += cuts

    async def repeat_and_reorder_hints(self) -> None:
        place = self.house.place
        meddler = meddling(place.bus_url, MEDDLING_SECONDS, self.dice)
        self.tally.counts["hints said again, out of order"] += await meddler

    def _one_of(self, kind: str) -> tuple[str, StoryreelProcess]:
        named = self.house.named.items()
        return self.dice.choice([(name, each) for name, each in named if name.startswith(kind)])

    async def _kill(self, name: str, victim: StoryreelProcess) -> None:
        self.tally.hit_began()
        victim.kill()
        await asyncio.sleep(self.dice.uniform(0, DOWN_SECONDS))
        await victim.start_again()
        self.tally.hit_ended()
        self.tally.counts[f"kills of a {name.split()[0]}"] += 1

    async def _pause(self, name: str, victim: StoryreelProcess) -> None:
        self.tally.hit_began()
        victim.pause()
        await asyncio.sleep(self.dice.uniform(*PAUSED_SECONDS))
        victim.go_on()
        self.tally.hit_ended()
        self.tally.counts[f"pauses of a {name.split()[0]}"] += 1

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[psycopg.AsyncConnection]:
        url = self.house.place.database_url
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as database:
            yield database


KINDS = (  # by what is counted
    *("kills of a server", "kills of a worker", "pauses of a server", "pauses of a worker"),
    *("cut transactions", "cut connections of the bus", "hints said again, out of order"),
)


def judge_faults(house: House, tally: Tally) -> None:
    """Every kind happened."""
    for kind in (*KINDS, "kills of Redis") if house.place.redis is not None else KINDS:
        if not tally.counts[kind]:
            tally.find(f"There were no {kind}.")
