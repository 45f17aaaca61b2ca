"""python -m bench.soak: exit status 1 when something was found that must not be."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .run import Plan, Report, soak

RESULTS = Path(__file__).parents[1] / "results"


def main() -> int:
    plan = Plan(**vars(_arguments()))
    RESULTS.mkdir(exist_ok=True)
    name = f"chaos-{plan.bus}" if plan.chaos else f"soak-{plan.world}"
    path = RESULTS / f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    with tempfile.TemporaryDirectory(prefix="storyreel-soak-") as folder:
        report = asyncio.run(soak(plan, Path(folder)))
        if report.tally.findings:
            for log in Path(folder).glob("*.log"):
                shutil.copy(log, path.with_suffix(f".{log.name}"))
    path.write_text(json.dumps(report.as_json(), indent=1))
    console = Console()
    console.print(_table(report))
    for finding in report.tally.findings:
        console.print(finding, style="red", markup=False)
    console.print(f"Everything is in {path}.")
    if not report.tally.findings:
        return 0
    console.print("The logs are beside it.")
    return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--world", choices=["sqlite", "postgres"], default=Plan.world)
    parser.add_argument("--bus", choices=["redis", "postgres"], default=Plan.bus)
    parser.add_argument("--chaos", action="store_true")
    for name in ("minutes", "pace", "kill_every"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(Plan, name))
    for name in ("clients", "projects", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Plan, name))
    given = parser.parse_args()
    if given.chaos:
        given.world = "postgres"
    return given


def _table(report: Report) -> Table:
    table = Table("what", "how much", title=f"Soak, {report.plan.world}")
    rows = {
        "seconds": f"{report.seconds:.0f}, quiet after {report.quiet_after:.0f}",
        **{name: f"{count:,}" for name, count in sorted(report.tally.counts.items())},
        **{f"answers {code}": f"{n:,}" for code, n in sorted(report.tally.answers.items())},
        **{f"latency {name}": f"{ms:,} ms" for name, ms in report.latency_ms.items()},
    }
    for name, growth in report.memory.items():
        how = f"{growth.mib:.0f} MiB, {growth.mib_per_minute:+.2f} MiB a minute"
        rows[f"memory of {name}"] = f"{how} over {growth.minutes:.1f} minutes"
    for name, value in rows.items():
        table.add_row(name, value)
    return table


if __name__ == "__main__":
    sys.exit(main())
