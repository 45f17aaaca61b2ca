"""Batched reads of one operation.

The rows that one level of a selection needs are read by one statement. Loaders live as long as what
they read may be trusted: for one query, one mutation field, or one event of a subscription.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from models import ScreenplayFormat

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Batch = Callable[[Sequence[K]], Awaitable[list[V]]]


class Loading:
    """What views need of an operation: batched reads and links to assets."""

    def __init__(self) -> None:
        self.passed: dict[str, Any] = {}
        """The rows passed on the way down, by id: edges that lead back to them read nothing."""
        self._loaders: dict[Callable[..., Any], DataLoader[Any, Any]] = {}

    def load(self, batch: Batch[K, V], key: K) -> Awaitable[V]:
        """The value of one key. All keys asked for in one turn of the event loop share a read.

        A field that fails makes graphql-core cancel the fields beside it: who waits for the same
        value elsewhere still gets it.
        """
        return asyncio.shield(self._loader(batch).load(key))

    def load_all(self, batch: Batch[K, V], keys: Iterable[K]) -> Awaitable[list[V]]:
        """The values of several keys, in their order."""
        return asyncio.shield(self._loader(batch).load_many(keys))

    def forget(self) -> None:
        """Read everything anew from here on."""
        self.passed = {}
        self._loaders = {}

    def asset_url(self, asset_id: str) -> str:
        """A link to an asset that works for a limited time."""
        raise NotImplementedError

    def asset_url_expires(self) -> datetime:
        """When the links made now stop working."""
        raise NotImplementedError

    def owns(self, client_id: str) -> bool:
        """Whether who asks is an owner there."""
        raise NotImplementedError

    async def seconds_taken(self, kind: str, renderer: str) -> float | None:
        """How long the last jobs of a kind took."""
        raise NotImplementedError

    async def screenplay(
        self, project_id: str, format: ScreenplayFormat | None, scene_ids: bool
    ) -> str | None:
        """A project as a screenplay, in this format or its own, with the ids of scenes or not."""
        raise NotImplementedError

    def _loader(self, batch: Batch[K, V]) -> DataLoader[K, V]:
        loader = self._loaders.get(batch)
        if loader is None:
            loader = self._loaders[batch] = DataLoader(load_fn=batch)
        return loader


Info = strawberry.Info[Loading, None]
