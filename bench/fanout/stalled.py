"""`python -m bench.fanout.stalled`: what followers who read nothing do to the others.

A steady flow to healthy followers, without and with stalled ones beside them, each time at a server
started anew. The bars: the median of the healthy ones' p99 latency at most doubles, and every
stalled one has been let go of in time. Exit status 1 where either is missed.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from websockets.sync.client import connect
from websockets.typing import Subprotocol

from .__main__ import RESULTS, SETTLE_SECONDS, free_port
from .event import unbind_files
from .load import compiled, loading
from .servers import Served, serving

RATIO_MAX, GONE_SECONDS_MAX = 2.0, 15.0
SMALL_MOUTH_BYTES = 2_048
"""What a stalled follower's own end of the connection may hold."""
LOOK_SECONDS = 0.2


def main() -> int:
    asked = _asked()
    unbind_files()
    RESULTS.mkdir(exist_ok=True)
    p99: dict[str, list[float]] = {"quiet": [], "beside": []}
    gone: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        program = compiled(Path(folder))
        for number in range(asked.rounds):
            for case, stalled in (("quiet", 0), ("beside", asked.stalled)):
                latency, seconds = _measured(program, asked, stalled)
                p99[case].append(latency)
                gone += [seconds] if stalled else []
                print(
                    f"{number + 1} {case:7} p99 {latency:7.2f} ms  gone {seconds:5.1f} s",
                    flush=True,
                )
    ratio, slowest = median(p99["beside"]) / median(p99["quiet"]), max(gone)
    print(f"p99 {ratio:.2f} x, at most {RATIO_MAX:g} x")
    print(f"gone in {slowest:.1f} s, at most {GONE_SECONDS_MAX:g} s")
    figures = {"p99_ms": p99, "gone_seconds": gone, "ratio": ratio} | vars(asked)
    path = RESULTS / f"stalled-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(figures))
    print(f"Raw numbers: {path}")
    return int(ratio > RATIO_MAX or slowest > GONE_SECONDS_MAX)


def _measured(program: Path, asked: argparse.Namespace, stalled: int) -> tuple[float, float]:
    """The p99 of the healthy, in milliseconds, and after how many seconds the stalled were gone."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving("ours", free_port(), Path(folder)) as served,
        loading(program, served, asked.healthy) as load,
        _stalled(served, stalled),
        ThreadPoolExecutor(1) as beside,
    ):
        time.sleep(SETTLE_SECONDS)
        load.expect(int(asked.rate * asked.seconds))
        watching = beside.submit(_seconds_until, served, asked.healthy)
        served.publish(int(asked.rate * asked.seconds), burst=False, rate=asked.rate)
        found = load.report()
        return found["p99"], watching.result()


@contextmanager
def _stalled(served: Served, count: int) -> Iterator[None]:
    """Followers of the same who read no more once they have subscribed."""
    subscribe = {"id": "1", "type": "subscribe", "payload": {"query": served.query}}
    with ExitStack() as stack:
        for _ in range(count):
            mouth = socket.socket()
            mouth.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_MOUTH_BYTES)
            mouth.connect(("127.0.0.1", served.port))
            to_it = connect(
                f"ws://127.0.0.1:{served.port}/graphql",
                sock=mouth,
                subprotocols=[Subprotocol("graphql-transport-ws")],
                compression=None,
                max_queue=1,  # no more is read until somebody asks for it, and nobody does
                ping_interval=None,
                close_timeout=0,
            )
            wire = stack.enter_context(to_it)
            wire.send(json.dumps({"type": "connection_init"}))
            wire.recv()
            wire.send(json.dumps(subscribe))
        yield


def _seconds_until(served: Served, sockets: int) -> float:
    """How long it takes until no more sockets than these are open."""
    began = time.monotonic()
    while (seconds := time.monotonic() - began) <= 2 * GONE_SECONDS_MAX:
        if _open_sockets(served) <= sockets:
            break
        time.sleep(LOOK_SECONDS)
    return seconds


def _open_sockets(served: Served) -> int:
    with closing(HTTPConnection("127.0.0.1", served.port, timeout=30)) as connection:
        connection.request("GET", "/metrics")
        for line in connection.getresponse().read().decode().splitlines():
            if line.startswith("storyreel_sockets "):
                return int(float(line.split()[1]))
    raise RuntimeError("The server does not tell how many sockets are open.")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.fanout.stalled", description=__doc__)
    parser.add_argument("--healthy", type=int, default=200)
    parser.add_argument("--stalled", type=int, default=50)
    parser.add_argument("--rate", type=float, default=250.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
