"""How many items a list is taken to have, declared beside it: what all below it costs."""

from typing import Any

EXPECTED = "expected"
COUNTED_BY = "counted_by"


def expected(items: int) -> dict[str, Any]:
    """Metadata of a list: as many items as a large board has there."""
    return {EXPECTED: items}


def counted_by(argument: str) -> dict[str, Any]:
    """Metadata of a list with an item for each one in this argument."""
    return {COUNTED_BY: argument}


PAGED = expected(1)
"""Of the list inside a page: the page was counted where its size was asked for."""
