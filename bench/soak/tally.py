"""What is counted and found while a soak runs."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

ECHO_SECONDS = 30.0
"""How long after a process works again a lost answer is explained by what was done to it."""
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
    hit_until: float = float("-inf")
    """Until then a process that was killed or paused explains lost answers."""
    cut_until: float = float("-inf")
    """Until then a cut connection to the database explains an answer of UNAVAILABLE."""

    def find(self, what: str) -> None:
        """Something that must not be. Past FINDINGS_MAX they are only counted."""
        self.counts["findings"] += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(what)

    def hit_began(self) -> None:
        self.hit_until = float("inf")

    def hit_ended(self) -> None:
        self.hit_until = time.monotonic() + ECHO_SECONDS

    def cut_began(self) -> None:
        self.cut_until = float("inf")

    def cut_ended(self) -> None:
        self.cut_until = time.monotonic() + ECHO_SECONDS

    def excuses(self, code: str) -> bool:
        """Whether a refusal of this code is explained: counted, and no finding."""
        excused = code == "UNAVAILABLE" and time.monotonic() <= self.cut_until
        self.counts["answers that met a cut"] += excused
        return excused

    def lost(self, what: str) -> None:
        """An answer or a connection that broke: a process that was hit explains it, nothing else
        does."""
        self.counts["lost answers"] += 1
        if time.monotonic() > self.hit_until:
            self.find(f"{what}, and nobody was hit")
