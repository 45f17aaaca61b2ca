"""The short form of `python -m bench.soak`."""

from __future__ import annotations

from pathlib import Path

from bench.soak.run import Plan, soak


async def test_clients_with_broken_networks_lose_nothing_while_a_process_is_killed(
    world_name: str, tmp_path: Path
) -> None:
    plan = Plan(world_name, minutes=0.15, clients=5, projects=1, pace=0.4, kill_every=3)

    report = await soak(plan, tmp_path)

    assert report.tally.findings == []
    counts = report.tally.counts
    assert sum(n for name, n in counts.items() if name.startswith("kills")) >= 1
    assert counts["disconnects"]
    assert counts["events delivered"] > counts["events in the logs"] > 0
    assert counts["jobs COMPLETE"]
