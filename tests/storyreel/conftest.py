from __future__ import annotations

import pytest

from services import limits


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """States are told as soon as they are known."""
    for interval in ("LIVE", "PROGRESS", "PRESENCE"):
        monkeypatch.setattr(limits, f"{interval}_INTERVAL_SECONDS", 0.01)
