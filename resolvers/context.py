"""What one operation knows: who asks, and how to reach the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import strawberry

from models import ScreenplayFormat
from schema.cursor import Cursor
from schema.given import given
from schema.loading import Loading
from services import access
from services.actor import Actor
from services.feed import Place
from services.idempotency import Once
from services.links import Links
from services.lookout import Lookout
from services.screenplays import written_screenplay
from services.work import Work, perform_once
from services.world import World

from .documents import Documents
from .watch import Watch

P = ParamSpec("P")
R = TypeVar("R")


class Context(Loading):
    """One per operation; of a subscription the loaders are renewed for each event.

    `address` is where the request came from; empty when it came over no network.
    """

    def __init__(
        self,
        actor: Actor,
        world: World,
        links: Links,
        watch: Watch | None = None,
        documents: Documents | None = None,
    ) -> None:
        super().__init__()
        self.watch = watch or Watch()
        self.actor = actor
        self.world = world
        self.documents = documents or Documents()
        self._links = links
        self.has_written = False
        self.place: Place | None = None
        """Where a subscription goes on from, instead of from where its arguments say."""
        self.lookout: Lookout | None = None
        """On behalf of whom one that has no places is executed; None for its caller alone."""
        self.address = ""
        self.cursor: Cursor | None = None
        """Of the event that a stream sent last."""
        self.resume_after: str | None = None
        """The cursor with which the transport itself came back, later than any in the document."""

        self.authorization: str | None = None
        """What the upgrade to a WebSocket said of who asks."""
        self.connection_params: Mapping[str, Any] = {}
        """What the first message on it said."""

    def asset_url(self, asset_id: str) -> str:
        return self._links.url(asset_id, self.actor.bearer, self.actor.expires)

    def asset_url_expires(self) -> datetime:
        return self._links.expires_at(self.actor.expires)

    def owns(self, client_id: str) -> bool:
        return access.owns(self.actor, client_id)

    async def seconds_taken(self, kind: str, renderer: str) -> float | None:
        return await self.world.history.seconds_taken(kind, renderer)

    async def screenplay(
        self, project_id: str, format: ScreenplayFormat | None, scene_ids: bool
    ) -> str | None:
        return await written_screenplay(
            self.actor, self.world, project_id, format, scene_ids=scene_ids
        )

    async def do(
        self, act: Callable[Concatenate[Work, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a use case as one unit of work."""
        return await self.do_once(None, act, *args, **kwargs)

    async def do_once(
        self,
        once: Once | None,
        act: Callable[Concatenate[Work, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """The same, answering a repeated key with the first answer."""
        self.has_written = True
        try:
            return await perform_once(self.world, self.actor, once, act, *args, **kwargs)
        finally:
            self.forget()

    def unwatched(self, actor: Actor) -> Context:
        """A context for a stream that is executed for others than its caller."""
        return Context(actor, self.world, self._links, documents=self.documents)

    def again(self) -> Context:
        """The same caller's context for another operation."""
        context = Context(self.actor, self.world, self._links, self.watch, self.documents)
        context.address = self.address
        return context


Info = strawberry.Info[Context, None]


def document(value: Any, *without: str) -> dict[str, Any]:
    """An input as the client gave it, less the fields handed over separately."""
    return {name: found for name, found in given(value).items() if name not in without}


def keyed(operation: str, value: Any) -> Once | None:
    """The input's idempotency key with what it stands for, if it has one."""
    body = given(value)
    key = body.pop("idempotencyKey", None)
    return Once(operation, key, body) if key is not None else None
