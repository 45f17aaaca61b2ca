"""What people see of an import, and what programs read of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape

from ..logs import on_one_line
from .bringing import Imported, Order
from .line import Onlooker, Refused

STORED, NOT_DONE, REFUSED, INTERRUPTED = 0, 1, 2, 130
GO_ON = "To go on with it, so that it is done once in all (the token is not repeated here):"
ROLES_SHOWN = 8


class Screen(Onlooker):
    """One line that changes; plain lines where there is no terminal. All on standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status("")

    @contextmanager
    def lit(self) -> Iterator[None]:
        """While the block runs, a terminal shows what is going on."""
        with self._status:
            yield

    @property
    def _lively(self) -> bool:
        return self._console.is_terminal and not self._console.is_dumb_terminal

    def stage(self, text: str) -> None:
        if self._lively:
            self._status.update(escape(on_one_line(text)))
        else:
            self.say(text)

    def sending(self, sent: int, total: int) -> None:
        if self._lively:
            self.stage(f"Sending {sent:,} of {total:,} bytes")
        elif not sent:
            self.say(f"Sending {total:,} bytes")

    def trouble(self, text: str) -> None:
        self.say(text)

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(on_one_line(text), markup=False, soft_wrap=True)


@dataclass(frozen=True)
class Ending:
    """The exit status, what is said to people and what is told to programs."""

    status: int
    said: list[str]
    told: dict[str, Any]


def stored(imported: Imported, order: Order, server: str, seconds: float) -> Ending:
    """It is there; and it failed, if anything of it is not as it should be."""
    told = imported.told | {"sha256": order.sha256, "size": len(order.data), "key": order.key}
    told |= {"differences": imported.differences, "seconds": round(seconds, 3)}
    said = [f"{name:<9} {on_one_line(what)}" for name, what in _facts(imported.told, order, server)]
    if imported.differences:
        said += ["It is stored, and not as it should be:", *imported.differences]
        return Ending(NOT_DONE, said, told)
    return Ending(STORED, [*said, f"Stored, read back and compared in {seconds:.1f} s."], told)


def _facts(told: dict[str, Any], order: Order, server: str) -> Iterator[tuple[str, str]]:
    """What is stored and where, for people."""
    yield "Project", f"{told['project']['title']} ({told['project']['id']})"
    yield "Board", f"{server}/graphql shows it in a browser"
    yield "Scenes", f"{len(told['scenes']):,}"
    if (snapshot := told["snapshot"]) is not None:
        words = f"{snapshot['stats']['wordCount']:,} words"
        yield "Snapshot", f"version {snapshot['version']}, {words}, {snapshot['checksum']}"
    roles = [f"{role['name']} {role['speeches']:,}" for role in told["characters"]]
    more = [f"{len(roles) - ROLES_SHOWN:,} more"] if len(roles) > ROLES_SHOWN else []
    yield "Speeches", ", ".join([*roles[:ROLES_SHOWN], *more]) or "none"
    yield "File", f"{order.name}, {told['format']}, {len(order.data):,} bytes"
    yield "SHA-256", order.sha256
    for problem in told["problems"]:
        yield "Problem", f"line {problem['line']:,}: {problem['message']}"


def refused(refusal: Refused) -> Ending:
    blamed = f", {refusal.field}" if refusal.field else ""
    said = on_one_line(f"Refused: {refusal} ({refusal.code}{blamed})")
    error = {"code": refusal.code, "message": str(refusal), "field": refusal.field}
    return Ending(REFUSED, [said], {"error": error})


def not_done(why: str, order: Order, command: str) -> Ending:
    error = {"code": None, "message": why, "field": None}
    said = [on_one_line(why), GO_ON, f"  {command}"]
    return Ending(NOT_DONE, said, {"error": error, "key": order.key})


def interrupted(order: Order, command: str) -> Ending:
    ending = not_done("Stopped before the end.", order, command)
    return Ending(INTERRUPTED, ending.said, ending.told)
