"""The command line: `python -m storyreel serve | worker | migrate | makemigration | schema | demo`."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Annotated

import typer

from .settings import BadSettings, Settings, read_settings

cli = typer.Typer(
    add_completion=False, no_args_is_help=True, help="The live GraphQL backend of a storyboard room."
)

BAD_USAGE = 2


def main() -> None:
    try:
        cli()
    except BadSettings as problem:
        typer.echo(str(problem), err=True)
        raise SystemExit(BAD_USAGE) from None


def _settings() -> Settings:
    settings = read_settings()
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    return settings


@cli.command()
def serve() -> None:
    """Serve GraphQL, and run jobs unless STORYREEL_EMBEDDED_WORKER=false."""
    import uvicorn

    from .app import create_app

    settings = _settings()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        timeout_graceful_shutdown=settings.drain_seconds,
        ws_max_size=1024 * 1024,
    )


@cli.command()
def worker() -> None:
    """Run jobs only; share the database, the engine, the storage and the bus with a server."""
    asyncio.run(_work(_settings()))


async def _work(settings: Settings) -> None:
    from .wiring import open_house

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_house(settings, worker=True):
        logging.getLogger(__name__).info("Working; stop with SIGTERM.")
        await stop.wait()


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
            raise SystemExit(1)
        return
    settings = _settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        names = asyncio.run(migrating.migrate(settings.database, target))
    except migrating.MigrationFailed as failure:
        typer.echo(str(failure), err=True)
        raise SystemExit(1) from None
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
