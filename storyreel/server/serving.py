"""The web server: how it begins and how it ends."""

from __future__ import annotations

import gc
import os
import socket

import uvicorn
from starlette.types import ASGIApp

from ..metrics import Metrics
from ..settings import BadSettings, Settings
from .http_protocol import HttpProtocol
from .socket_protocol import SocketProtocol
from .traffic import Traffic


def listener(host: str, port: int) -> socket.socket:
    """The address taken, before anything else is touched."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as failure:
        reason = os.strerror(failure.errno) if failure.errno and failure.errno > 0 else failure
        raise BadSettings(f"Storyreel cannot listen on {host}:{port}: {reason}.") from None


def address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """Ends what clients keep open first, and then waits for what is under way."""

    def __init__(self, app: ASGIApp, metrics: Metrics, settings: Settings) -> None:
        self._traffic = Traffic(app, metrics)
        super().__init__(
            uvicorn.Config(
                self._traffic,
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=max(1, settings.drain_seconds),
                proxy_headers=bool(settings.proxies),
                forwarded_allow_ips=settings.proxies,
                http=HttpProtocol,
                ws=SocketProtocol,
                ws_max_size=1024 * 1024,
                ws_per_message_deflate=settings.socket_compression,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._traffic.dismiss()
        await super().shutdown(sockets)


def spare_the_collector() -> None:
    """What the start has made stays: the garbage collector need not look at it ever again.

    While the rows of a big board were read it did so again and again, and found nothing.
    """
    gc.collect()
    gc.freeze()
