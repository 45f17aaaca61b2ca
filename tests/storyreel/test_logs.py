"""Log lines, as people and as programs read them."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
from dbos._logger import init_logger
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from structlog.contextvars import bound_contextvars

from storyreel.logs import Format, write_logs
from tests.serving import serving
from tests.sockets import PROTOCOL, a_wire

Start = Callable[..., io.StringIO]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Write logs of a form to what is returned, until the test ends."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level

    def start(form: Format, log_level: str = "info") -> io.StringIO:
        written = io.StringIO()
        monkeypatch.setattr("sys.stderr", written)
        root.handlers.clear()
        write_logs(log_level, form)
        return written

    yield start
    root.handlers[:] = before
    root.setLevel(level)


def test_people_read_a_sentence_and_what_belongs_to_it(start: Start) -> None:
    written = start("text")
    with bound_contextvars(job_id="job_1"):
        logging.getLogger("services.running").info("Job %s.", "ended", extra={"seconds": 2})

    pattern = r"\S+Z INFO services\.running: Job ended\. job_id=job_1 seconds=2\n"
    assert re.fullmatch(pattern, written.getvalue())


def test_a_value_cannot_begin_a_line_of_its_own(start: Start) -> None:
    written = start("text")
    logging.getLogger("storyreel").info("Ended.", extra={"path": "/x\nINFO forged"})

    assert written.getvalue().count("\n") == 1
    assert r"path='/x\nINFO forged'" in written.getvalue()


def test_programs_read_the_same_as_json(start: Start) -> None:
    written = start("json")
    init_logger()  # as the engine does when it starts
    with bound_contextvars(job_id="job_1"):
        logging.getLogger("dbos").warning("Two\nlines", extra={"odd": object})

    told = json.loads(written.getvalue())
    assert {name: told[name] for name in ("event", "level", "logger", "job_id")} == {
        "event": "Two\nlines",
        "level": "warning",
        "logger": "dbos",
        "job_id": "job_1",
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_belongs_to_its_line(start: Start, form: Format) -> None:
    written = start(form)
    try:
        raise ValueError("broken on purpose")
    except ValueError:
        logging.getLogger("services.work").exception("It failed.")

    text = json.loads(written.getvalue())["exception"] if form == "json" else written.getvalue()
    assert "Traceback" in text
    assert text.rstrip().endswith("ValueError: broken on purpose")


def test_libraries_keep_to_themselves_what_is_no_warning(start: Start) -> None:
    written = start("text")
    logging.getLogger("uvicorn.error").info("Waiting for connections to close.")
    logging.getLogger("dbos").info("Launched.")

    assert written.getvalue() == ""


async def test_what_somebody_shows_is_not_written_even_at_debug(start: Start) -> None:
    async def open_and_close(socket: WebSocket) -> None:
        await socket.accept(subprotocol=PROTOCOL)
        await socket.close()

    written = start("text", "debug")
    headers = {"Authorization": "Bearer sr_secret"}
    async with serving(Starlette(routes=[WebSocketRoute("/", open_and_close)])) as url:
        async with a_wire(url.replace("http", "ws", 1), additional_headers=headers) as socket:
            assert await socket.close_code() == 1000
        logging.getLogger("uvicorn.error").warning("The server speaks here.")

    assert "The server speaks here." in written.getvalue()
    theirs = [line for line in written.getvalue().splitlines() if "uvicorn.error" in line]
    assert not any("sr_secret" in line for line in theirs)
