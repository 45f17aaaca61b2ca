"""Cursors: opaque text that says where a list or a feed was left, bound to that list or feed."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

Cursor = NewType("Cursor", str)

CURSOR_SCALAR = strawberry.scalar(
    name="Cursor",
    description="A position in a feed. Opaque: keep the last one seen and pass it as `after`.",
    serialize=str,
    parse_value=str,
)


def invalid(message: str, field: str) -> GraphQLError:
    """The error for an argument that can never be right."""
    return GraphQLError(message, extensions={"code": "INVALID_INPUT", "field": field})


def pack(*parts: Any) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unpack(cursor: str, scope: str, field: str = "after") -> Any:
    """The last part of a cursor made with the same scope; refuses any other text."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found, position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise invalid("This is not a cursor.", field) from None
    if found != scope:
        raise invalid("This cursor belongs to another list.", field)
    return position


def feed_cursor(feed_id: str, sequence: int) -> Cursor:
    """The position after an event of a feed."""
    return Cursor(pack(feed_id, sequence))


def sequence_in(cursor: str, feed_id: str, field: str = "after") -> int:
    """The sequence number in a cursor of this feed; refuses a cursor of another."""
    sequence = unpack(cursor, feed_id, field)
    if isinstance(sequence, bool) or not isinstance(sequence, int) or not 0 <= sequence < 2**62:
        raise invalid("This is not a cursor.", field)
    return sequence
