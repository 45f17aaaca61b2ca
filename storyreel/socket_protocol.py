"""The WebSocket protocol below Starlette."""

from __future__ import annotations

import contextlib

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, which otherwise fails to stop while a socket is in its closing handshake, and
    complains of a handshake that was answered with something else than a socket."""

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def shutdown(self) -> None:
        with contextlib.suppress(InvalidState):
            super().shutdown()
        self.transport.close()
