"""Who asks: without authentication the one local user, else whoever shows a good credential."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from datetime import datetime, timedelta

from models import Client, MemberRole, Membership, User
from services import limits
from services.actor import SYSTEM, Actor, Role
from services.backends.provider_keys import NoKeys, ProviderKeys
from services.bearing import TOKEN_MARK
from services.credentials import (
    UNKNOWN,
    actor_of_token,
    actor_of_user,
    known_subject,
    name_in,
    note_use,
    subject_of,
    user_of_subject,
)
from services.errors import Unauthenticated
from services.formats.web_token import BadToken, Claims, Expected, UnknownKey, read
from services.work import perform
from services.world import World

CLIENT_SLUG = "local"
USER_ID = (
    "usr_00000000000000000000000001"  # fixed: of two processes that start at once, one makes it
)
USER_NAME = "You"

logger = logging.getLogger(__name__)


async def local_actor() -> Actor:
    """The local user; made, with the local client, when the database has none."""
    client, _ = await Client.get_or_create(slug=CLIENT_SLUG, defaults={"name": "This machine"})
    user, _ = await User.get_or_create(id=USER_ID, defaults={"name": USER_NAME})
    owner = {"role": MemberRole.OWNER}
    await Membership.get_or_create(client_id=client.id, user_id=user.id, defaults=owner)
    return Actor(user.id, user.name, {client.id: Role.OWNER})


class Provider:
    """The identity provider whose JSON Web Tokens are believed."""

    def __init__(self, keys: ProviderKeys, issuer: str, audience: str) -> None:
        self.keys = keys
        self.issuer = issuer
        self._expected = Expected(issuer, audience, limits.CLOCK_SKEW_SECONDS)

    async def claims(self, text: str, now: datetime) -> Claims:
        """What a token claims. Raises BadToken, or NoKeys while nothing can be verified."""
        moment = now.timestamp()
        try:
            return read(text, await self.keys.known(), self._expected, moment)
        except UnknownKey:
            return read(text, await self.keys.newest(), self._expected, moment)


class Recognition:
    """Knows people by what they show: an API token or, with a provider, a JSON Web Token."""

    def __init__(self, world: World, provider: Provider | None = None) -> None:
        self._world, self._provider = world, provider
        self._noted: dict[str, datetime] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def actor(self, text: str) -> Actor:
        """Who shows this, with the rights that they have now. Raises Unauthenticated."""
        if text.startswith(f"{TOKEN_MARK}_"):
            actor = await actor_of_token(self._world, text)
            self._note_use(actor.bearer)
            return actor
        if self._provider is None:
            raise Unauthenticated(UNKNOWN)
        return await self._vouched_for(text, self._provider)

    async def close(self) -> None:
        if self._notes:
            await asyncio.wait(self._notes)
        if self._provider is not None:
            await self._provider.keys.close()

    async def _vouched_for(self, text: str, provider: Provider) -> Actor:
        try:
            claims = await provider.claims(text, self._world.now())
        except (BadToken, NoKeys) as failure:
            logger.info("A JSON Web Token was refused: %s", failure)
            raise Unauthenticated(UNKNOWN) from None
        subject = subject_of(provider.issuer, claims.subject)
        if subject is None:
            raise Unauthenticated(UNKNOWN)
        user = await known_subject(self._world, subject)
        if user is None:
            name = name_in(claims)
            user = await perform(self._world, SYSTEM, user_of_subject, subject, name)
        return await actor_of_user(self._world, user, claims.expires)

    def _note_use(self, token_id: str) -> None:
        """Beside the request, which must not wait for a write."""
        now = self._world.now()
        last = self._noted.get(token_id)
        if last is not None and now - last < timedelta(seconds=limits.TOKEN_USE_NOTED_SECONDS):
            return
        self._noted[token_id] = now
        noting = perform(self._world, SYSTEM, note_use, token_id)
        task = asyncio.create_task(noting, context=contextvars.Context())
        self._notes.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._notes.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.warning("The use of a token could not be noted.", exc_info=task.exception())
