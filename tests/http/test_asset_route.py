from __future__ import annotations

import asyncio
import hashlib
import os
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import Message, Scope

from services.backends.storage import CHUNK, Storage
from services.links import Links
from storyreel.asset_route import AssetFile, asset_route

DATA = random.Random(1).randbytes(1000)
CLIP = AssetFile(hashlib.sha256(DATA).hexdigest(), "video/mp4", len(DATA), "clip.mp4")
NOON = 1_800_000_000.0


@dataclass
class Room:
    """A served route over a real store, and what was looked up in it."""

    storage: Storage
    now: float = NOON
    files: dict[str, AssetFile] = field(default_factory=lambda: {"ast_clip": CLIP})
    looked_up: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.links = Links(b"a secret of the tests", "", timedelta(hours=1), lambda: self.now)
        self.app = Starlette(routes=[asset_route(self.links, self.storage, self.find)])
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://board.example"
        )

    async def find(self, asset_id: str, bearer: str) -> AssetFile | None:
        self.looked_up.append(asset_id)
        return self.files.get(asset_id)

    async def get(self, asset_id: str = "ast_clip", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(self.links.url(asset_id), headers=named)


@pytest.fixture(params=["folder", "memory"])
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Room]:
    room = Room(Storage.open("memory://" if request.param == "memory" else str(tmp_path)))
    await room.storage.put(DATA)
    async with room.client:
        yield room


async def test_a_link_serves_the_file_with_all_that_caches_and_browsers_need(room: Room) -> None:
    answer = await room.get()

    assert answer.status_code == 200
    assert answer.content == DATA
    assert dict(answer.headers) == {
        "content-type": "video/mp4",
        "content-length": "1000",
        "etag": f'"{CLIP.sha256}"',
        "accept-ranges": "bytes",
        "cache-control": "private, max-age=3600, immutable",
        "content-disposition": "inline; filename=\"clip.mp4\"; filename*=UTF-8''clip.mp4",
        "cross-origin-resource-policy": "cross-origin",
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
    }


async def test_head_tells_the_same_without_the_bytes(room: Room) -> None:
    whole = await room.get()

    answer = await room.client.head(room.links.url("ast_clip"), headers={"Range": "bytes=0-9"})

    assert answer.status_code == 200
    assert answer.headers == whole.headers
    assert answer.content == b""


async def test_caches_keep_a_file_as_long_as_its_link_works(room: Room) -> None:
    url = room.links.url("ast_clip")
    room.now += 3599.5

    answer = await room.client.get(url)

    assert answer.headers["cache-control"] == "private, max-age=0, immutable"


def refused(answer: httpx.Response, status: int, code: str) -> bool:
    error = answer.json()["error"]
    return (
        answer.status_code == status
        and error["code"] == code
        and error["message"].endswith(".")
        and answer.headers["cache-control"] == "no-store"
    )


async def test_a_link_expires(room: Room) -> None:
    url = room.links.url("ast_clip")
    room.now += 3600

    assert refused(await room.client.get(url), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("pattern", "forged"),
    [
        ("ast_clip", "ast_other"),
        ("expires=1", "expires=2"),
        ("signature=", "signature=0"),
        ("$", "0"),
        ("signature=.*", "signature=%E2%98%83"),
        ("&signature=.*", ""),
        (r"\?.*", ""),
    ],
)
async def test_a_tampered_link_is_refused_before_anything_is_looked_up(
    room: Room, pattern: str, forged: str
) -> None:
    url = re.sub(pattern, forged, room.links.url("ast_clip"), count=1)

    assert refused(await room.client.get(url), 403, "FORBIDDEN")
    assert room.looked_up == []


@pytest.mark.parametrize(
    "path", ["../secret", "..%2f..%2fetc%2fpasswd", "%2e%2e/x", "a/../../x", "..\\x", "%00", "%ff"]
)
async def test_no_path_leads_out_of_the_route(room: Room, path: str) -> None:
    url = httpx.URL("http://board.example", raw_path=f"/assets/{path}?expires=1".encode())

    answer = await room.client.get(url)

    assert answer.status_code in (403, 404)
    assert room.looked_up == []


async def test_an_unknown_asset_is_not_found(room: Room) -> None:
    assert refused(await room.get("ast_gone"), 404, "NOT_FOUND")


