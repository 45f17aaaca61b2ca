"""Keyed requests: the same key and body get the first answer again, another body is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import models
from models import IdempotencyRecord, Row

from . import limits
from .checks import text
from .errors import Conflict, IdempotencyKeyReused


@dataclass(frozen=True)
class Once:
    """A request that is to be carried out once: its operation, key and body."""

    operation: str
    key: str
    body: object

    def __post_init__(self) -> None:
        text(limits.IDEMPOTENCY_KEY)(self.key, "input.idempotencyKey")

    @property
    def fingerprint(self) -> str:
        return fingerprint([self.operation, self.body])


def fingerprint(value: object) -> str:
    """SHA-256 of a value as canonical JSON."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


async def first_answer(actor_id: str, once: Once) -> Any:
    """The rows that the first request returned, as they are now; None when this is the first."""
    record = await IdempotencyRecord.get_or_none(actor_id=actor_id, key=once.key)
    if record is None:
        return None
    if record.body_hash != once.fingerprint:
        raise IdempotencyKeyReused(
            "This idempotency key was used for another request.", "input.idempotencyKey"
        )
    many = isinstance(record.answer, list)
    ids = record.answer if many else [record.answer]
    found = await models.by_any_id(ids)
    if len(found) < len(ids):
        raise Conflict("What this key created has been deleted since.", "input.idempotencyKey")
    rows = [found[row_id] for row_id in ids]
    return rows if many else rows[0]


async def remember(actor_id: str, once: Once, result: object) -> None:
    """Store the answer with the change. Raises IntegrityError when a twin was faster."""
    if isinstance(result, Row):
        answer: object = result.id
    elif isinstance(result, Sequence):
        answer = [row.id for row in result]
    else:
        raise TypeError("A keyed use case returns a row or rows.")
    await IdempotencyRecord.create(
        actor_id=actor_id,
        key=once.key,
        operation=once.operation,
        body_hash=once.fingerprint,
        answer=answer,
    )
