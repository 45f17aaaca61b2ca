"""Putting the pieces together: the only reader of settings, the only place that picks backends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from models.database import close_database, open_database
from models.migrating import migrate
from services.actor import NOBODY, Actor
from services.backends.bus import Bus, LocalBus
from services.backends.local_renderer import LocalRenderer
from services.backends.provider_keys import ProviderKeys
from services.backends.queue import NoQueue
from services.backends.rates import Rates
from services.backends.storage import Storage
from services.links import Links
from services.progress import Meter
from services.running import Runner
from services.upkeep import say_alive, upkeep
from services.world import World

from .entrance.admission import Reception
from .entrance.identity import Provider, Recognition, local_actor
from .health import Health
from .metrics import MeasuredSteps, Metrics
from .persisted import known_documents
from .settings import Settings

if TYPE_CHECKING:
    from resolvers.documents import Documents


@dataclass(frozen=True)
class House:
    """Everything that a running process holds open. Without a reception everybody is `actor`; with
    one `actor` is nobody, and sees nothing."""

    world: World
    links: Links
    actor: Actor
    reception: Reception | None
    hosts: list[str]
    origins: list[str]
    https: bool
    connections_max: int
    metrics: Metrics
    health: Health


@asynccontextmanager
async def open_house(settings: Settings, *, worker: bool) -> AsyncIterator[House]:
    """Migrate, open everything, run jobs if `worker`; close in reverse order."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await migrate(settings.database)
    async with AsyncExitStack() as stack:
        await open_database(settings.database)
        stack.push_async_callback(close_database)
        metrics = Metrics()
        world = await _world(settings, metrics, stack)
        stack.push_async_callback(world.settle)
        links = Links(_secret(settings), settings.public_url, timedelta(hours=settings.link_hours))
        if worker:
            await stack.enter_async_context(_working(settings, world, metrics))
        health = Health(settings, world)
        reception = _reception(settings, world, stack)
        actor = await local_actor() if reception is None else NOBODY
        yield House(
            world=world,
            links=links,
            actor=actor,
            reception=reception,
            hosts=settings.trusted_hosts,
            origins=settings.allowed_origins,
            https=settings.public_url.startswith("https:"),
            connections_max=settings.connections_max,
            metrics=metrics,
            health=health,
        )


@asynccontextmanager
async def open_register(settings: Settings) -> AsyncIterator[World]:
    """What is needed to grant and take back access, beside any number of running processes."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await migrate(settings.database)
    await open_database(settings.database)
    try:
        yield World(LocalBus(), NoQueue(), Storage.open(settings.storage), {})
    finally:
        await close_database()


def _reception(settings: Settings, world: World, stack: AsyncExitStack) -> Reception | None:
    if settings.auth == "none":
        return None
    provider = None
    if settings.auth == "jwt":
        keys = ProviderKeys(settings.jwks_url)
        provider = Provider(keys, settings.jwt_issuer, settings.jwt_audience)
    reception = Reception(Recognition(world, provider), world, settings.sockets_max)
    stack.push_async_callback(reception.close)
    return reception


def open_documents(settings: Settings) -> Documents:
    """What clients may ask. Raises BadSettings about documents that cannot be served."""
    from resolvers.documents import Documents  # the whole graph: only who serves pays it
    from resolvers.measuring import Limits

    limits = Limits(
        depth=settings.depth_max,
        tokens=settings.tokens_max,
        aliases=settings.aliases_max,
        cost=settings.cost_max,
        introspection=settings.introspection,
    )
    listed = settings.persisted_only
    return Documents(limits, known_documents(listed) if listed is not None else None)


async def _world(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> World:
    from services.backends.engine import EngineQueue  # a second to import: only who serves pays it

    bus = open_bus(settings.bus)
    await bus.start()
    metrics.observe_bus(bus)
    stack.push_async_callback(bus.close)
    queue = EngineQueue(settings.engine, inside=settings.engine == settings.database)
    await queue.open()
    stack.push_async_callback(queue.close)
    storage = Storage.open(settings.storage)
    await storage.check()
    local = LocalRenderer()
    rates = Rates(settings.rates, settings.bus, metrics.rated)
    stack.push_async_callback(rates.close)
    late = metrics.feed_lag.observe
    return World(bus, queue, storage, {local.name: local}, rates, late=late)


def open_bus(url: str) -> Bus:
    """`memory://` ends at this process: what another one does is seen when the log is read again,
    every FEED_RECHECK_SECONDS."""
    if url == "memory://":
        return LocalBus()
    from services.backends.hint_bus import HintBus

    return HintBus(url)


@asynccontextmanager
async def _working(settings: Settings, world: World, metrics: Metrics) -> AsyncIterator[None]:
    from services.backends.engine import EngineWorker, WorkerSlot

    slot = WorkerSlot(settings.data_dir / "workers")
    meter = Meter(world)
    steps = MeasuredSteps(Runner(world, meter), metrics)
    crew = EngineWorker(settings.engine, slot.name, steps, slots=settings.worker_slots)
    await say_alive(world, slot.name)
    await crew.start()
    tending = upkeep(world, crew, settings.trash_days)
    tasks = [asyncio.create_task(meter.run()), asyncio.create_task(tending)]
    try:
        yield
    finally:
        await crew.stop(settings.drain_seconds)
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        slot.release()


def _secret(settings: Settings) -> bytes:
    """What signs links: as set, or made once and kept in the data folder."""
    if settings.secret:
        return settings.secret.encode()
    path = Path(settings.data_dir, "secret")
    with tempfile.NamedTemporaryFile("w", dir=settings.data_dir) as own:  # for its owner alone
        own.write(secrets.token_urlsafe(48))
        own.flush()
        with contextlib.suppress(FileExistsError):  # another process was first: then it is theirs
            os.link(own.name, path)
    return path.read_text().encode()
