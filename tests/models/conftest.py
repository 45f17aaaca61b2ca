"""A database to migrate."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def url(empty_database_url: str) -> str:
    return empty_database_url


@pytest.fixture
def file(url: str) -> Path:
    if not url.startswith("sqlite:"):
        pytest.skip("This is about SQLite's file.")
    return Path(url.removeprefix("sqlite:///"))
