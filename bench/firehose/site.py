"""python -m bench.firehose.site FILE: a server whose jobs do nothing but report.

It runs them itself; they begin at SIGUSR1. FILE is what it counted, as JSON, once it has ended.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import signal
import sys
from collections import Counter
from pathlib import Path

from PIL import Image as Picture
from uvicorn.loops.auto import auto_loop_factory

from services.backends.renderer import ClipOrder, FrameOrder, Media, Report
from storyreel.app import create_app
from storyreel.server.serving import Server, listener, spare_the_collector
from storyreel.settings import Settings, read_settings
from storyreel.wiring import open_documents, open_house

REPORTS_A_SECOND = 10
SIDE = 320
STORE = "UPDATE job SET phase"


class Reporting:
    """Renders nothing for as many steps as the prompt says, and tells of each, once `begin` is
    set."""

    name = "reporting"

    def __init__(self) -> None:
        self.reports, self.begin = 0, asyncio.Event()
        file = io.BytesIO()
        Picture.new("RGB", (SIDE, SIDE), "teal").save(file, "PNG")
        self.picture = file.getvalue()

    async def draw(self, order: FrameOrder, report: Report) -> Media:
        steps = int(order.prompt)
        await self.begin.wait()
        for step in range(1, steps + 1):
            report("drawing", step, steps)
            self.reports += 1
            await asyncio.sleep(1 / REPORTS_A_SECOND)
        return Media(self.picture, "image/png", SIDE, SIDE)

    async def animate(self, order: ClipOrder, report: Report) -> Media:
        raise NotImplementedError


class Statements(logging.Handler):
    """Counts what is written to the database, by what it begins with."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        parts = record.args if isinstance(record.args, tuple) and record.args else (record.msg,)
        sql = str(parts[0]).lstrip()
        if not sql.startswith("SELECT"):
            self.counts["stores of progress" if sql.startswith(STORE) else "other writes"] += 1


async def serve(settings: Settings, counted: Path) -> None:
    statements, reporting, ended = Statements(), Reporting(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, reporting.begin.set)
    loop.add_signal_handler(signal.SIGTERM, ended.set)  # uvicorn raises it again when it has ended
    log = logging.getLogger("tortoise.db_client")
    log.addHandler(statements)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    with listener(settings.host, settings.port) as listening:
        async with open_house(settings, worker=True) as house:
            house.world.renderers = {reporting.name: reporting}
            server = Server(create_app(house, open_documents(settings)), house.metrics, settings)
            spare_the_collector()
            await server.serve([listening])
    counts = {"reports": reporting.reports, **statements.counts}
    counted.write_text(json.dumps(counts))  # noqa: ASYNC240  # nothing else runs any more


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(serve(read_settings(), Path(sys.argv[1])))
