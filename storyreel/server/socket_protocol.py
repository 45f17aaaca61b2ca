"""The WebSocket protocol below Starlette."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import cast

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

FRAMES = "storyreel.frames"
"""The ASGI extension in which a connection offers itself to be written to without ceremony: its
`connection` is a SocketProtocol."""

UNSENT_BYTES = 256 * 1024
"""What may wait in one connection before it takes no more frames."""


STALLED_SECONDS = 10.0
"""How long a client may take nothing of what it was sent. The kernel would keep megabytes for each,
and wait for as long as there is somebody on the other side."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, which otherwise fails to stop while a socket is in its closing handshake, and
    complains of a handshake that was answered with something else than a socket.

    It also takes frames that were made once for many sockets, unless messages are compressed.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; elsewhere pings and full buffers tell
            own: socket.socket = transport.get_extra_info("socket")
            own.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(STALLED_SECONDS * 1_000)
            )

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101 and not self.conn.extensions:
            self.scope["extensions"][FRAMES] = {"connection": self}

    def take(self, frame: bytes) -> bool:
        """Send a whole frame now, after all that was sent before. False when it is not taken:
        the connection is closing, or its client reads too slowly."""
        if (
            self.close_sent
            or self.transport.is_closing()
            or self.transport.get_write_buffer_size() > UNSENT_BYTES
        ):
            return False
        self.transport.write(frame)
        return True

    def abort(self) -> None:
        """Be gone at once, whatever is still unsent."""
        self.transport.abort()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def shutdown(self) -> None:
        with contextlib.suppress(InvalidState):
            super().shutdown()
        self.transport.close()


def header_of(message: bytes) -> bytes:
    """What stands before a text message on the wire; depends on its length alone."""
    return Frame(Opcode.TEXT, message).serialize(mask=False)[: -len(message)]
