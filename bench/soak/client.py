"""One client: it follows a project through broken connections, and acts on what it sees."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import WebSocketException

from tests.graph.client import EVERYTHING, FOLLOW, Cache, Copy, entities, of_type, stored

from .tally import Tally
from .wire import CONTRACT, Frames, Refused, ask, over_events, over_socket

WAITING = ("QUEUED", "RUNNING")
Check = Callable[[Any], str | None]
CONNECTED_SECONDS = 15.0
"""How long a client stays connected, on average, before its network breaks."""
AWAY_SECONDS = 2.0
REQUEST_SECONDS = 60.0
LIMITS = httpx.Limits(keepalive_expiry=2.0)
"""Sooner than the server closes an idle connection, or a request may meet its end."""
PAUSE_SECONDS = 0.5
ATTEMPTS_MAX = 100
BROKEN = (httpx.HTTPError, WebSocketException, OSError, ValueError, TimeoutError)
EXPECTED = {"NOT_FOUND", "CONFLICT", "INVALID_INPUT", "LIMIT_EXCEEDED"}
"""What may be answered to who acts on what others change at the same time."""


class NoAnswer(Exception):
    """No server answered, however often it was asked."""


class SoakClient:
    """A front end with a cache, at one of the servers, over one of the transports."""

    def __init__(self, number: int, urls: list[str], tally: Tally, dice: random.Random) -> None:
        self.name = f"client {number}"
        self.urls, self.tally, self.dice = urls, tally, dice
        self.by_socket = number % 2 == 0
        self.http = httpx.AsyncClient(trust_env=False, timeout=REQUEST_SECONDS, limits=LIMITS)
        self.copy = Copy("")
        self.start = ""
        """The cursor that its events begin after."""
        self.acting = True
        self._following: asyncio.Task[None] | None = None

    async def settle_on(self, project_id: str) -> None:
        """Fetch a project, to follow it from there."""
        self.copy = Copy(project_id)
        self.copy.cursor, fetched = await self.fetch()
        self.start = self.copy.cursor
        self.copy.cache = {row_id: stored(entity) for row_id, entity in fetched.items()}

    async def fetch(self) -> tuple[str, Cache]:
        """What a query says now, page by page of its jobs, and its cursor."""
        jobs: list[Any] = []
        while True:
            after = jobs[-1]["cursor"] if jobs else None
            found = await self.ask(EVERYTHING, id=self.copy.project_id, jobsAfter=after)
            jobs += found["jobs"]["edges"]
            page = found["jobs"]["pageInfo"]
            if not page["hasNextPage"]:
                break
            jobs[-1]["cursor"] = page["endCursor"]
        found["jobs"] = [edge["node"] for edge in jobs]
        return found.pop("cursor"), {entity["id"]: entity for entity in entities(found)}

    # ----- Asking

    async def ask(self, document: str, **variables: Any) -> Any:
        """The only root field's value, asked again until some server answers. Raises Refused."""
        for _ in range(ATTEMPTS_MAX):
            answer = await self.attempt(document, **variables)
            if answer is not None:
                return answer
            await asyncio.sleep(PAUSE_SECONDS)
        raise NoAnswer(document)

    async def attempt(self, document: str, **variables: Any) -> Any:
        """The same, asked once; None when no answer came. Raises Refused."""
        began = time.monotonic()
        try:
            answer = await ask(self.http, self.dice.choice(self.urls), document, **variables)
        except Refused as refusal:
            self.tally.answers[refusal.code] += 1
            if self.tally.excuses(refusal.code):
                return None
            if refusal.code not in EXPECTED:
                self.tally.find(f"{self.name}: {refusal.code}: {refusal} to {document[:200]}")
            raise
        except BROKEN as failure:
            self._broken("asking", failure)
            return None
        self.tally.answers["answered"] += 1
        self.tally.latencies.append(time.monotonic() - began)
        return answer

    def _broken(self, doing: str, failure: Exception) -> None:
        code = getattr(getattr(failure, "rcvd", None), "code", None)
        status = getattr(getattr(failure, "response", None), "status_code", 0)
        if status >= 500 or code == 1011:
            self.tally.find(f"{self.name}, {doing}: {status or code}")
        self.tally.lost(f"{self.name}, {doing}: {type(failure).__name__} {failure}")

    # ----- Following

    def begin_following(self) -> None:
        self._following = asyncio.create_task(self._again_and_again(self._take_frames))

    async def end_following(self) -> None:
        if self._following is not None:
            self._following.cancel()
            [end] = await asyncio.gather(self._following, return_exceptions=True)
            if isinstance(end, Exception):
                self.tally.find(f"{self.name} broke down: {end!r}")

    def waiting_jobs(self) -> list[Any]:
        return [job for job in of_type(self.copy.cache, "Job") if job["status"] in WAITING]

    async def watch(self, name: str, check: Check) -> None:
        """Keep a stream of the contract open beside; `check` says what is wrong with a frame."""

        async def look() -> None:
            of = {"id": self.copy.project_id, "projectId": self.copy.project_id}
            async with aclosing(self._frames(CONTRACT[name], of)) as frames:
                async for frame in frames:
                    self.tally.counts[f"{name} frames"] += 1
                    if wrong := check(frame):
                        self.tally.find(f"{self.name}, {name}: {wrong}")

        await self._again_and_again(look)

    async def _again_and_again(self, stream: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Connect, lose the connection, come back; until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self.dice.expovariate(1 / CONNECTED_SECONDS)) as network:
                    await stream()
                self.tally.counts["streams completed"] += 1
            except Refused as refusal:
                if not self.tally.excuses(refusal.code):
                    self.tally.find(f"{self.name}, following: {refusal.code} {refusal}")
            except BROKEN as failure:
                if network.expired():
                    self.tally.counts["disconnects"] += 1
                else:
                    self._broken("following", failure)
            await asyncio.sleep(self.dice.uniform(0, AWAY_SECONDS))

    async def _take_frames(self) -> None:
        variables = {"id": self.copy.project_id, "after": self.copy.cursor}
        async with aclosing(self._frames(FOLLOW, variables)) as frames:
            async for frame in frames:
                if "events" not in frame:
                    self.tally.find(f"{self.name} was told to fetch again.")
                    return
                self.copy.take(frame)
                self.tally.counts["frames"] += 1
                self.tally.counts["events delivered"] += len(frame["events"])

    def _frames(self, document: str, variables: dict[str, Any]) -> Frames:
        url = self.dice.choice(self.urls)
        if self.by_socket:
            return over_socket(url, document, variables, rudely=self.dice.random() < 0.5)
        return over_events(self.http, url, document, variables)


def unsigned(entity: Any) -> Any:
    """Without the signatures of links, which differ from answer to answer."""
    if isinstance(entity, dict):
        return {name: unsigned(value) for name, value in entity.items()}
    if isinstance(entity, str) and "/assets/" in entity:
        return urlsplit(entity).path
    return entity
