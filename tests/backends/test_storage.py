"""What storage promises, whatever holds the objects."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from services.backends.storage import (
    CHUNK,
    READ_AHEAD,
    Damaged,
    Missing,
    Storage,
    StorageUnavailable,
    Stored,
)

FRAME = b"a frame of film" * 1000
FRAME_SHA256 = hashlib.sha256(FRAME).hexdigest()
LONG = os.urandom(READ_AHEAD * 2 + CHUNK + 7)


@pytest.fixture(params=["folder", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return Storage.open("memory://" if request.param == "memory" else str(tmp_path / "assets"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "assets"


@pytest.fixture
def local(folder: Path) -> Storage:
    return Storage.open(str(folder))


def place(folder: Path, sha256: str) -> Path:
    return folder / "objects" / sha256[:2] / sha256[2:4] / sha256


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_what_is_put_can_be_got_by_its_digest(storage: Storage) -> None:
    stored = await storage.put(FRAME)

    assert stored == Stored(FRAME_SHA256, len(FRAME))
    assert await storage.get(stored.sha256) == FRAME
    assert await storage.size(stored.sha256) == len(FRAME)


async def test_no_bytes_are_an_object_too(storage: Storage) -> None:
    stored = await storage.put(b"")

    assert await storage.get(stored.sha256) == b""
    assert await storage.size(stored.sha256) == 0


async def test_a_file_is_stored_and_downloaded_as_its_bytes_are(
    storage: Storage, tmp_path: Path
) -> None:
    (tmp_path / "film").write_bytes(LONG)

    stored = await storage.put_file(tmp_path / "film")
    await storage.download(stored.sha256, tmp_path / "copy")

    assert stored == await storage.put(LONG)
    assert (tmp_path / "copy").read_bytes() == LONG


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, None),
        (0, len(LONG)),
        (5, 5),
        (0, 1),
        (CHUNK - 1, CHUNK + 1),
        (READ_AHEAD - 3, READ_AHEAD * 2 + 3),
        (len(LONG) - 1, None),
        (len(LONG), None),
    ],
)
async def test_a_stream_is_the_asked_bytes_in_small_chunks(
    storage: Storage, start: int, end: int | None
) -> None:
    stored = await storage.put(LONG)

    chunks = [chunk async for chunk in storage.stream(stored.sha256, start, end)]

    assert b"".join(chunks) == LONG[start:end]
    assert all(0 < len(chunk) <= CHUNK for chunk in chunks)


async def test_what_was_never_put_is_missing(storage: Storage, tmp_path: Path) -> None:
    assert await storage.size(FRAME_SHA256) is None
    with pytest.raises(Missing, match=FRAME_SHA256):
        await storage.get(FRAME_SHA256)
    with pytest.raises(Missing):
        await storage.download(FRAME_SHA256, tmp_path / "copy")
    with pytest.raises(Missing):
        await anext(storage.stream(FRAME_SHA256, 0, 10))


async def test_deleting_is_final_and_may_be_repeated(storage: Storage) -> None:
    await storage.put(FRAME)

    await storage.delete(FRAME_SHA256)
    await storage.delete(FRAME_SHA256)

    assert await storage.size(FRAME_SHA256) is None


async def test_what_was_put_again_just_now_is_not_deleted_as_old(
    local: Storage, folder: Path
) -> None:
    day = timedelta(days=1)
    await local.put(FRAME)
    assert await local.delete(FRAME_SHA256, older_than=day) is False
    os.utime(place(folder, FRAME_SHA256), (0, 0))
    await local.put(FRAME)
    assert await local.delete(FRAME_SHA256, older_than=day) is False
    assert await local.get(FRAME_SHA256) == FRAME

    os.utime(place(folder, FRAME_SHA256), (0, 0))
    for _ in range(2):
        assert await local.delete(FRAME_SHA256, older_than=day) is True
    assert files(folder) == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "../../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "/etc/passwd",
        FRAME_SHA256.upper(),
        FRAME_SHA256[:-1],
        FRAME_SHA256 + "\n",
        FRAME_SHA256 + "/../x",
        "../" + FRAME_SHA256[3:],
        "\u0663" * 64,
    ],
)
async def test_only_a_digest_is_an_address(storage: Storage, address: str, tmp_path: Path) -> None:
    for refused in (
        storage.get(address),
        storage.size(address),
        storage.delete(address),
        storage.download(address, tmp_path / "copy"),
        anext(storage.stream(address, 0, 1)),
    ):
        with pytest.raises(ValueError, match="64 lower-case hexadecimal digits"):
            await refused


async def test_the_same_bytes_put_at_once_are_one_object(local: Storage, folder: Path) -> None:
    stored = await asyncio.gather(*(local.put(LONG) for _ in range(8)))

    assert len(set(stored)) == 1
    assert files(folder) == [place(folder, stored[0].sha256)]
    assert await local.get(stored[0].sha256) == LONG


async def test_the_same_bytes_are_not_written_again(local: Storage, folder: Path) -> None:
    await local.put(FRAME)
    before = place(folder, FRAME_SHA256).stat()

    await local.put(FRAME)

    assert place(folder, FRAME_SHA256).stat().st_ino == before.st_ino


async def test_damage_on_disk_is_noticed_by_whoever_wants_the_whole(
    local: Storage, folder: Path, tmp_path: Path
) -> None:
    await local.put(FRAME)
    place(folder, FRAME_SHA256).write_bytes(b"A" + FRAME[1:])

    with pytest.raises(Damaged, match=FRAME_SHA256):
        await local.get(FRAME_SHA256)
    with pytest.raises(Damaged):
        await local.download(FRAME_SHA256, tmp_path / "copy")


async def test_a_stream_never_ends_early_in_silence(local: Storage, folder: Path) -> None:
    await local.put(FRAME)
    os.truncate(place(folder, FRAME_SHA256), 100)

    with pytest.raises(Damaged, match="shorter"):
        await anext(local.stream(FRAME_SHA256, 0, len(FRAME)))


async def test_an_object_of_the_wrong_size_is_replaced(local: Storage, folder: Path) -> None:
    await local.put(FRAME)
    os.truncate(place(folder, FRAME_SHA256), 100)

    await local.put(FRAME)

    assert await local.get(FRAME_SHA256) == FRAME


KILLED_AFTER_A_MEGABYTE = """
import asyncio, resource, signal, sys
from services.backends.storage import Storage

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
asyncio.run(Storage.open(sys.argv[1]).put(b"x" * int(sys.argv[2])))
"""


@pytest.mark.skipif(os.name != "posix", reason="the kernel's file size limit does the killing")
@pytest.mark.parametrize("size", [3_000_000, 30_000_000], ids=["in one part", "in several parts"])
async def test_a_process_killed_while_writing_leaves_no_short_object(
    local: Storage, folder: Path, size: int
) -> None:
    data = b"x" * size
    sha256 = hashlib.sha256(data).hexdigest()

    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED_AFTER_A_MEGABYTE, str(folder), str(size)]
    )

    assert killed.returncode < 0, "It was meant to be killed by a signal."
    assert files(folder), "It was meant to have begun."
    assert await local.size(sha256) is None
    await local.put(data)
    assert await local.get(sha256) == data


def test_a_folder_is_created_and_may_be_given_as_a_url(tmp_path: Path) -> None:
    Storage.open((tmp_path / "the first").as_uri())
    Storage.open(str(tmp_path / "the" / "second"))

    assert (tmp_path / "the first").is_dir()
    assert (tmp_path / "the" / "second").is_dir()


def test_a_remote_store_is_not_contacted_when_opened() -> None:
    Storage.open("s3://bucket/prefix")


@pytest.mark.parametrize(
    "url", ["", "nope://somewhere", "s3://", "s3:bucket", "file://host/folder", "az://c/p"]
)
def test_a_bad_url_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(ValueError, match=r"^The storage .*\.$") as refusal:
        Storage.open(url)
    assert "\n" not in str(refusal.value)


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ValueError, match="cannot be used"):
        Storage.open(str(tmp_path / "file" / "folder"))


async def test_a_store_that_works_passes_the_check_and_keeps_no_probe(storage: Storage) -> None:
    await storage.check()


async def test_the_check_leaves_nothing(local: Storage, folder: Path) -> None:
    await local.check()

    assert files(folder) == []


@pytest.fixture
def lost(local: Storage, folder: Path) -> Storage:
    folder.rmdir()
    folder.touch()
    return local


async def test_a_store_that_fails_says_so_in_a_sentence(lost: Storage) -> None:
    for failing in (lost.check(), lost.put(FRAME)):
        with pytest.raises(StorageUnavailable, match=r"^The storage failed: .*\.$"):
            await failing
