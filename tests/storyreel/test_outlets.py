"""What may wait for one slow client is bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLError, Source
from websockets.frames import Frame as OnTheWire
from websockets.frames import Opcode

from services.errors import NotFound
from storyreel.transport import outlets
from storyreel.transport.outlets import Frame, Outlet, SocketWire, beginning


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


async def test_of_what_waits_of_one_subject_only_the_latest_is_sent() -> None:
    sent: list[Any] = []
    slow = asyncio.Event()

    async def send(message: str) -> None:
        await slow.wait()
        sent.append(json.loads(message)["payload"]["data"])

    outlet, parted = Outlet(SocketWire("a", send)), asyncio.get_running_loop().create_future()
    outlet.replace("a", frame("a 1"))
    flowing = asyncio.create_task(outlet.flow(parted))
    await asyncio.sleep(0)  # on its way
    for subject, data in [("a", "a 2"), ("b", "b 1"), ("a", "a 3"), ("c", "the end of c")]:
        outlet.replace(subject, frame(data))
    parted.set_result(True)
    slow.set()

    assert await flowing
    assert sent == ["a 1", "a 3", "b 1", "the end of c"]


async def test_each_subject_has_its_turn_however_often_another_is_told() -> None:
    sent: list[Any] = []

    async def send(message: str) -> None:
        sent.append(json.loads(message)["payload"]["data"])
        if len(sent) < 6:
            tell_of_all()  # anew, before the next is taken

    def tell_of_all() -> None:
        for subject in "abc":
            outlet.replace(subject, frame(subject))

    outlet, parted = Outlet(SocketWire("a", send)), asyncio.get_running_loop().create_future()
    tell_of_all()
    parted.set_result(True)
    await outlet.flow(parted)

    assert sent[:6] == [*"abcabc"]


class Straight(SocketWire):
    """Takes what it is given as long as there is room."""

    def __init__(self, send: Callable[[str], Awaitable[None]], room: int) -> None:
        super().__init__("a", send)
        self.holds, self.room = True, room
        self.taken: list[str] = []

    def take(self, frame: Frame) -> bool:
        self.room -= 1
        if self.room >= 0:
            self.taken.append(frame.payload)
        return self.room >= 0


async def test_nothing_overtakes_what_waits_for_a_wire_without_room() -> None:
    sent: list[str] = []

    async def send(message: str) -> None:
        await asyncio.sleep(0)
        sent.append(str(json.loads(message)["payload"]["data"]))

    wire = Straight(send, room=1)
    outlet, parted = Outlet(wire), asyncio.get_running_loop().create_future()
    for number in range(3):
        outlet.replace(str(number), frame(number))
    wire.room = 10
    flowing = asyncio.create_task(outlet.flow(parted))
    await asyncio.sleep(0)
    outlet.replace("3", frame(3))
    parted.set_result(True)
    await flowing

    assert (len(wire.taken), sent) == (1, ["1", "2", "3"])
    assert [outlet.offer(frame(number)) for number in range(4)].count(True) == 4
    wire.room = 0
    assert not outlet.offer(frame("x"))  # the wire is where such things wait


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
