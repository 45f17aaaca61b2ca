"""A screenplay, and a short film made of it in front of your eyes: a real server, and a client that
knows only its API.

Nothing here imports the application. What the demo can do, every client can.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import time
from pathlib import Path
from typing import Any

from ..demo import story
from .board import write_board
from .failure import DemoFailed
from .follower import Follower
from .house import fresh_folder, served
from .making import Making, open_board
from .proof import Script, read_back, summary
from .screen import Screen
from .script import close_script, open_script

VARIANTS = 6
SHOW_SECONDS_MAX = 900
INTERRUPTED = 130


async def run_demo(folder: Path, variants: int = VARIANTS) -> int:
    """The exit code: 0 if all was made and every check holds, else 1; 130 when interrupted."""
    screen = Screen()
    show = asyncio.ensure_future(_show(folder, variants, screen))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, show.cancel)
    try:
        return await show
    except asyncio.CancelledError:
        screen.say("\nStopped; the server is stopped too.")
        return INTERRUPTED
    except TimeoutError:
        screen.say(f"\nGiven up after {SHOW_SECONDS_MAX} seconds.", "bold red")
    except DemoFailed as failure:
        screen.say(f"\n{failure}", "bold red")
    return 1


async def _show(folder: Path, variants: int, screen: Screen) -> int:
    began = time.monotonic()
    with fresh_folder(folder) as place:
        screen.say(story.TITLE, "bold")
        screen.say(story.LOGLINE)
        async with asyncio.timeout(SHOW_SECONDS_MAX):
            told = await _make(place, variants, screen)
        told["seconds"] = screen.curtain() | {"total": round(time.monotonic() - began, 2)}
        text = json.dumps(told, indent=2) + "\n"
        (place / "summary.json").write_text(text, encoding="utf-8")
        return _conclude(place, told, screen)


async def _make(folder: Path, variants: int, screen: Screen) -> dict[str, Any]:
    screen.act("start", "A server starts")
    async with served(folder / "data", folder / "server.log") as client:
        board = await open_board(client, variants)
        async with Follower(client, board.project_id, board.cursor) as follower:
            screen.act("script", "A screenplay becomes a board")
            imported = await open_script(client, screen, board.project_id)
            await _film(Making(client, screen, board), follower, screen)
            screen.act("back", "The board is a screenplay again")
            written = await close_script(client, screen, board.project_id, folder)
            screen.act("proof", "Everything is read back")
            told = await read_back(client, board)
            await follower.reach(told.head)
        film = await client.download(told.film["url"], folder / "film")
        found = summary(board, told, follower, film, Script(imported, written))
        await write_board(client, told.project, folder, _facts(found))
        screen.act("stop", "The server stops")
    return found


async def _film(making: Making, follower: Follower, screen: Screen) -> None:
    screen.act("plan", "Ten of its beats become shots")
    await making.plan()
    screen.act("generate", "Every shot is drawn in several variants")
    await making.generate(follower)
    screen.say(
        f"  The connection of the events was cut on purpose after {follower.breaks[0]} events;"
        f" the kept cursor brought the {follower.caught_up[0]} events missed meanwhile."
    )
    screen.act("refine", "Three favorites are refined")
    await making.refine()
    await making.choose()
    screen.act("animate", "The chosen images move")
    await making.animate()
    screen.act("cut", "The film is cut")
    await making.cut()


def _conclude(folder: Path, told: dict[str, Any], screen: Screen) -> int:
    screen.say("\nWhat there is", "bold")
    events, film = told["events"], told["film"]
    screen.table(
        (
            ("Images", _counted(told["counts"]["images"])),
            ("Jobs", _counted(told["counts"]["jobs"])),
            (
                "Events",
                f"{events['received']} received, {events['in_log']} in the log;"
                f" {events['missed']} missed, {events['doubled']} doubled",
            ),
            (
                "Film",
                f"{film['frames']} frames, {film['seconds']} s,"
                f" {film['width']} x {film['height']}, {film['size'] / 1e6:.1f} MB",
            ),
            ("Time", ", ".join(f"{act} {seconds} s" for act, seconds in told["seconds"].items())),
        ),
    )
    screen.say(f"The film:       {folder / 'film.mp4'}")
    screen.say(f"The storyboard: {folder / 'board.html'}")
    screen.say(f"The screenplay: {folder / story.SCREENPLAY.name}")
    screen.say(
        f"The same board, live: STORYREEL_DATA_DIR={shlex.quote(str(folder / 'data'))} make run"
    )
    screen.say(f"                      project {told['project']}")
    broken = [name.replace("_", " ") for name, holds in told["checks"].items() if not holds]
    if broken:
        screen.say(f"\nNot true: {'; '.join(broken)}.", "bold red")
        return 1
    screen.say(f"\nAll {len(told['checks'])} checks hold.", "bold green")
    return 0


def _facts(found: dict[str, Any]) -> str:
    images = sum(found["counts"]["images"].values())
    return (
        f"{len(found['scenes'])} scenes · {len(found['shots'])} shots · {images} images ·"
        f" {found['film']['seconds']} seconds"
    )


def _counted(statuses: dict[str, int]) -> str:
    return ", ".join(f"{count} {status.lower()}" for status, count in sorted(statuses.items()))
