"""Log lines for people or for programs, all through one renderer: our own and those of libraries.

Whatever is bound with `structlog.contextvars` (request, socket, operation, job, attempt) goes onto
every line written meanwhile. Documents and variables of clients never do: they may hold secrets.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

Format = Literal["text", "json"]

WIRE = "uvicorn.error"
TALKATIVE = ("uvicorn", WIRE, "dbos", "httpx", "tortoise", "strawberry")


def write_logs(level: str, form: Format) -> None:
    """Write to standard error from now on. Libraries tell what they do at `debug` only."""
    enrich: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render = structlog.processors.JSONRenderer(default=str) if form == "json" else _as_text
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
            foreign_pre_chain=enrich,
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    quiet = logging.WARNING if level == "info" else logging.NOTSET
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(quiet)
    if level == "debug":  # where the head of a handshake is written, credentials included
        logging.getLogger(WIRE).setLevel(logging.INFO)
    engine = logging.getLogger("dbos")  # without a handler it would write for itself, its own way
    engine.handlers, engine.propagate = [logging.NullHandler()], True


def _as_text(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """`time LEVEL logger: message name=value …`, then the traceback if there is one."""
    trace = event.pop("exception", None)
    head = [str(event.pop(name)) for name in ("timestamp", "level", "logger", "event")]
    head[1] = head[1].upper()
    values = "".join(f" {name}={on_one_line(value)}" for name, value in event.items())
    line = f"{' '.join(head[:3])}: {head[3]}{values}"
    return f"{line}\n{trace}" if trace else line


def on_one_line(value: object) -> str:
    """Nobody who chooses a value, such as a path, writes a line of his own."""
    text = str(value)
    return text if text.isprintable() else repr(text)
