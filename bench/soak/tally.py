"""What is counted and found while a soak runs."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

KILL_ECHO_SECONDS = 30.0
"""How long after a killed process works again a lost answer is explained by its death."""
FINDINGS_MAX = 200


@dataclass
class Tally:
    """All that the clients of one run report."""

    counts: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    keyed: dict[str, tuple[str, set[int]]] = field(default_factory=dict)
    """By idempotency key: the prefix of what its request created, and how many it may be."""
    latencies: list[float] = field(default_factory=list)
    """Of requests that were answered, in seconds."""
    killed_until: float = float("-inf")

    def find(self, what: str) -> None:
        """Something that must not be. Past FINDINGS_MAX they are only counted."""
        self.counts["findings"] += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(what)

    def kill_began(self) -> None:
        self.killed_until = float("inf")

    def kill_ended(self) -> None:
        self.killed_until = time.monotonic() + KILL_ECHO_SECONDS

    def lost(self, what: str) -> None:
        """An answer or a connection that broke: a kill explains it, nothing else does."""
        self.counts["lost answers"] += 1
        if time.monotonic() > self.killed_until:
            self.find(f"{what}, and nobody was killed")
