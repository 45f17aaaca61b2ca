"""The HTTP protocol below Starlette."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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
    send_seconds = SEND_SECONDS

    def connection_made(  # type: ignore[override]  # as in the class above
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        self.flow = Patience(transport, self.send_seconds)
