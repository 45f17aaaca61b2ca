"""What operators read: metrics by name and labels, and log lines."""

from __future__ import annotations

import json
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

Labels = dict[str, str]


class Samples:
    """What `/metrics` says."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))

    def value(self, name: str, **labels: str) -> float | None:
        """Of the only sample of this name with exactly these labels."""
        found = [value for at, value in self.all(name) if at == labels]
        assert len(found) <= 1
        return found[0] if found else None

    def all(self, name: str) -> list[tuple[Labels, float]]:
        return [
            (sample.labels, sample.value)
            for family in self.families
            for sample in family.samples
            if sample.name == name
        ]


def json_lines(log: str) -> list[dict[str, Any]]:
    """Every line of a log, each of which must be a JSON object."""
    return [json.loads(line) for line in log.splitlines()]
