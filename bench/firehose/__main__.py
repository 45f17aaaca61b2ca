"""python -m bench.firehose: exit status 1 when a bar is missed."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.servers import Postgres

from .progress import JOBS, WATCHERS, Firehose, firehose
from .writing import Rates, compare

RESULTS = Path(__file__).parents[1] / "results"
WORLDS = ("sqlite", "postgres")
WORK_MIN, SLOWDOWN_MAX, WRITES_PER_REPORT_MAX = 0.5, 3.0, 0.1
Row = tuple[str, str, str, bool | None]
"""What, how much, beside what, and whether the bar is met; None where there is no bar."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.firehose", description=__doc__)
    parser.add_argument("--world", choices=WORLDS)
    parser.add_argument("--seconds", type=float, default=40.0)
    given = parser.parse_args()
    if given.world is None:  # each in a process of its own: SQL is remembered without its dialect
        again = [sys.executable, "-m", "bench.firehose", "--seconds", str(given.seconds)]
        return max(subprocess.run([*again, "--world", world]).returncode for world in WORLDS)
    with tempfile.TemporaryDirectory(prefix="storyreel-firehose-") as folder:
        rates, found = _measured(given.world, Path(folder), given.seconds)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"firehose-{given.world}-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    raw = {"writing": {where: asdict(each) for where, each in rates.items()}}
    path.write_text(json.dumps(raw | {"progress": found.as_json()}, indent=1))
    rows = [*_of_writing(rates), *_of_progress(found)]
    console = Console()
    console.print(_table(given.world, rows))
    console.print(f"Everything is in {path}.")
    return int(any(met is False for *_, met in rows))


def _measured(world: str, folder: Path, seconds: float) -> tuple[dict[str, Rates], Firehose]:
    with _database(world, folder, "writing") as url:
        rates = asyncio.run(compare(url))
    with _database(world, folder, "progress") as url:
        return rates, asyncio.run(firehose(url, folder, seconds))


@contextmanager
def _database(world: str, folder: Path, name: str) -> Iterator[str]:
    if world == "sqlite":
        yield f"sqlite:///{folder}/{name}.sqlite3"
        return
    postgres = Postgres.start()
    try:
        yield postgres.create_database(name)
    finally:
        postgres.stop()


def _of_writing(rates: dict[str, Rates]) -> Iterator[Row]:
    for where, each in rates.items():
        beside = f"{each.ratio:.2f} of {each.bare:,.0f} in a bare loop, bar {WORK_MIN}"
        yield f"changes a second, {where}", f"{each.work:,.0f}", beside, each.ratio >= WORK_MIN


def _of_progress(found: Firehose) -> Iterator[Row]:
    idle, meanwhile = found.p99
    slower = meanwhile / idle
    beside = f"{slower:.1f} times {idle:.0f} ms when idle, bar {SLOWDOWN_MAX:.0f}"
    yield "p99 of another board", f"{meanwhile:.0f} ms", beside, slower <= SLOWDOWN_MAX
    reports, stores = found.counts["reports"], found.counts["stores of progress"]
    each = f"{stores / reports:.4f} for a report, bar {WRITES_PER_REPORT_MAX}"
    yield "stores of progress", f"{stores:,}", each, stores / reports <= WRITES_PER_REPORT_MAX
    yield "reports", f"{reports:,}", f"{reports / found.seconds:.0f} a second, {JOBS} jobs", None
    watched = f"{found.snapshots / found.seconds:.0f} a second, {WATCHERS} watchers"
    yield "snapshots", f"{found.snapshots:,}", watched, None
    yield "steps back", str(found.steps_back), "bar 0", found.steps_back == 0
    ended = f"of {WATCHERS}"
    yield "watchers told of the end", str(found.ended_well), ended, found.ended_well == WATCHERS


def _table(world: str, rows: list[Row]) -> Table:
    table = Table("what", "how much", "beside", "bar", title=f"Firehose, {world}")
    for what, much, beside, met in rows:
        table.add_row(what, much, beside, {True: "met", False: "MISSED", None: ""}[met])
    return table


if __name__ == "__main__":
    sys.exit(main())
