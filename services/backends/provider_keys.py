"""The public keys of an identity provider, fetched from its address and kept for a while."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable

import httpx
from joserfc.jwk import KeySet

from .. import limits
from ..formats.web_token import read_keys

logger = logging.getLogger(__name__)


class NoKeys(Exception):
    """The provider has never answered with a key."""


class ProviderKeys:
    """Keys are renewed in the background once they are older than `kept` seconds, and at once when
    a token was signed with none of them; but never more often than every `again` seconds, and only
    one request runs at a time. Keys once seen stay while the provider is silent.
    """

    def __init__(
        self,
        url: str,
        *,
        kept: float = limits.PROVIDER_KEYS_KEPT_SECONDS,
        again: float = limits.PROVIDER_KEYS_AGAIN_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._kept, self._again, self._now = url, kept, again, now
        self._http = httpx.AsyncClient(timeout=limits.PROVIDER_ANSWER_SECONDS)
        self._keys: KeySet | None = None
        self._fetched_at = self._tried_at = -float("inf")
        self._fetching: asyncio.Task[None] | None = None

    async def known(self) -> KeySet:
        """What is kept, fetched first if nothing is. Raises NoKeys."""
        if self._keys is None:
            return await self.newest()
        if self._now() - self._fetched_at >= self._kept:
            self._begin()
        return self._keys

    async def newest(self) -> KeySet:
        """For a token that was signed with none of the known ones. Raises NoKeys."""
        self._begin()
        if self._fetching is not None:
            await asyncio.shield(self._fetching)  # others wait for it too
        if self._keys is None:
            raise NoKeys("The identity provider has not answered with a usable key.")
        return self._keys

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
        await self._http.aclose()

    def _begin(self) -> None:
        """Unless it is under way, or too soon."""
        under_way = self._fetching is not None and not self._fetching.done()
        if not under_way and self._now() - self._tried_at >= self._again:
            self._tried_at = self._now()
            # for all who wait, and so in nobody's name
            self._fetching = asyncio.create_task(self._fetch(), context=contextvars.Context())

    async def _fetch(self) -> None:
        try:
            self._keys = read_keys(await self._body())
            self._fetched_at = self._now()
        except (httpx.HTTPError, ValueError, TimeoutError) as failure:
            logger.warning(
                "The keys of the identity provider cannot be fetched: %s", type(failure).__name__
            )

    async def _body(self) -> bytes:
        async with (
            asyncio.timeout(limits.PROVIDER_ANSWER_SECONDS),
            self._http.stream("GET", self._url) as answer,
        ):
            answer.raise_for_status()
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > limits.PROVIDER_ANSWER_BYTES:
                    raise ValueError("Its answer is too long.")
            return bytes(body)
