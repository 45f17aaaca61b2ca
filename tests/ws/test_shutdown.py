from __future__ import annotations

import asyncio
import base64
import os

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from tests.serving import serving

FROM_CLIENT = 0x80  # a frame of a client is masked; four zero bytes mask nothing
CLOSE_1000 = bytes([0x88, FROM_CLIENT | 2, 0, 0, 0, 0, 0x03, 0xE8])


async def test_a_server_stops_while_a_socket_is_in_its_closing_handshake() -> None:
    async def deaf(socket: WebSocket) -> None:
        """Fills the connection until it takes no more, so that the handshake cannot end."""
        await socket.accept()
        while True:
            await socket.send_bytes(bytes(1 << 20))

    async with asyncio.timeout(20):
        async with serving(Starlette(routes=[WebSocketRoute("/", deaf)])) as url:
            reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
            key = base64.b64encode(os.urandom(16)).decode()
            writer.write(
                f"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            await reader.readuntil(b"\r\n\r\n")
            writer.write(CLOSE_1000)
            await writer.drain()
            await asyncio.sleep(0.3)  # the server has read it and answers into a full buffer
        writer.close()
