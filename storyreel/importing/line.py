"""A line to a server over which requests and answers may be lost, late or cut short."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

PIECE_BYTES = 64 * 1024
WAIT_SECONDS_MAX = 120
"""A server that wants to be left alone for longer is not waited for."""
AGAIN = frozenset({408, 429, 502, 503, 504})
"""Statuses that may be another one in a moment."""
PASSING = frozenset({"RATE_LIMITED", "UNAVAILABLE"})
"""Codes of refusals that say to ask again."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PATH = "/graphql"


class ImportFailed(Exception):
    """Its text is for the person who waits."""


class Refused(ImportFailed):
    """The server understood, and will not do it however often it is asked."""

    def __init__(self, message: str, code: str, field: str | None) -> None:
        super().__init__(message)
        self.code, self.field = code, field


class NotDone(ImportFailed):
    """No answer that can be relied on. Whether anything was done is not known."""


class _Trouble(Exception):
    """This attempt failed; another one may not. `wait` is how many seconds the server asks for."""

    def __init__(self, message: str, wait: int = 0) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True)
class Patience:
    """`seconds` are those of a whole attempt, `pause` those before the second one. Each further
    pause is twice as long, and all of them half as long or half as long again by chance, so that
    many clients do not come back at once."""

    attempts: int = 3
    seconds: float = 30
    pause: float = 1

    def before(self, attempt: int) -> float:
        """How many seconds to wait before an attempt, from the second one on."""
        length = self.pause * 2.0 ** (attempt - 2)
        return length * random.SystemRandom().uniform(0.5, 1.5)


class Onlooker:
    """Is told how far things are. This one does nothing about it."""

    def stage(self, text: str) -> None:
        """What is being done from now on."""

    def sending(self, sent: int, total: int) -> None:
        """How many bytes are on their way."""

    def trouble(self, text: str) -> None:
        """What went wrong, and what is done about it."""


class Line:
    """What is asked over it may arrive as often as there are attempts: ask only what is a question
    or has an idempotency key."""

    def __init__(
        self, server: str, token: str | None, patience: Patience, onlooker: Onlooker
    ) -> None:
        """`server` is an address as people know it, with or without `/graphql`."""
        self.server = server.rstrip("/").removesuffix(PATH)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._patience, self._onlooker = patience, onlooker
        at_home = httpx.URL(self.server).host in LOOPBACK  # no proxy knows the way there
        self._http = httpx.AsyncClient(timeout=None, trust_env=not at_home)  # noqa: S113  # _once

    async def aclose(self) -> None:
        await self._http.aclose()

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data that answer a document. Raises Refused and NotDone."""
        body = {"query": document, "variables": variables}
        return await self._patiently(lambda: self._post(json=body))

    async def upload(self, document: str, file: bytes, input: dict[str, Any]) -> Any:
        """The same, with a file as the field `file` of the input, in a form of the multipart
        request specification. Nobody asks for the name of the file: some are no text."""
        operations = {"query": document, "variables": {"input": input | {"file": None}}}
        parts: list[tuple[str, Any]] = [
            ("operations", (None, json.dumps(operations))),
            ("map", (None, '{"0": ["variables.input.file"]}')),
            ("0", ("file", file)),
        ]
        form = httpx.Request("POST", self.server, files=parts)
        body = form.read()
        headers = {
            "GraphQL-Preflight": "1",
            "Content-Type": form.headers["content-type"],
            "Content-Length": str(len(body)),
        }
        return await self._patiently(
            lambda: self._post(content=self._pieces(body), headers=headers)
        )

    async def checksum(self, url: str) -> tuple[int, str]:
        """How long a file behind a signed link is, and its SHA-256 in hexadecimal. Links may lead
        elsewhere: nobody there is shown the token."""

        async def fetch() -> tuple[int, str]:
            size, digest = 0, hashlib.sha256()
            async with self._http.stream("GET", httpx.URL(f"{self.server}/").join(url)) as answer:
                _check_status(answer)
                if not answer.is_success:
                    raise NotDone(f"The stored file is not given out: status {answer.status_code}.")
                async for piece in answer.aiter_bytes():
                    size += len(piece)
                    digest.update(piece)
            return size, digest.hexdigest()

        return await self._patiently(fetch)

    async def _pieces(self, body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), PIECE_BYTES):
            self._onlooker.sending(start, len(body))
            yield body[start : start + PIECE_BYTES]
        self._onlooker.stage("Waiting for the answer")

    async def _post(self, headers: dict[str, str] | None = None, **body: Any) -> Any:
        headers = self._headers | (headers or {})
        return _data(await self._http.post(f"{self.server}{PATH}", headers=headers, **body))

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        number, most = 1, self._patience.attempts
        while True:
            try:
                return await self._once(attempt)
            except _Trouble as trouble:
                if number >= most or trouble.wait > WAIT_SECONDS_MAX:
                    tries = "once" if number == 1 else f"{number} times"
                    raise NotDone(f"{trouble} Tried {tries}.") from trouble
                number += 1
                wait = max(self._patience.before(number), trouble.wait)
                again = f"Attempt {number} of {most} in {wait:.1f} seconds."
                self._onlooker.trouble(f"{trouble} {again}")
            await asyncio.sleep(wait)

    async def _once(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Whatever another attempt may mend is a _Trouble."""
        try:
            async with asyncio.timeout(self._patience.seconds):
                return await attempt()
        except TimeoutError:
            seconds = f"{self._patience.seconds:g}"
            raise _Trouble(f"No whole answer within {seconds} seconds.") from None
        except (httpx.ConnectError, httpx.ProxyError):
            raise _Trouble(f"Nobody answers at {self.server}.") from None
        except httpx.RequestError as failure:
            raise _Trouble(f"The connection broke ({type(failure).__name__}).") from failure


def _check_status(answer: httpx.Response) -> None:
    status = answer.status_code
    if status in AGAIN:
        wait = answer.headers.get("retry-after", "")
        asked = int(wait[:9]) if wait.isascii() and wait.isdigit() else 0
        later = f", to come again in {asked} seconds" if asked else ""
        raise _Trouble(f"The server answers with status {status}{later}.", asked)
    if answer.has_redirect_location:
        where = answer.headers["location"]
        raise NotDone(f"The server sends us to {where}: name that one instead.")


def _data(answer: httpx.Response) -> Any:
    """The data of an answer without errors."""
    _check_status(answer)
    try:
        told = answer.json()
    except ValueError:
        if answer.is_client_error:
            raise _a_stranger(answer) from None
        raise _Trouble("What came is no answer, or not all of it.") from None
    errors = told.get("errors") or [] if isinstance(told, dict) else None
    if not isinstance(errors, list) or not (errors or told.get("data")):
        raise _a_stranger(answer)
    for error in errors:
        _raise(error if isinstance(error, dict) else {"message": error})
    return told["data"]


def _a_stranger(answer: httpx.Response) -> NotDone:
    return NotDone(
        f"Whoever answers at {answer.url} is not Storyreel: status {answer.status_code}, and no"
        " answer of GraphQL."
    )


def _raise(error: dict[str, Any]) -> None:
    extensions = error.get("extensions") or {}
    code, message = extensions.get("code", "without a code"), str(error.get("message"))
    if code in PASSING:
        raise _Trouble(message, int(extensions.get("retryAfter", 0)))
    if len(error.get("path") or ()) > 1:  # it was done, and could not be told
        raise _Trouble(message)
    if code == "INTERNAL":
        raise NotDone(message)
    raise Refused(message, code, extensions.get("field"))
