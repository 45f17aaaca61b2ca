"""The WebSocket protocol below Starlette."""

from __future__ import annotations

import contextlib

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, which otherwise fails to stop while a socket is in its closing handshake."""

    def shutdown(self) -> None:
        with contextlib.suppress(InvalidState):
            super().shutdown()
        self.transport.close()
