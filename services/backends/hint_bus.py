"""The bus across processes: hints over one pub/sub channel, watched and rebuilt when it fails.

Pub/sub promises nothing: a connection can die without an error, and what was said meanwhile is
gone. So each process numbers its messages and repeats a sign of life. A missing echo of one's own
message means that the channel is dead: it is thrown away and built anew. A missing number means
that something was lost, or never sent: every local listener looks again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from broadcaster import Broadcast

from services.backends.bus import Bell, BusHealth, LocalBus, fits

SCHEMES = frozenset({"redis", "rediss", "postgres", "postgresql", "memory"})
CHANNEL = "storyreel_hints"
MESSAGE_BYTES = 7_000  # PostgreSQL ends a NOTIFY payload at 7,999 bytes
TOPIC_CHARACTERS = 500  # escaped, at most 12 bytes each: one topic always fits into a message
PENDING_HINTS = 10_000
KNOWN_SENDERS = 1_000
DOUBLINGS = 10

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How soon a failure is found and how patiently it is mended, in seconds."""

    probe: float = 5.0
    patience: float = 2.0  # for each answer: a connection, a publication, an echo, a farewell
    first_retry: float = 0.1
    slowest_retry: float = 5.0

    def pause(self, failures: int) -> float:
        """Doubles with each failure in a row; jittered, so that peers do not return as one."""
        longest = min(self.slowest_retry, self.first_retry * 2.0 ** min(failures, DOUBLINGS))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - a pause is no secret


class Lost(Exception):
    """The channel is of no use any more. The message is ours, so it is safe to log."""


Hint = str | list[str]
"""A topic to be woken, or a note: `[topic, subject, note]`."""


class Outbox:
    """What the other processes have not been told yet, packed into messages.

    A message is `[sender, number, hints]` in ASCII JSON, never over MESSAGE_BYTES. Of the notes on
    one subject the latest goes. What is forgotten uses up a number: the readers see the gap and
    look at everything.
    """

    def __init__(self, sender: str) -> None:
        self.filled = asyncio.Event()
        self._sender = sender
        self._number = 0
        self._pending: dict[str | tuple[str, str], Hint] = {}  # in the order of arrival

    def add(self, *topics: str) -> None:
        self._pending.update({topic: topic for topic in topics})
        too_long = any(len(topic) > TOPIC_CHARACTERS for topic in topics)
        if too_long or len(self._pending) > PENDING_HINTS:
            self.forget()
        elif self._pending:
            self.filled.set()

    def add_note(self, topic: str, subject: str, note: str) -> None:
        if len(self._pending) < PENDING_HINTS and fits(topic, subject, note):
            self._pending[topic, subject] = [topic, subject, note]
            self.filled.set()
        else:
            self.add(topic)

    def forget(self) -> None:
        self._pending.clear()
        self._number += 1
        self.filled.set()

    def next_message(self) -> tuple[int, int, str]:
        """Its number, how many hints it carries, and the message.

        As many hints as fit; without any, it is a sign of life.
        """
        room = MESSAGE_BYTES - len(self._encoded([]))
        packed: dict[str | tuple[str, str], Hint] = {}
        for key, hint in self._pending.items():
            room -= len(json.dumps(hint)) + len(", ")
            if room < 0:
                break
            packed[key] = hint
        for key in packed:
            del self._pending[key]
        if not self._pending:
            self.filled.clear()
        number, message = self._number, self._encoded([*packed.values()])
        self._number += 1
        return number, len(packed), message

    def _encoded(self, hints: list[Hint]) -> str:
        return json.dumps([self._sender, self._number, hints])


def decoded(message: str) -> tuple[str, int, list[Hint]] | None:
    """Sender, number and hints; None for what was not written by an `Outbox`."""
    try:
        sender, number, hints = json.loads(message)
    except (TypeError, ValueError, RecursionError):
        return None
    if not (isinstance(sender, str) and isinstance(number, int) and isinstance(hints, list)):
        return None
    return (sender, number, hints) if all(map(_is_hint, hints)) else None


