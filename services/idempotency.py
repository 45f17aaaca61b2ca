"""Keyed requests: the same key and body get the first answer again, another body is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import IdempotencyRecord, Row

from . import limits
from .access import visible_nodes
from .actor import Actor
from .checks import text, within_depth
from .errors import Conflict, IdempotencyKeyReused

GONE = "What this key created is gone by now, or not yours to see."


@dataclass(frozen=True)
class Once:
    """A request that is to be carried out once: its operation, key and body, and where the last
    two stand among its arguments."""

    operation: str
    key: str
    body: object
    key_at: str = "input.idempotencyKey"
    body_at: str = "input"

    def __post_init__(self) -> None:
        text(limits.IDEMPOTENCY_KEY)(self.key, self.key_at)
        within_depth(self.body, limits.REQUEST_DEPTH, self.body_at)

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
    _check_same(first, once)
    return first


async def answered_before(actor: Actor, once: Once) -> bool:
    """Whether the request has its answer by now, for who must know before the unit of work.

    Refuses what `claim` would refuse.
    """
    first = await IdempotencyRecord.get_or_none(actor_id=actor.id, key=once.key)
    if first is not None:
        _check_same(first, once)
    return first is not None


def _check_same(first: IdempotencyRecord, once: Once) -> None:
    if first.body_hash != once.fingerprint:
        reused = "This idempotency key was used for another request."
        raise IdempotencyKeyReused(reused, once.key_at)


async def first_answer(actor: Actor, once: Once, record: IdempotencyRecord) -> Any:
    """The rows that the first request returned, as they are now and if still to be seen; a
    document as it was, for who belongs wherever the first who asked did."""
    if "document" in record.answer:
        if not actor.roles.keys() >= set(record.answer["clients"]):
            raise Conflict(GONE, once.key_at)
        return record.answer["document"]
    one = record.answer.get("id")
    rows = await visible_nodes(actor, [one] if one else record.answer["ids"], once.key_at)
    if None in rows:
        raise Conflict(GONE, once.key_at)
    return rows[0] if one else rows


class Unchanged:
    """The answer of a use case that changed nothing: the key stays free for another request."""


async def remember(actor: Actor, record: IdempotencyRecord, result: object) -> None:
    """Store the answer with the change."""
    if isinstance(result, Unchanged):
        await record.delete()
        return
    if isinstance(result, Row):
        record.answer = {"id": result.id}
    elif isinstance(result, Mapping):
        record.answer = {"document": result, "clients": sorted(actor.roles)}
    elif isinstance(result, Sequence):
        record.answer = {"ids": [row.id for row in result]}
    else:
        raise TypeError("A keyed use case returns a row, rows or a document.")
    await record.save(update_fields=["answer", "updated_at"])
