"""Streams over HTTP, as server-sent events and in parts, and how they share what others follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from copy import copy
from dataclasses import dataclass

from strawberry.exceptions import StrawberryGraphQLError
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.streaming import (
    AsyncTextStream,
    MultipartSubscriptionTransport,
    SSETransport,
    merge_stream_with_heartbeat,
)
from strawberry.types import ExecutionResult

from resolvers.context import Context
from resolvers.watch import Watch, watching

from .delivery import Delivery, Follower, Groups
from .outlets import Frame, Outlet


class LineFeedSSE(SSETransport):
    """Events framed with LF: some clients split the stream on empty LF lines only.

    What follows a feed has the cursor of each event as its `id`, so that an EventSource comes back
    with it as `Last-Event-ID`.
    """

    _context: Context | None = None

    def of(self, context: Context) -> LineFeedSSE:
        own = copy(self)
        own._context = context
        return own

    def encode_next(
        self, response: GraphQLHTTPResponse, encode_json: Callable[[object], str]
    ) -> str:
        event = super().encode_next(response, encode_json)
        return _identified(event, self._context.cursor if self._context is not None else None)

    def encode_frame(self, frame: Frame) -> str:
        return _identified(self.encode_event("next", frame.payload), frame.cursor)

    def encode_event(self, event: str, data: str | None = None) -> str:
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        return super().encode_comment(comment).replace("\r\n", "\n")


def _identified(event: str, cursor: str | None) -> str:
    return f"id: {cursor}\n{event}" if cursor is not None else event


class Parts(MultipartSubscriptionTransport):
    def encode_frame(self, frame: Frame) -> str:
        return self.encode_multipart_data(None, lambda _: f'{{"payload":{frame.payload}}}')


@dataclass
class Followed:
    """The results of an operation that is delivered in common, as frames."""

    frames: AsyncGenerator[Frame]

    def __aiter__(self) -> Followed:
        return self

    async def __anext__(self) -> Frame:
        return await anext(self.frames)

    def text(
        self, transport: LineFeedSSE | Parts, encode_json: Callable[[object], str]
    ) -> AsyncTextStream:
        """What goes over a connection, kept alive while nothing happens. A frame is framed once for
        all streams of a kind."""

        async def text() -> AsyncGenerator[str]:
            async with aclosing(self.frames) as frames:
                async for frame in frames:
                    yield frame.once(type(transport), transport.encode_frame)
            yield transport.encode_complete()

        return merge_stream_with_heartbeat(
            text,
            lambda: transport.heartbeat_message(encode_json),
            interval=transport.heartbeat_interval,
            send_initial_heartbeat=transport.send_initial_heartbeat,
        )


class StreamWire:
    """To a reader who takes one frame at a time."""

    holds = False

    def __init__(self) -> None:
        self.read: asyncio.Queue[Frame | Exception | None] = asyncio.Queue(1)

    def take(self, frame: Frame) -> bool:
        return False

    async def send(self, frame: Frame) -> None:
        await self.read.put(frame)


async def frames_of(groups: Groups, delivery: Delivery, watch: Watch) -> AsyncGenerator[Frame]:
    """What the one reader of a stream is told until it is over."""
    wire = StreamWire()
    follower = Follower(Outlet(wire))

    async def follow() -> None:
        end = None
        try:
            with watching(watch, delivery.operation.name, follower.tally):
                await groups.follow(delivery, follower)
        except Exception as failure:
            end = failure
        await wire.read.put(end)

    following = asyncio.create_task(follow())
    try:
        while isinstance(told := await wire.read.get(), Frame):
            yield told
        if told is not None:
            error = StrawberryGraphQLError("", original_error=told)
            yield Frame(ExecutionResult(data=None, errors=[error]))
    finally:
        wire.read = asyncio.Queue()  # nobody reads any more, and nothing waits for that
        follower.leave()
        following.cancel()
        await asyncio.wait([following])
