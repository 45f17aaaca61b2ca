"""`python -m bench.fanout`: N followers of one project, beside others in the same run.

Every server is started anew for every round, on a core of its own; the load client and, for ours,
the writer of the log have the other. Rounds are interleaved and medians are compared, as ratios.
Raw numbers go to bench/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from .load import Load, compiled, loading
from .servers import HERE, NAMES, Served, serving

RESULTS = HERE.parent / "results"
NODE = ("mercurius", "yoga", "apollo")
SETTLE_SECONDS = 1.0
FLOW_SECONDS = 1.5
"""About how long a measurement takes; how many events that are is found by a short one."""
TRIAL_DELIVERIES = 20_000
BURST = ("ours", "bare")
"""Who is sent a burst; a minute or more of it for one who executes it for every follower."""
BURST_EVENTS, BURST_FOLLOWERS = 400, 1_000
EVENTS_MAX = 20_000

Figures = dict[str, float]


@dataclass(frozen=True)
class Case:
    server: str
    followers: int
    burst: bool


def measured(case: Case, program: Path) -> Figures | None:
    """None where the server lost something; its figures would mean nothing."""
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            serving(case.server, free_port(), Path(folder)) as served,
        ):
            return _measured(case, served, program)
    except RuntimeError as problem:
        print(f"{case.server}: {problem}", flush=True)
        return None


def _measured(case: Case, served: Served, program: Path) -> Figures:
    followers = case.followers
    time.sleep(SETTLE_SECONDS / 2)
    empty = served.memory_kilobytes()
    with loading(program, served, followers) as load:
        time.sleep(SETTLE_SECONDS)
        memory = (served.memory_kilobytes() - empty) / followers
        served.publish(1, burst=False)
        load.wait_for("heard")
        if case.burst:
            return _run(served, load, followers, BURST_EVENTS, burst=True)
        trial = _run(served, load, followers, max(5, TRIAL_DELIVERIES // followers))
        count = int(trial["deliveries_per_second"] * FLOW_SECONDS / followers)
        flow = _run(served, load, followers, min(max(count, 10), EVENTS_MAX))
        return flow | {"idle_kilobytes": memory}


def _run(
    served: Served, load: Load, followers: int, events: int, *, burst: bool = False
) -> Figures:
    load.expect(events)
    before = served.cpu_seconds()
    served.publish(events, burst=burst)
    found = load.report()
    used = served.cpu_seconds() - before
    if found["events"] != events * followers:
        raise RuntimeError(f"{found['events']} of {events * followers} events came.")
    return {
        "deliveries_per_second": found["events"] / ((found["last"] - found["first"]) / 1e9),
        "p50_ms": found["p50"],
        "p99_ms": found["p99"],
        "cpu_us": used / found["events"] * 1e6,
        "events_per_frame": found["events"] / found["frames"],
    }


def free_port() -> int:
    """A port that is free, as far as one can know."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def main() -> None:
    asked = _asked()
    RESULTS.mkdir(exist_ok=True)
    runs: list[dict[str, Any]] = []
    cases = [Case(name, n, False) for n in asked.followers for name in asked.servers]
    if not asked.no_burst:
        cases += [Case(name, BURST_FOLLOWERS, True) for name in asked.servers if name in BURST]
    with tempfile.TemporaryDirectory() as folder:
        program = compiled(Path(folder))
        for number in range(asked.rounds):
            for case in cases:
                figures = measured(case, program)
                told = _told(figures) if figures else "failed"
                print(
                    f"{number + 1} {case.server:10} {case.followers:5} followers {told}", flush=True
                )
                runs += [asdict(case) | {"round": number} | figures] if figures else []
    path = RESULTS / f"fanout-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg(), "runs": runs}))
    for followers, burst in dict.fromkeys((case.followers, case.burst) for case in cases):
        compare([run for run in runs if (run["followers"], run["burst"]) == (followers, burst)])
    print(f"\nRaw numbers: {path}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.fanout", description=__doc__)
    parser.add_argument("--followers", type=int, nargs="+", default=[100, 1_000, 2_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--servers", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--no-burst", action="store_true")
    return parser.parse_args()


def _told(figures: Figures) -> str:
    told = (
        f"{figures['deliveries_per_second']:12,.0f}/s  p50 {figures['p50_ms']:8.1f} ms  "
        f"p99 {figures['p99_ms']:8.1f} ms  {figures['cpu_us']:7.2f} us  "
        f"{figures['events_per_frame']:6.1f} events a frame"
    )
    return told + (f"  {figures['idle_kilobytes']:5.1f} kB" if "idle_kilobytes" in figures else "")


def compare(runs: list[dict[str, Any]]) -> None:
    """The medians of one case, and what they are of ours."""
    if not runs:
        return
    kind = f"Burst of {BURST_EVENTS} events" if runs[0]["burst"] else "Flow"
    print(f"\n{kind}, {runs[0]['followers']} followers")
    medians: dict[str, Figures] = {}
    for name in dict.fromkeys(run["server"] for run in runs):
        own = [run for run in runs if run["server"] == name]
        figures = [figure for figure, value in own[0].items() if isinstance(value, float)]
        medians[name] = {figure: median(run[figure] for run in own) for figure in figures}
        print(f"  {name:10} {_told(medians[name])}  of {len(own)}")
    if ours := medians.pop("ours", None):
        print(f"  ours: {', '.join(_ratios(ours, medians))}")


def _ratios(ours: Figures, others: dict[str, Figures]) -> Iterator[str]:
    rate = ours["deliveries_per_second"]
    ratios = {name: rate / other["deliveries_per_second"] for name, other in others.items()}
    yield from (f"{ratio:.2f} x {name}" for name, ratio in ratios.items())
    if on_node := [ratios[name] for name in NODE if name in ratios]:
        yield f"{min(on_node):.2f} x the best on Node"
    if "stock" in others:
        yield f"p99 1/{others['stock']['p99_ms'] / ours['p99_ms']:.0f} of stock"


if __name__ == "__main__":
    main()
