"""Files of a project: put into storage first, then made known by a row.

What a job makes is described by plain data, so that the engine can record it as the result of a
step and a restarted worker goes on from there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import Asset

from .backends.storage import Storage, Stored
from .formats.picture import describe, thumbnail

EXTENSIONS = {
    "application/json": "json",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "application/xml": "fdx",
    "text/plain": "fountain",
}


@dataclass(frozen=True)
class File:
    """A stored file that no row may know yet."""

    sha256: str
    size: int
    media_type: str

    async def keep(self, project_id: str) -> Asset:
        """Its asset; the same bytes twice are one asset of the project."""
        known = await Asset.get_or_none(project_id=project_id, sha256=self.sha256)
        return known or await Asset.create(
            project_id=project_id,
            sha256=self.sha256,
            size=self.size,
            media_type=self.media_type,
            filename=f"{self.sha256[:12]}.{EXTENSIONS.get(self.media_type, 'bin')}",
        )


@dataclass(frozen=True)
class Made:
    """What a job made: its file and, of a picture, what to show before the file has loaded."""

    file: File
    thumbnail: File | None = None
    blurhash: str | None = None
    width: int | None = None
    height: int | None = None

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Made:
        """The inverse of `dataclasses.asdict`."""
        small = record["thumbnail"]
        files = {"file": File(**record["file"]), "thumbnail": File(**small) if small else None}
        return cls(**record | files)


async def store_picture(storage: Storage, data: bytes) -> Made:
    """Store a picture with its thumbnail. Raises NotAPicture."""
    picture = await asyncio.to_thread(describe, data)
    small = await asyncio.to_thread(thumbnail, data)
    return Made(
        file=_file(await storage.put(data), picture.media_type),
        thumbnail=_file(await storage.put(small.data), small.media_type),
        blurhash=picture.blurhash,
        width=picture.width,
        height=picture.height,
    )


async def store_preview(storage: Storage, data: bytes) -> File:
    """Store a small JPEG of an unfinished picture."""
    return _file(await storage.put(data), "image/jpeg")


async def store_video(storage: Storage, source: bytes | Path) -> Made:
    """Store a finished MP4."""
    stored = await (storage.put(source) if isinstance(source, bytes) else storage.put_file(source))
    return Made(file=_file(stored, "video/mp4"))


async def store_json(storage: Storage, data: bytes) -> File:
    """Store a JSON document."""
    return _file(await storage.put(data), "application/json")


async def store_screenplay(storage: Storage, data: bytes, media_type: str) -> File:
    """Store a screenplay as it came."""
    return _file(await storage.put(data), media_type)


def _file(stored: Stored, media_type: str) -> File:
    return File(stored.sha256, stored.size, media_type)
