"""The bus: wake-ups for whoever follows a topic, and short notes about what is only of the moment.

A wake-up says "look again" and nothing else. It may be lost, doubled or late without harm: what it
points at is kept elsewhere, so a listener starts to listen first, then reads, and reads again at a
slow pace of its own besides. A note saves the look: it says what one would find, may be lost like
any wake-up, and of the notes of one subject the latest counts.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

NOTE_BYTES = 4_000
"""With its topic and subject, as ASCII JSON."""

NOTES_KEPT = 1_000
"""Of one listener, one of each subject."""


@dataclass(frozen=True)
class Heard:
    """`look`: something is not in the notes. `notes`: the latest one of each subject."""

    look: bool
    notes: Mapping[str, str]


@dataclass(frozen=True)
class BusHealth:
    """`connected`: a wake-up sent now is expected to arrive. Hints are messages between processes,
    signs of life not counted; `echo_seconds` is how long the last one took to come back."""

    connected: bool
    rebuilds: int = 0
    echo_seconds: float | None = None
    hints_sent: int = 0
    hints_received: int = 0


class Bell(Protocol):
    """One listener's own memory of having been woken; for one waiting task at a time."""

    @property
    def closed(self) -> bool:
        """The bus has gone: there is nothing more to wait for."""

    def ring(self) -> None:
        """Wake this listener alone."""

    async def rung(self, timeout: float | None = None) -> bool:
        """True if woken since the last call, however often; False after `timeout` seconds.

        A wake-up between two calls is kept for the second. Once `closed`, True at once.
        """

    def heard(self) -> Heard:
        """What it rang for since the last call."""


class Bus(Protocol):
    async def start(self) -> None:
        """Once, before the first wake-up. Succeeds even if the other processes are out of reach."""

    async def close(self) -> None:
        """Wakes every listener for the last time."""

    def wake(self, *topics: str) -> None:
        """Wakes all who listen to any of these, here and elsewhere. Never waits, never raises;
        only for the event loop's own thread."""

    def tell(self, topic: str, subject: str, note: str) -> None:
        """Give all who listen to the topic a note. One over NOTE_BYTES is a wake-up instead."""

    def listen(self, *topics: str) -> AbstractAsyncContextManager[Bell]:
        """A bell for these topics. It may also ring for no reason, as after a reconnection."""

    def health(self) -> BusHealth: ...


def fits(topic: str, subject: str, note: str) -> bool:
    return len(json.dumps([topic, subject, note])) <= NOTE_BYTES


class LocalBell:
    def __init__(self, closed: bool) -> None:
        self.closed = closed
        self._woken = asyncio.Event()
        self._look = False
        self._notes: dict[str, str] = {}
        if closed:
            self._woken.set()

    def ring(self) -> None:
        self._look = True
        self._woken.set()

    def note(self, subject: str, note: str) -> None:
        self._notes[subject] = note
        if len(self._notes) > NOTES_KEPT:
            self._notes.clear()
            self._look = True
        self._woken.set()

    def heard(self) -> Heard:
        heard = Heard(self._look, self._notes)
        self._look, self._notes = False, {}
        return heard

    def close(self) -> None:
        self.closed = True
        self._woken.set()

    async def rung(self, timeout: float | None = None) -> bool:
        try:
            async with asyncio.timeout(timeout):
                await self._woken.wait()
        except TimeoutError:
            return False
        if self.closed:
            await asyncio.sleep(0)  # a loop that overlooks `closed` must not starve the others
        else:
            self._woken.clear()
        return True


class LocalBus:
    """The embedded default: one process, one event loop, always connected."""

    def __init__(self) -> None:
        self._bells: dict[str, set[LocalBell]] = {}
        self._closed = False

    async def start(self) -> None:
        """There is nothing to connect."""

    async def close(self) -> None:
        self._closed = True
        for bells in self._bells.values():
            for bell in bells:
                bell.close()

    def wake(self, *topics: str) -> None:
        for topic in topics:
            for bell in self._bells.get(topic, ()):
                bell.ring()

    def tell(self, topic: str, subject: str, note: str) -> None:
        if not fits(topic, subject, note):
            self.wake(topic)
            return
        for bell in self._bells.get(topic, ()):
            bell.note(subject, note)

    def wake_everyone(self) -> None:
        """For when it is unknown which wake-ups were missed."""
        self.wake(*self._bells)

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncGenerator[LocalBell]:
        bell = LocalBell(self._closed)
        for topic in topics:
            self._bells.setdefault(topic, set()).add(bell)
        try:
            yield bell
        finally:
            for topic in set(topics):
                self._bells[topic].discard(bell)
                if not self._bells[topic]:
                    del self._bells[topic]

    def health(self) -> BusHealth:
        return BusHealth(connected=not self._closed)
