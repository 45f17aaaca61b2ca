"""`storyreel import`: its options and how it ends."""

from __future__ import annotations

import asyncio
import json
import shlex
import time
from contextlib import aclosing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit
from uuid import uuid4

import typer

from services.limits import SCREENPLAY_BYTES

if TYPE_CHECKING:
    from .bringing import Imported, Order
    from .line import Line
    from .report import Ending, Screen

SERVER = "http://127.0.0.1:8000"


class Format(StrEnum):
    FDX = "fdx"
    FOUNTAIN = "fountain"


def _address(server: str) -> str:
    try:
        found = urlsplit(server)
        good = found.scheme in ("http", "https") and bool(found.hostname) and found.port != 0
    except ValueError:
        good = False
    if not good:
        raise typer.BadParameter(f"An address looks like {SERVER}.")
    return server


def import_file(  # noqa: PLR0913  # each is an option of the command
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, readable=True, help="Final Draft's FDX, or Fountain."
        ),
    ],
    project: Annotated[
        str | None, typer.Option(help="The project that gets its scenes; a new one by default.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="The new project's title; the screenplay's by default.")
    ] = None,
    shots: Annotated[bool, typer.Option("--shots", help="Make a shot of each beat.")] = False,
    format: Annotated[
        Format | None, typer.Option(case_sensitive=False, help="Found out by default.")
    ] = None,
    server: Annotated[
        str, typer.Option(envvar="STORYREEL_SERVER", callback=_address, help="Its address.")
    ] = SERVER,
    token: Annotated[
        str | None, typer.Option(envvar="STORYREEL_TOKEN", help="If the server wants one.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="That of an import to go on with; a new one by default.")
    ] = None,
    attempts: Annotated[int, typer.Option(min=1, max=20, help="At each request.")] = 3,
    timeout: Annotated[
        float, typer.Option(min=0.01, max=600, help="Seconds that one attempt may take.")
    ] = 30,
    pause: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds before the second; then twice as many.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Bring a screenplay to a server over whatever network, read it back and compare.

    Exit status 0: it is there, as it should be. 1: that could not be done. 2: it was refused.
    """
    from .bringing import Order
    from .line import Line, Patience
    from .report import Screen

    given = {
        "projectId": project,
        "title": title,
        "createShots": shots or None,
        "format": format.name if format is not None else None,
    }
    given = {name: value for name, value in given.items() if value is not None}
    order = Order(file.name, _bytes_of(file), key or uuid4().hex, given)
    screen = Screen()
    line = Line(server, token, Patience(attempts, timeout, pause), screen)
    ending = _carry_out(order, line, screen, _command(file, order, server))
    said = json.dumps(ending.told, indent=2) if as_json else "\n".join(ending.said)
    typer.echo(said, err=ending.status != 0 and not as_json)
    raise SystemExit(ending.status)


def _bytes_of(file: Path) -> bytes:
    data = file.read_bytes()
    if not data:
        raise typer.BadParameter(f"{file} is empty.")
    if len(data) > SCREENPLAY_BYTES:
        most = f"A screenplay has at most {SCREENPLAY_BYTES:,} bytes"
        raise typer.BadParameter(f"{most}; {file} has {len(data):,}.")
    return data


def _command(file: Path, order: Order, server: str) -> str:
    """What to type to go on with this import. A token is not part of it."""
    words = ["python", "-m", "storyreel", "import", str(file)]
    options = {"--project": "projectId", "--title": "title", "--format": "format"}
    for option, name in options.items():
        if name in order.given:
            words += [option, str(order.given[name])]
    words += ["--shots"] if "createShots" in order.given else []
    return shlex.join([*words, "--server", server, "--key", order.key])


def _carry_out(order: Order, line: Line, screen: Screen, command: str) -> Ending:
    from .bringing import bring
    from .line import NotDone, Refused
    from .report import interrupted, not_done, refused, stored

    async def errand() -> Imported:
        async with aclosing(line):
            return await bring(line, order, screen)

    began = time.monotonic()
    try:
        with screen.lit():
            screen.say(f"Importing {order.name}, {len(order.data):,} bytes, with key {order.key}")
            imported = asyncio.run(errand())
    except Refused as refusal:
        return refused(refusal)
    except NotDone as failure:
        return not_done(str(failure), order, command)
    except KeyboardInterrupt:
        return interrupted(order, command)
    return stored(imported, order, line.server, time.monotonic() - began)