def _is_hint(found: object) -> bool:
    if isinstance(found, list):
        return len(found) == len(("topic", "subject", "note")) and all(
            isinstance(part, str) for part in found
        )
    return isinstance(found, str)


class Link:
    """One `Broadcast`, from connecting to throwing it away; it is never mended."""

    def __init__(self, url: str, patience: float) -> None:
        self._broadcast = Broadcast(url)
        self._patience = patience
        self._subscription = AsyncExitStack()
        self._echoed = -1
        self._echo = asyncio.Event()

    async def open(self) -> None:
        async with asyncio.timeout(self._patience):
            await self._broadcast.connect()
            try:
                self._subscriber = await self._subscription.enter_async_context(
                    self._broadcast.subscribe(CHANNEL)
                )
            except KeyError as error:
                # Broadcast stumbles in its own clean-up and hides the reason, cancellation too.
                raise error.__context__ or error from None

    async def publish(self, message: str) -> None:
        """For one caller at a time: PostgreSQL's connection is shared with the subscription."""
        async with asyncio.timeout(self._patience):
            await self._broadcast.publish(CHANNEL, message)

    async def next_message(self) -> str:
        message: str = (await self._subscriber.get()).message
        return message

    def hear(self, number: int) -> None:
        """Our own message of this number has come back, perhaps not for the first time."""
        self._echoed = max(self._echoed, number)
        self._echo.set()

    async def echo(self, number: int) -> None:
        try:
            async with asyncio.timeout(self._patience):
                while self._echoed < number:
                    self._echo.clear()
                    await self._echo.wait()
        except TimeoutError:
            raise Lost("no echo came back") from None

    async def watch(self) -> None:
        ended, _ = await asyncio.wait(self._tasks(), return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()  # raises what ended it
        raise Lost("the subscription ended")

    async def discard(self) -> None:
        """Leaves neither task nor connection behind, in whatever state, cancelled or not."""
        farewell = asyncio.create_task(self._dismantle())
        try:
            await asyncio.shield(farewell)
        except asyncio.CancelledError:
            await farewell
            raise

    async def _dismantle(self) -> None:
        """`Broadcast.disconnect` is not enough: it never reads the errors of its tasks, and skips
        the connection if that was not complete or a task had failed. The tasks go first: a Redis
        subscription that sees its connection close may open another one."""
        await self._attempt(self._reap_tasks)
        await self._attempt(self._subscription.aclose)
        await self._attempt(self._broadcast._backend.disconnect)

    async def _attempt(self, step: Callable[[], Awaitable[None]]) -> None:
        with suppress(Exception):
            async with asyncio.timeout(self._patience):
                await step()

    async def _reap_tasks(self) -> None:
        for task in self._tasks():
            task.cancel()
        await asyncio.gather(*self._tasks(), return_exceptions=True)

    def _tasks(self) -> list[asyncio.Task[None]]:
        candidates = (
            getattr(self._broadcast, "_listener_task", None),
            getattr(self._broadcast._backend, "_listener", None),  # a method in some backends
        )
        return [each for each in candidates if isinstance(each, asyncio.Task)]


class HintBus:
    """Wakes local listeners at once and those of other processes by hints.

    `url` is redis://, rediss://, postgres://, postgresql:// or memory:// (which reaches nobody
    else). While the server is away, local wake-ups go on; when it is back, everybody looks again.
    """

    def __init__(self, url: str, pace: Pace | None = None) -> None:
        address = urlsplit(url)
        if address.scheme not in SCHEMES:
            raise ValueError(f"A bus URL starts with one of {', '.join(sorted(SCHEMES))}.")
        self._url = url
        self._place = f"{address.scheme} bus at {address.hostname or 'this host'}"  # no password
        self._pace = pace or Pace()
        self._local = LocalBus()
        self._name = secrets.token_hex(8)
        self._outbox = Outbox(self._name)
        self._turn = asyncio.Lock()
        self._told = asyncio.Event()
        self._expected: dict[str, int] = {}
        self._echo_seconds: float | None = None
        self._connected = asyncio.Event()
        self._connections = 0
        self._failures = 0
        self._trouble = ""
        self._sent = 0
        self._received = 0
        self._supervisor: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self._supervisor is not None:
            raise RuntimeError("A bus is started once.")
        self._supervisor = asyncio.create_task(self._supervise(), name="bus")
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.patience):
                await self._connected.wait()

    async def close(self) -> None:
        """What was woken before is still sent, if the channel is alive."""
        await self._local.close()
        if self._supervisor is None:
            return
        if self._connected.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.patience):
                    await self._told.wait()
        self._supervisor.cancel()
        await asyncio.wait([self._supervisor])

    def wake(self, *topics: str) -> None:
        self._local.wake(*topics)
        self._outbox.add(*topics)
        if self._outbox.filled.is_set():
            self._told.clear()

    def tell(self, topic: str, subject: str, note: str) -> None:
        self._local.tell(topic, subject, note)
        self._outbox.add_note(topic, subject, note)
        self._told.clear()

    def listen(self, *topics: str) -> AbstractAsyncContextManager[Bell]:
        return self._local.listen(*topics)

    def health(self) -> BusHealth:
        return BusHealth(
            connected=self._connected.is_set(),
            rebuilds=max(0, self._connections - 1),
            echo_seconds=self._echo_seconds,
            hints_sent=self._sent,
            hints_received=self._received,
        )

    async def _supervise(self) -> None:
        task = asyncio.current_task()
        pause = 0.0
        # A cancellation that meets another failure can come out as that failure.
        while task is not None and not task.cancelling():
            await asyncio.sleep(pause)
            try:
                await self._live()
            except Exception as error:
                self._note_loss(error)
            pause = self._pace.pause(self._failures)
            self._failures += 1

    async def _live(self) -> None:
        """One connection, until it fails."""
        link = Link(self._url, self._pace.patience)
        try:
            await link.open()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(link.watch())
                tasks.create_task(self._read(link))
                await self._probe(link)
                self._note_connection()
                tasks.create_task(self._send(link))
                while True:
                    await asyncio.sleep(self._pace.probe)
                    await self._probe(link)
                    self._failures = 0  # only now: a flapping channel must not be hurried
        finally:
            self._connected.clear()
            self._echo_seconds = None
            await link.discard()

    async def _read(self, link: Link) -> None:
        while True:
            self._receive(link, await link.next_message())

    async def _send(self, link: Link) -> None:
        while True:
            await self._outbox.filled.wait()
            await self._publish(link)

    async def _publish(self, link: Link) -> int:
        async with self._turn:
            number, hints, message = self._outbox.next_message()
            await link.publish(message)
        self._sent += bool(hints)
        if not self._outbox.filled.is_set():
            self._told.set()
        return number

    async def _probe(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        asked = loop.time()
        await link.echo(await self._publish(link))
        self._echo_seconds = loop.time() - asked

    def _receive(self, link: Link, message: str) -> None:
        told = decoded(message)
        if told is None:  # perhaps another version of ours, with something to say
            self._local.wake_everyone()
            return
        sender, number, hints = told
        in_order = number == self._expected.pop(sender, 0)
        if len(self._expected) >= KNOWN_SENDERS:
            self._expected.clear()  # costs a needless look at everything, no more
        self._expected[sender] = number + 1
        if not in_order:
            self._local.wake_everyone()
        if sender == self._name:
            link.hear(number)
            return
        self._local.wake(*(hint for hint in hints if isinstance(hint, str)))
        for note in hints:
            if not isinstance(note, str):
                self._local.tell(*note)
        self._received += bool(hints)

    def _note_connection(self) -> None:
        self._connections += 1
        self._trouble = ""
        self._connected.set()
        self._local.wake_everyone()
        logger.info("The %s is connected (connection %d).", self._place, self._connections)

    def _note_loss(self, error: Exception) -> None:
        """Once per kind of trouble, and by the error's name only: its text may hold the URL."""
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        trouble = str(error) if isinstance(error, Lost) else type(error).__name__
        if trouble != self._trouble:
            self._trouble = trouble
            logger.warning("The %s is lost, trying again: %s.", self._place, trouble)
