"""Storage of immutable files, each under the SHA-256 of its bytes; obstore reaches what holds them.

An object is whole or absent: every store publishes it in one step when its last byte has arrived.
A local folder stages it as `<name>#<n>` beside its place; what a killed process leaves there is
never read.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

if TYPE_CHECKING:
    from obstore import ObjectMeta  # exists for type checkers alone

CHUNK = 256 * 1024
"""Bytes a reader gets at a time."""

READ_AHEAD = 8 * CHUNK
"""Bytes asked of the store at a time. One long answer instead would be cut by the store's
time limit when its reader is slow."""

PARTS_IN_FLIGHT = 2
"""Parts of 5 MiB of one upload that are on their way together."""

RENEWED_AFTER = timedelta(hours=12)
"""Bytes put again whose object is older than this are written again, so that it counts as new."""

CHECK_SECONDS = 10

_DIGEST = re.compile("[0-9a-f]{64}")
_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: "C:" is a drive


class Missing(LookupError):
    """Nothing is stored under this address."""


class Damaged(Exception):
    """What is stored is not what was put there."""


class StorageUnavailable(Exception):
    """The store cannot be reached, or refuses. The same call may succeed later."""


@dataclass(frozen=True)
class Stored:
    sha256: str
    size: int


class Storage:
    """Whatever takes a digest raises ValueError unless it is 64 lower-case hexadecimal digits,
    the only part of a key that comes from outside."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(cls, url: str) -> Storage:
        """A folder (created when missing), file:///folder, memory://, s3://bucket/prefix and other
        URLs of obstore, which reads credentials from the environment. Raises ValueError.

        Nothing is sent to a remote store yet: `check` does that.
        """
        if not url:
            raise ValueError("The storage needs a folder or a URL.")
        try:
            if not _SCHEME.match(url):
                return cls(LocalStore(Path(url).expanduser().absolute(), mkdir=True))
            if url.startswith("file:"):
                return cls(LocalStore.from_url(url, mkdir=True))
            return cls(from_url(url))
        except (BaseError, OSError, ValueError) as error:
            raise ValueError(f"The storage {url!r} cannot be used: {_gist(error)}.") from error

    async def put(self, data: bytes) -> Stored:
        """Returns once the object is whole and safe. The same bytes again change nothing but,
        after RENEWED_AFTER, its age."""
        sha256 = (await asyncio.to_thread(hashlib.sha256, data)).hexdigest()
        return await self._keep(Stored(sha256, len(data)), data)

    async def put_file(self, path: Path) -> Stored:
        """`put` for a file of any size. It is read twice, and must not change meanwhile."""
        return await self._keep(await asyncio.to_thread(_measure, path), path)

    async def get(self, sha256: str) -> bytes:
        """Raises Missing, or Damaged unless these are the bytes that the digest names."""
        return b"".join([chunk async for chunk in self._verified(sha256)])

    async def download(self, sha256: str, path: Path) -> None:
        """`get` into a file, for programs that want one. After an error the file is worthless."""
        with await asyncio.to_thread(path.open, "wb") as file:
            async for chunk in self._verified(sha256):
                await asyncio.to_thread(file.write, chunk)

    async def size(self, sha256: str) -> int | None:
        """In bytes; None if nothing is stored under this address."""
        found = await self._head(sha256)
        return found["size"] if found is not None else None

    async def stream(
        self, sha256: str, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, exclusive, unverified and in chunks of CHUNK at most.

        Holds nothing open between two chunks, so that a reader may be slow or go away.
        Raises Missing, or Damaged if the object ends before `end`.
        """
        if end is None:
            end = await self.size(sha256)
        if end is None:
            raise Missing(f"No object {sha256} is stored.")
        while start < end:
            block = await self._read(sha256, start, min(start + READ_AHEAD, end))
            for at in range(0, len(block), CHUNK):
                yield bytes(block[at : at + CHUNK])
            start += len(block)

    async def delete(self, sha256: str, *, older_than: timedelta = timedelta()) -> bool:
        """Whether no such object is left: one that is not as old stays."""
        found = await self._head(sha256)
        if found is not None and older_than and _age(found) <= older_than:
            return False
        with _reported(), contextlib.suppress(FileNotFoundError):
            await self._store.delete_async(_key(sha256))
        return True

    async def check(self) -> None:
        """Write, read and delete a probe. Raises StorageUnavailable."""
        probe = secrets.token_bytes(16)
        key = f"probes/{probe.hex()}"
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                with _reported():
                    await self._store.put_async(key, probe)
                    answer = await self._store.get_async(key)
                    same = bytes(await answer.bytes_async()) == probe
                    await self._store.delete_async(key)
        except TimeoutError:
            raise StorageUnavailable(
                f"The storage did not answer within {CHECK_SECONDS} seconds."
            ) from None
        if not same:
            raise StorageUnavailable("The storage does not return what was written to it.")

    async def _keep(self, stored: Stored, source: bytes | Path) -> Stored:
        found = await self._head(stored.sha256)
        if found is not None and found["size"] == stored.size and _age(found) < RENEWED_AFTER:
            return stored
        key = _key(stored.sha256)
        with _reported():
            await self._store.put_async(key, source, max_concurrency=PARTS_IN_FLIGHT)
            if isinstance(self._store, LocalStore) and self._store.prefix:
                await asyncio.to_thread(_flush, self._store.prefix / key)
        if await self.size(stored.sha256) != stored.size:
            raise Damaged(f"The object {stored.sha256} was not stored in full.")
        return stored

    async def _head(self, sha256: str) -> ObjectMeta | None:
        with _reported():
            try:
                return await self._store.head_async(_key(sha256))
            except FileNotFoundError:
                return None

    async def _verified(self, sha256: str) -> AsyncIterator[bytes]:
        digest = hashlib.sha256()
        async for chunk in self.stream(sha256):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != sha256:
            raise Damaged(f"The object {sha256} does not hold the bytes that it is named after.")

    async def _read(self, sha256: str, start: int, end: int) -> memoryview:
        with _reported():
            try:
                block = await self._store.get_range_async(_key(sha256), start=start, end=end)
            except FileNotFoundError:
                raise Missing(f"No object {sha256} is stored.") from None
        if len(block) != end - start:
            raise Damaged(f"The object {sha256} is shorter than {end} bytes.")
        return memoryview(block)


def _key(sha256: str) -> str:
    if not _DIGEST.fullmatch(sha256):
        raise ValueError("The address of an object is 64 lower-case hexadecimal digits.")
    return f"objects/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _age(found: ObjectMeta) -> timedelta:
    return datetime.now(UTC) - found["last_modified"]


def _measure(path: Path) -> Stored:
    with path.open("rb") as file:
        return Stored(hashlib.file_digest(file, "sha256").hexdigest(), file.tell())


def _flush(path: Path) -> None:
    """Outlive a power cut, as remote stores promise: obstore leaves a local file to the cache."""
    if os.name == "posix":
        for each in (path, path.parent):
            descriptor = os.open(each, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise StorageUnavailable(f"The storage failed: {_gist(error)}.") from error


def _gist(error: Exception) -> str:
    """The first line: obstore adds pages of its insides."""
    return str(error).partition("\n")[0].rstrip(".")
