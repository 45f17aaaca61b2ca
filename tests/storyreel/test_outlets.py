"""What may wait for one slow client is bounded."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLError, Source
from websockets.frames import Frame as OnTheWire
from websockets.frames import Opcode

from services.errors import NotFound
from storyreel import outlets
from storyreel.outlets import Frame, Outlet, SocketWire, beginning


@dataclass
class Answer:
    data: Any
    errors: list[GraphQLError] | None = None
    extensions: dict[str, Any] | None = None


def frame(data: Any) -> Frame:
    return Frame(Answer(data))


async def test_what_was_taken_is_sent_in_order_even_after_parting() -> None:
    sent: list[Any] = []
    slow = asyncio.Event()

    async def send(message: str) -> None:
        await slow.wait()
        sent.append(json.loads(message))

    outlet, parted = Outlet(SocketWire("a", send)), asyncio.get_running_loop().create_future()
    flowing = asyncio.create_task(outlet.flow(parted))
    assert all(outlet.offer(frame(number)) for number in range(3))
    parted.set_result(7)
    slow.set()

    assert await flowing == 7
    assert sent == [{"id": "a", "type": "next", "payload": {"data": n}} for n in range(3)]


@pytest.mark.parametrize(("frames", "size"), [(2, 1_000), (100, 70)], ids=["frames", "bytes"])
async def test_an_outlet_refuses_what_is_too_much(
    monkeypatch: pytest.MonkeyPatch, frames: int, size: int
) -> None:
    monkeypatch.setattr(outlets, "WAITING_FRAMES", frames)
    monkeypatch.setattr(outlets, "WAITING_BYTES", size)
    outlet = Outlet(SocketWire("a", _unused))
    assert [outlet.offer(frame("x" * 20)) for _ in range(3)] == [True, True, False]


async def test_one_frame_is_taken_however_large() -> None:
    outlet = Outlet(SocketWire("a", _unused))
    assert outlet.offer(frame("x" * 2 * outlets.WAITING_BYTES))
    assert not outlet.offer(frame("x"))


async def _unused(message: str) -> None:
    raise AssertionError(message)


@pytest.mark.parametrize("length", [0, 60, 200, 70_000])
@pytest.mark.parametrize("operation_id", ["1", "3f2a9c1e-77b1-4c56-9e0d-000000000000", 'é"\\'])
def test_a_frame_is_framed_as_the_library_would(length: int, operation_id: str) -> None:
    made = frame("x" * length)
    message = {"id": operation_id, "type": "next", "payload": {"data": "x" * length}}
    wire = made.on_the_wire(beginning(operation_id))

    text = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    assert wire == OnTheWire(Opcode.TEXT, text).serialize(mask=False)


def test_errors_are_translated_and_name_no_place_in_somebody_elses_document() -> None:
    source = Source("{ a }")
    error = GraphQLError("x", source=source, positions=[2], original_error=NotFound("Gone.", "id"))
    told = json.loads(Frame(Answer(None, [error])).text[:-1])
    assert told["errors"] == [
        {"message": "Gone.", "extensions": {"code": "NOT_FOUND", "field": "id"}}
    ]
