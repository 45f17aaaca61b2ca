"""JSON as clients send it."""

from __future__ import annotations

import re
from json import JSONDecodeError
from typing import Any

import orjson
from pydantic_core import from_json

LONG = re.compile("[0-9]{19}")
LONG_BYTES = re.compile(LONG.pattern.encode())


def read_json(data: str | bytes) -> Any:
    """JSON to the letter: no NaN, no infinity, no half of a character, and whole numbers with all
    their digits, so that those which cannot be stored are refused and not rounded.

    Of a name that an object has twice, the last counts. Raises JSONDecodeError.
    """
    value = orjson.loads(data)
    long = LONG.search(data) if isinstance(data, str) else LONG_BYTES.search(data)
    if long is None:
        return value
    try:
        return from_json(data)  # orjson makes floats of numbers beyond 64 bits
    except ValueError as failure:  # nested too deep for it, or thousands of digits
        raise JSONDecodeError(str(failure), "", 0) from None
