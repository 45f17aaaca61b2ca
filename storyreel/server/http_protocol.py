"""The HTTP protocol below Starlette, with the bounds that uvicorn leaves to others."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_BYTES_MAX = 64 * 1024
HEAD_SECONDS = 20.0
SEND_SECONDS = 10.0


class Patience(FlowControl):
    """Hangs up on a client that has read nothing for `send_seconds`; a slow one may go on.

    Nothing less ends such a connection: closing it would wait for the client to read, too.
    """

    def __init__(self, transport: asyncio.Transport, send_seconds: float) -> None:
        super().__init__(transport)
        self._send_seconds = send_seconds

    async def drain(self) -> None:
        unread = self._transport.get_write_buffer_size()
        while True:
            try:
                async with asyncio.timeout(self._send_seconds):
                    return await super().drain()
            except TimeoutError:
                before, unread = unread, self._transport.get_write_buffer_size()
                if unread >= before:
                    return self._transport.abort()


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's, which otherwise waits for ever for the end of a request's head, however long it
    grows. One that arrives whole in a single read may be longer by that much."""

    head_seconds = HEAD_SECONDS
    send_seconds = SEND_SECONDS

    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]  # as in the class above
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        self.flow = Patience(transport, self.send_seconds)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_arrived()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head_arrived()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._turn_away(431)

    def _await_head(self) -> None:
        self._head_arrived()
        self._head_timer = self.loop.call_later(self.head_seconds, self._turn_away, 408)

    def _head_arrived(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
        self._head_timer, self._head_bytes = None, 0

    def _turn_away(self, status: int) -> None:
        self._head_arrived()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:  # else it would end up in an answer
            end = b"connection: close\r\ncontent-length: 0\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + end)
        self.transport.close()