async def test_a_file_that_is_gone_or_of_another_size_is_not_found(room: Room) -> None:
    room.files["ast_clip"] = replace(CLIP, size=999)
    assert refused(await room.get(), 404, "NOT_FOUND")

    room.files["ast_clip"] = CLIP
    await room.storage.delete(CLIP.sha256)
    assert refused(await room.get(), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-999", 0, 1000),
        ("bytes=100-199", 100, 200),
        ("BYTES=100-199", 100, 200),
        ("bytes=990-", 990, 1000),
        ("bytes=0-", 0, 1000),
        ("bytes=990-5000", 990, 1000),
        ("bytes=999-99999999999999999999", 999, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-1000", 0, 1000),
        ("bytes=-5000", 0, 1000),
    ],
)
async def test_one_range_is_served_alone(room: Room, asked: str, start: int, end: int) -> None:
    answer = await room.get(range=asked)

    assert answer.status_code == 206
    assert answer.content == DATA[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/1000"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["etag"] == f'"{CLIP.sha256}"'


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "bytes=5-2",
        "bytes=-",
        "bytes=",
        "bytes",
        "",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=1_0-20",
        "bytes=--5",
        "frames=0-24",
        "bytes=" + "9" * 5000 + "-",
    ],
)
async def test_other_ranges_are_ignored(room: Room, asked: str) -> None:
    answer = await room.get(range=asked)

    assert answer.status_code == 200
    assert answer.content == DATA


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
async def test_a_range_beyond_the_file_is_refused_with_its_size(room: Room, asked: str) -> None:
    answer = await room.get(range=asked)

    assert refused(answer, 416, "INVALID_INPUT")
    assert answer.headers["content-range"] == "bytes */1000"


@pytest.mark.parametrize("tags", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
async def test_an_unchanged_file_is_not_sent_again(room: Room, tags: str) -> None:
    answer = await room.get(if_none_match=tags.format(CLIP.sha256), range="bytes=0-1")

    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["etag"] == f'"{CLIP.sha256}"'
    assert "content-length" not in answer.headers


async def test_another_tag_gets_the_file(room: Room) -> None:
    assert (await room.get(if_none_match='"other"')).content == DATA


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (f'"{CLIP.sha256}"', 206),
        (f'W/"{CLIP.sha256}"', 200),
        ('"other"', 200),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 200),
    ],
)
async def test_a_download_is_resumed_only_of_the_same_file(
    room: Room, condition: str, status: int
) -> None:
    assert (await room.get(range="bytes=10-", if_range=condition)).status_code == status


@pytest.mark.parametrize(
    ("filename", "plain"),
    [
        ("scene 1.png", "scene 1.png"),
        ("東京.png", "__.png"),
        ('a"b\\c\r\nSet-Cookie: x=1;.svg', "a_b_c__Set-Cookie_ x_1_.svg"),
        ("\ud800.svg", "_.svg"),
    ],
)
async def test_any_filename_makes_a_safe_header(room: Room, filename: str, plain: str) -> None:
    room.files["ast_clip"] = replace(CLIP, filename=filename)

    answer = await room.get()

    exact = quote(filename, safe="", errors="replace")
    assert answer.headers["content-disposition"] == (
        f"inline; filename=\"{plain}\"; filename*=UTF-8''{exact}"
    )
    assert "set-cookie" not in answer.headers


async def test_an_empty_file_is_served(room: Room) -> None:
    stored = await room.storage.put(b"")
    room.files["ast_clip"] = AssetFile(stored.sha256, "text/plain", 0, "empty.txt")

    answer = await room.get()

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "0"


@pytest.mark.parametrize("asgi", ["2.3", "2.4"], ids=["told", "found out by sending"])
async def test_streaming_stops_when_the_client_leaves(room: Room, asgi: str) -> None:
    """Servers of the older interface report it, those of the newer one fail to send."""
    film = os.urandom(CHUNK * 40)
    stored = await room.storage.put(film)
    room.files["ast_film"] = AssetFile(stored.sha256, "video/mp4", stored.size, "film.mp4")
    sent: list[int] = []
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if gone.is_set() and asgi == "2.4":
            raise OSError("The client has left.")
        if message["type"] == "http.response.body":
            sent.append(len(message["body"]))
        if len(sent) == 3:
            gone.set()
        await asyncio.sleep(0)

    path, _, query = room.links.url("ast_film").partition("?")
    scope: Scope = {
        "type": "http",
        "asgi": {"spec_version": asgi},
        "method": "GET",
        "path": path,
        "root_path": "",
        "query_string": query.encode(),
        "headers": [],
    }
    try:
        await room.app(scope, receive, send)
    except ClientDisconnect:
        assert asgi == "2.4"

    assert max(sent) <= CHUNK
    assert sum(sent) < len(film) // 2
