"""Keyed requests: the same key and body get the first answer again, another body is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models import IdempotencyRecord, Row

from . import limits
from .access import visible_nodes
from .actor import Actor
from .checks import text, within_depth
from .errors import Conflict, IdempotencyKeyReused

FIELD = "input.idempotencyKey"


@dataclass(frozen=True)
class Once:
    """A request that is to be carried out once: its operation, key and body."""

    operation: str
    key: str
    body: object

    def __post_init__(self) -> None:
        text(limits.IDEMPOTENCY_KEY)(self.key, FIELD)
        within_depth(self.body, limits.REQUEST_DEPTH, "input")

    @property
    def fingerprint(self) -> str:
        return fingerprint([self.operation, self.body])


def fingerprint(value: object) -> str:
    """SHA-256 of a value as canonical JSON."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


async def claim(actor: Actor, once: Once) -> IdempotencyRecord:
    """The record of this request, still without an answer if this is the first one.

    A twin waits here until the first has ended: after its commit it finds the answer, after its
    refusal it becomes the first.
    """
    record = IdempotencyRecord(
        actor_id=actor.id,
        key=once.key,
        operation=once.operation,
        body_hash=once.fingerprint,
    )
    await IdempotencyRecord.bulk_create([record], ignore_conflicts=True)
    first = await IdempotencyRecord.get(actor_id=actor.id, key=once.key)
    if first.body_hash != record.body_hash:
        raise IdempotencyKeyReused("This idempotency key was used for another request.", FIELD)
    return first


async def first_answer(actor: Actor, record: IdempotencyRecord) -> Any:
    """The rows that the first request returned, as they are now and if still to be seen."""
    one = record.answer.get("id")
    rows = await visible_nodes(actor, [one] if one else record.answer["ids"], FIELD)
    if None in rows:
        raise Conflict("What this key created has been deleted since.", FIELD)
    return rows[0] if one else rows


class Unchanged:
    """The answer of a use case that changed nothing: the key stays free for another request."""


async def remember(record: IdempotencyRecord, result: object) -> None:
    """Store the answer with the change."""
    if isinstance(result, Unchanged):
        await record.delete()
        return
    if isinstance(result, Row):
        record.answer = {"id": result.id}
    elif isinstance(result, Sequence):
        record.answer = {"ids": [row.id for row in result]}
    else:
        raise TypeError("A keyed use case returns a row or rows.")
    await record.save(update_fields=["answer", "updated_at"])
