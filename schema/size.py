"""How many items a list is taken to have, declared beside it: what all below it costs."""

from typing import Any

EXPECTED = "expected"
COUNTED_BY = "counted_by"
EACH = "each"


def expected(items: int) -> dict[str, Any]:
    """Metadata of a list: as many items as a large board has there."""
    return {EXPECTED: items}


def counted_by(argument: str, each: int = 0) -> dict[str, Any]:
    """Metadata of a list with an item for each one in this argument, which takes as long as
    `each` values, besides what is answered."""
    return {COUNTED_BY: argument, EACH: each}


def taking(values: int) -> dict[str, Any]:
    """Metadata of a field that takes as long as reading so many values."""
    return {EACH: values}


PAGED = expected(1)
"""Of the list inside a page: the page was counted where its size was asked for."""

OPERATION = 100
"""What an operation of a batch costs: a small one takes as long as reading 30 values, one that
makes many rows far longer."""
