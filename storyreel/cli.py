"""The command line: `python -m storyreel serve | worker | demo | migrate | …`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .settings import BadSettings, Settings, read_settings

if TYPE_CHECKING:
    from .wiring import House

cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The live GraphQL backend of a storyboard room.",
)

FAILED, BAD_USAGE = 1, 2
TALKATIVE = ("uvicorn", "uvicorn.error", "uvicorn.access", "dbos", "tortoise", "strawberry")

logger = logging.getLogger(__name__)


def main() -> None:
    try:
        cli()
    except BadSettings as problem:
        typer.echo(str(problem), err=True)
        raise SystemExit(BAD_USAGE) from None


def _settings() -> Settings:
    """The settings, once logging is as they say: libraries tell what they do at `debug` only."""
    settings = read_settings()
    level = settings.log_level.upper()
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if level == "INFO":
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
    return settings


@cli.command()
def serve() -> None:
    """Serve GraphQL, and run jobs unless STORYREEL_EMBEDDED_WORKER=false."""
    from uvicorn.loops.auto import auto_loop_factory

    settings = _settings()
    with _listener(settings) as listener, asyncio.Runner(loop_factory=auto_loop_factory()) as loop:
        loop.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    import uvicorn

    from .app import PATH, create_app
    from .wiring import open_documents

    documents = open_documents(settings)
    async with _open(settings, worker=settings.embedded_worker) as (house, stop):
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(house, documents),
                lifespan="off",
                log_config=None,
                timeout_graceful_shutdown=settings.drain_seconds,
                ws_max_size=1024 * 1024,
            )
        )
        host, port = listener.getsockname()[:2]
        place = f"[{host}]" if ":" in host else host
        logger.info("Serving http://%s:%d%s; stop with SIGTERM.", place, port, PATH)
        if not stop.is_set():
            await server.serve([listener])


def _listener(settings: Settings) -> socket.socket:
    """The address taken, before anything else is touched."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as failure:
        where = f"{settings.host}:{settings.port}"
        reason = os.strerror(failure.errno) if failure.errno and failure.errno > 0 else failure
        raise BadSettings(f"Storyreel cannot listen on {where}: {reason}.") from None


@cli.command()
def worker() -> None:
    """Run jobs only; share the database, the engine, the storage and the bus with a server."""
    asyncio.run(_work(_settings()))


async def _work(settings: Settings) -> None:
    async with _open(settings, worker=True) as (_, stop):
        logger.info("Working; stop with SIGTERM.")
        await stop.wait()


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
