"""Who may come in, and who has to leave.

A request is admitted by what it shows, before a byte of it is parsed. Whatever stays open is looked
at again when the access revision has risen, in this process or another one, and at its expiry:
whose credential is gone, or whose rights are less than they were, is shown out.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models import access_revision
from resolvers.context import Context
from services import limits
from services.actor import Actor
from services.credentials import UNKNOWN, actors_now
from services.errors import RateLimited, Unauthenticated
from services.world import World

from .identity import Recognition

NOT_SHOWN, FORBIDDEN = 4401, 4403  # of graphql-transport-ws
SHOWN_OUT = "Your access has ended or was reduced. Come again with a valid credential."
COME_AGAIN_SECONDS = 5
BEARER = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)

logger = logging.getLogger(__name__)

Leave = Callable[[], Awaitable[None]]


class TurnedAway(Unauthenticated):
    """`close_code` is for a WebSocket."""

    def __init__(self, close_code: int) -> None:
        super().__init__(UNKNOWN)
        self.close_code = close_code


@dataclass(eq=False)
class Guest:
    """What is open: whoever its context says, and how to end it. `looked_at` is who was found to be
    welcome last, `seat` whose socket it is."""

    context: Context
    leave: Leave
    looked_at: Actor | None = None
    seat: str | None = None


class Reception:
    """`sockets_max` is how many of one actor are open at once in this process."""

    def __init__(self, recognition: Recognition, world: World, sockets_max: int) -> None:
        self._recognition, self._world = recognition, world
        self._guests: dict[Context, Guest] = {}
        self._seats: Counter[str] = Counter()
        self._sockets_max = sockets_max
        self._watching: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._revision = -1

    async def admit(self, shown: object) -> Actor:
        """Who shows this `Bearer` credential. Raises TurnedAway."""
        if shown in (None, ""):
            raise TurnedAway(NOT_SHOWN)
        if not isinstance(shown, str) or len(shown) > limits.TOKEN_CHARACTERS:
            raise TurnedAway(FORBIDDEN)
        found = BEARER.fullmatch(shown)
        if found is None:
            raise TurnedAway(FORBIDDEN)
        try:
            return await self._recognition.actor(found[1])
        except Unauthenticated:
            raise TurnedAway(FORBIDDEN) from None

    async def seat(self, context: Context, shown: object) -> None:
        """Admit whoever opened the socket of a context. Raises TurnedAway, and RateLimited for one
        socket too many."""
        actor = await self.admit(shown)
        if self._seats[actor.id] >= self._sockets_max:
            most = f"At most {self._sockets_max:,} sockets of one user at once."
            raise RateLimited(most, COME_AGAIN_SECONDS)
        context.actor = actor
        if (guest := self._guests.get(context)) is not None:
            guest.seat = actor.id
            self._seats[actor.id] += 1

    async def known(self, bearer: str) -> Actor | None:
        """The rights that a bearer has now, if it is still good."""
        return (await actors_now(self._world, [bearer])).get(bearer)

    @contextmanager
    def inside(self, context: Context, leave: Leave) -> Iterator[None]:
        """While the block runs, `leave` is called once the context's actor has to go."""
        self._guests[context] = Guest(context, leave)
        if self._watching is None:
            watch = self._watch()
            self._watching = asyncio.create_task(watch, context=contextvars.Context())
        try:
            yield
        finally:
            self._let_go(context)

    def _let_go(self, context: Context) -> None:
        guest = self._guests.pop(context, None)
        if guest is not None and guest.seat is not None:
            self._seats[guest.seat] -= 1
            if not self._seats[guest.seat]:
                del self._seats[guest.seat]

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        await self._recognition.close()

    async def _watch(self) -> None:
        try:
            while self._guests:
                self._show_out_expired()
                try:
                    await self._look()
                except Exception as failure:  # without its database nothing is delivered either
                    logger.warning("Rights cannot be looked at: %s", type(failure).__name__)
                await asyncio.sleep(self._pause())
        finally:
            self._watching = None

    async def _look(self) -> None:
        """At everybody when the revision has risen, else at those who have just come."""
        revision = await access_revision()  # first: what changes later shows at the next look
        risen = revision != self._revision
        due = [
            (guest, actor)
            for guest in self._guests.values()
            if (actor := guest.context.actor).bearer and (risen or guest.looked_at is not actor)
        ]
        now = await actors_now(self._world, {actor.bearer for _, actor in due}) if due else {}
        for guest, before in due:
            today = now.get(before.bearer)
            if today is None or today.has_less_than(before):
                self._show_out(guest)
            elif guest.context.actor is before:
                guest.looked_at = replace(today, expires=today.expires or before.expires)
                guest.context.actor = guest.looked_at  # for what begins from now on
        self._revision = revision

    def _show_out_expired(self) -> None:
        now = self._world.now()
        for guest in tuple(self._guests.values()):
            expires = guest.context.actor.expires
            if expires is not None and expires <= now:
                self._show_out(guest)

    def _show_out(self, guest: Guest) -> None:
        self._let_go(guest.context)
        leaving = asyncio.ensure_future(guest.leave())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    def _pause(self) -> float:
        """Until the next look, or the next expiry if that comes first. In seconds."""
        ends = [
            end
            for guest in self._guests.values()
            if (end := guest.context.actor.expires) is not None
        ]
        if not ends:
            return limits.ACCESS_RECHECK_SECONDS
        soonest = (min(ends) - self._world.now()) / timedelta(seconds=1)
        return min(max(soonest, 0.01), limits.ACCESS_RECHECK_SECONDS)


class Welcome:
    """A stream for as long as its reader is welcome; then `farewell`, and no regular end."""

    def __init__(
        self, reception: Reception, context: Context, stream: Response, farewell: bytes
    ) -> None:
        self._reception, self._context, self._stream = reception, context, stream
        self._farewell = farewell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reading = asyncio.current_task()
        ended = shown_out = False

        async def leave() -> None:
            nonlocal shown_out
            if reading is not None and not ended:
                shown_out = True
                reading.cancel()

        with self._reception.inside(self._context, leave):
            try:
                await self._stream(scope, receive, send)
            except asyncio.CancelledError:
                if not shown_out or reading is None:
                    raise
                reading.uncancel()
                with contextlib.suppress(RuntimeError, OSError):  # it ended in the same moment
                    await send({"type": "http.response.body", "body": self._farewell})
            finally:
                ended = True


def shown_by(headers: Headers) -> str | None:
    """What a request shows. Who shows several things shows nothing that can be understood."""
    return ", ".join(headers.getlist("authorization")) or None


def shown_in(connection_params: Mapping[str, Any]) -> object:
    """What the first message of a WebSocket shows."""
    return connection_params.get("Authorization") or connection_params.get("authorization")


def told() -> dict[str, Any]:
    """The error of whoever is turned away or shown out, as GraphQL has it."""
    return {"message": UNKNOWN, "extensions": {"code": Unauthenticated.code}}


def turned_away(media_type: str) -> Response:
    return Response(
        orjson.dumps({"errors": [told()]}),
        status_code=401,
        headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"},
        media_type=media_type,
    )
