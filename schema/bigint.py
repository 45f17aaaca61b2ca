"""Whole numbers beyond the 32 bits of GraphQL's own."""

from __future__ import annotations

import re
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

BigInt = NewType("BigInt", int)

SAFE = 2**53 - 1  # beyond it JavaScript rounds
DIGITS = re.compile(r"-?[0-9]{1,16}")


def _parsed(value: Any) -> int:
    if isinstance(value, str) and DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -SAFE <= value <= SAFE:
        raise GraphQLError("A BigInt is a whole number of at most 53 bits.")
    return value


BIGINT_SCALAR = strawberry.scalar(
    name="BigInt",
    description="A whole number of at most 53 bits. As input also a string of digits.",
    serialize=int,
    parse_value=_parsed,
)
