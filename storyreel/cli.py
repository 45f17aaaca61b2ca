"""The command line: `python -m storyreel serve | worker | token | member | migrate | …`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from . import admin
from .importing.command import import_file
from .settings import BadSettings, Settings, read_settings

if TYPE_CHECKING:
    from .wiring import House

cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The live GraphQL backend of a storyboard room.",
)

cli.add_typer(admin.token, name="token")
cli.add_typer(admin.member, name="member")
cli.command("import")(import_file)

FAILED, BAD_USAGE = 1, 2

logger = logging.getLogger(__name__)


def main() -> NoReturn:
    """One command, and the end of the process.

    What the command opened it has closed. The process ends without Python's own farewell, during
    which a thread of the storage library that just gave back an answer would abort it.
    """
    try:
        cli()
        status = 0
    except BadSettings as problem:
        typer.echo(str(problem), err=True)
        status = BAD_USAGE
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more
            stream.flush()
    os._exit(status)


def _settings() -> Settings:
    """The settings, once logs are written as they say."""
    from .logs import write_logs

    settings = read_settings()
    write_logs(settings.log_level, settings.log_format)
    return settings


@cli.command()
def serve() -> None:
    """Serve GraphQL, and run jobs unless STORYREEL_EMBEDDED_WORKER=false."""
    from uvicorn.loops.auto import auto_loop_factory

    from .server.serving import listener

    settings = _settings()
    with (
        listener(settings.host, settings.port) as listening,
        asyncio.Runner(loop_factory=auto_loop_factory()) as loop,
    ):
        loop.run(_serve(settings, listening))


async def _serve(settings: Settings, listening: socket.socket) -> None:
    from .app import PATH, create_app
    from .server.serving import Server, address, spare_the_collector
    from .wiring import open_documents

    documents = open_documents(settings)
    async with _open(settings, worker=settings.embedded_worker) as (house, stop):
        server = Server(create_app(house, documents), house.metrics, settings)
        spare_the_collector()
        logger.info("Serving %s%s; stop with SIGTERM.", address(listening), PATH)
        if not stop.is_set():
            await server.serve([listening])


@cli.command()
def worker() -> None:
    """Run jobs only; share the database, the engine, the storage and the bus with a server."""
    from .server.serving import listener

    settings = _settings()
    with ExitStack() as stack:
        listening = None
        if settings.worker_port is not None:
            listening = stack.enter_context(listener(settings.host, settings.worker_port))
        asyncio.run(_work(settings, listening))


async def _work(settings: Settings, listening: socket.socket | None) -> None:
    from .app import create_probes
    from .server.serving import Server, address

    async with _open(settings, worker=True) as (house, stop):
        logger.info("Working; stop with SIGTERM.")
        if listening is None:
            await stop.wait()
        elif not stop.is_set():
            logger.info("Probes and metrics are at %s.", address(listening))
            await Server(create_probes(house), house.metrics, settings).serve([listening])


@asynccontextmanager
async def _open(settings: Settings, *, worker: bool) -> AsyncIterator[tuple[House, asyncio.Event]]:
    """The house, and what SIGINT and SIGTERM set, so that it is closed in good order."""
    from .wiring import open_house

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        try:
            house = await stack.enter_async_context(open_house(settings, worker=worker))
        except Exception as failure:
            logger.debug("This is where it failed.", exc_info=True)
            reason = str(failure).partition("\n")[0] or repr(failure)
            raise BadSettings(f"Storyreel cannot start: {reason}") from failure
        yield house, stop
    logger.info("Stopped.")


@cli.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Tell what is set up, what answers and what to do about the rest; 1 when something is bad."""
    from rich.console import Console

    from .doctor import as_table, examine

    settings = read_settings()
    logging.disable()  # the table says it all
    diagnoses = asyncio.run(examine(settings))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in diagnoses], indent=2))
    else:
        as_table(diagnoses, Console())
    if any(each.state == "bad" for each in diagnoses):
        raise SystemExit(FAILED)


@cli.command()
def migrate(
    target: Annotated[str | None, typer.Argument(help="A migration's name, or zero.")] = None,
    check: Annotated[
        bool, typer.Option(help="Only see whether the migrations say what the models say.")
    ] = False,
) -> None:
    """Bring the database to the newest schema, or to another one."""
    from models import migrating

    if check:
        if missing := asyncio.run(migrating.drift()):
            typer.echo("\n".join(["The models say more than the migrations:", *missing]), err=True)
            raise SystemExit(FAILED)
        return
    settings = _settings()
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        names = asyncio.run(migrating.migrate(settings.database, target))
    except (migrating.MigrationFailed, OSError) as failure:
        typer.echo(str(failure), err=True)
        raise SystemExit(FAILED) from None
    typer.echo("\n".join(names) or "Nothing to do.")


@cli.command()
def makemigration(name: str) -> None:
    """Draft the next migration from the models, to be finished by hand."""
    from models import migrating

    path = asyncio.run(migrating.write_migration(name))
    typer.echo(str(path) if path else "The models and the migrations agree.")


@cli.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from resolvers import api

    typer.echo(api.as_str())


@cli.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps what it makes.")] = Path(
        "var/demo"
    ),
) -> None:
    """Make a short film as a client of a real server, and show its progress."""
    from .demo import run_demo

    raise SystemExit(asyncio.run(run_demo(folder)))
