"""`storyreel doctor`: what is set up here, what answers, and what to do about the rest.

It needs no running server and shows no password. It changes nothing, but for the folder of the
storage, made when missing, and a probe that is written there and removed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models import jobs_by_status, workers_seen_since
from models.database import close_database, open_database, statement
from models.migrating import pending
from services import limits
from services.actor import SYSTEM
from services.backends.engine import EngineQueue
from services.backends.provider_keys import ProviderKeys
from services.backends.storage import Storage
from services.granting import all_tokens
from services.world import utc_now

from .settings import Settings
from .wiring import open_bus

PATIENCE_SECONDS = 15.0
State = Literal["ok", "note", "bad"]


@dataclass(frozen=True)
class Diagnosis:
    """`said` is what was found; `advice` is what to do, unless all is well."""

    check: str
    state: State
    said: str
    advice: str = ""
    seconds: float = 0.0


Answer = tuple[State, str, str]
Question = Callable[[Settings], Awaitable[Answer]]


async def examine(settings: Settings) -> list[Diagnosis]:
    """Every check, one after the other, so that the times are their own."""
    checks: dict[str, Question] = {
        "settings": _configured,
        "database": _reachable,
        "migrations": _migrated,
        "engine": _engine,
        "storage": _writable,
        "bus": _echo,
        "identity": _known,
        "workers": _workers,
    }
    return [await _diagnose(name, ask, settings) for name, ask in checks.items()]


async def _diagnose(name: str, ask: Question, settings: Settings) -> Diagnosis:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            state, said, advice = await ask(settings)
    except TimeoutError:
        state, said = "bad", f"No answer within {PATIENCE_SECONDS:.0f} seconds."
        advice = ADVICE[name]
    except Exception as failure:
        state, said, advice = "bad", str(failure).partition("\n")[0] or repr(failure), ADVICE[name]
    seconds = round(time.perf_counter() - began, 4)
    return Diagnosis(name, state, without_secrets(said, settings), advice, seconds)


ADVICE = {
    "settings": "Correct the environment.",
    "database": "Start the database, or correct STORYREEL_DATABASE_URL.",
    "migrations": "Run `storyreel migrate`, or start the server, which does it.",
    "engine": "Start a server once, which prepares the engine, or correct STORYREEL_ENGINE_URL.",
    "storage": "See that the folder or bucket of STORYREEL_STORAGE_URL exists and may be written.",
    "bus": "Start the server of STORYREEL_BUS_URL. Until then changes arrive seconds later.",
    "identity": "See that STORYREEL_JWKS_URL is the provider's, and within reach from here.",
    "tokens": "`storyreel member add` and `storyreel token create` let the first one in.",
    "workers": "Start `storyreel worker`, or the server with STORYREEL_EMBEDDED_WORKER=true.",
}


async def _configured(settings: Settings) -> Answer:
    worker = "runs jobs too" if settings.embedded_worker else "leaves jobs to workers"
    shared = settings.on_postgres and not settings.secret
    said = f"Serves {settings.host}:{settings.port}, {worker}; data in {settings.data_dir}."
    if shared:
        return "note", said, "Set STORYREEL_SECRET, or servers on other machines sign differently."
    return "ok", said, ""


async def _reachable(settings: Settings) -> Answer:
    async with _database(settings):
        await statement("SELECT 1")
    return "ok", f"{_place(settings.database)} answers.", ""


async def _migrated(settings: Settings) -> Answer:
    _there(settings.database)
    if missing := await pending(settings.database):
        return "bad", f"Not applied: {', '.join(missing)}.", ADVICE["migrations"]
    return "ok", "All are applied.", ""


async def _engine(settings: Settings) -> Answer:
    _there(settings.engine)
    queue = EngineQueue(settings.engine, inside=False)
    await queue.open(prepare=False)
    try:
        await queue.known(["job_none"])
    finally:
        await queue.close()
    return "ok", f"{_place(settings.engine)} answers.", ""


async def _writable(settings: Settings) -> Answer:
    await Storage.open(settings.storage).check()
    return "ok", f"{_place(settings.storage)} keeps what it is given.", ""


async def _echo(settings: Settings) -> Answer:
    bus = open_bus(settings.bus)
    await bus.start()
    try:
        health = bus.health()
    finally:
        await bus.close()
    if not health.connected:
        return "bad", f"{_place(settings.bus)} does not answer.", ADVICE["bus"]
    if health.echo_seconds is None:
        return "ok", "Within one process only.", ""
    return "ok", f"{_place(settings.bus)} echoes in {health.echo_seconds * 1000:.1f} ms.", ""


async def _known(settings: Settings) -> Answer:
    if settings.auth == "none":
        return "ok", "Whoever is at this machine is its one user.", ""
    if settings.auth == "jwt":
        keys = ProviderKeys(settings.jwks_url)
        try:
            count = len(list(await keys.known()))
        finally:
            await keys.close()
        return "ok", f"{_place(settings.jwks_url)} publishes keys; usable: {count}.", ""
    async with _database(settings):
        good = [token for token in await all_tokens(SYSTEM) if token.good_at(utc_now())]
    if not good:
        return "note", "There is no token: nobody can come in.", ADVICE["tokens"]
    return "ok", f"Tokens that are good: {len(good)}.", ""


async def _workers(settings: Settings) -> Answer:
    async with _database(settings):
        jobs = sum((await jobs_by_status()).values())
        lost = timedelta(seconds=limits.HEARTBEAT_LOST_SECONDS)
        alive = await workers_seen_since(utc_now() - lost)
    said = f"{alive} alive; {jobs} jobs wait or run."
    if alive:
        return "ok", said, ""
    return ("bad" if jobs else "note"), said, ADVICE["workers"]


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[None]:
    _there(settings.database)
    await open_database(settings.database, everywhere=False)
    try:
        yield
    finally:
        await close_database()


def _there(url: str) -> None:
    """Opening a SQLite file that is not there would make it."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:") and not path.exists():
        raise FileNotFoundError(f"There is no {path} yet.")


def _place(url: str) -> str:
    """A URL without who and how: no user, no password, no options. A path is as it is."""
    parts = urlsplit(url)
    if not parts.scheme:
        return url
    host = f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
    return f"{parts.scheme}://{host}{parts.path}"


def without_secrets(text: str, settings: Settings) -> str:
    """The text of somebody else's exception without what is secret here."""
    urls = (
        *(settings.database, settings.engine, settings.bus, settings.storage),
        settings.jwks_url,
    )
    secrets = {settings.secret, *(urlsplit(url).password or "" for url in urls)}
    for secret in sorted(secrets | {unquote(each) for each in secrets}, key=len, reverse=True):
        text = text.replace(secret, "***") if secret else text
    return text


def as_table(diagnoses: list[Diagnosis], console: Console) -> None:
    colors: dict[State, str] = {"ok": "green", "note": "yellow", "bad": "red"}
    table = Table("check", "", "found", "ms", box=None)
    table.columns[3].justify = "right"
    for each in diagnoses:
        color = colors[each.state]
        said = "\n".join(filter(None, [each.said, f"→ {each.advice}" if each.advice else ""]))
        milliseconds = f"{each.seconds * 1000:.0f}"
        table.add_row(each.check, f"[{color}]{each.state}[/]", escape(said), milliseconds)
    console.print(table)
