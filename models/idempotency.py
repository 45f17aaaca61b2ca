from __future__ import annotations

from typing import Any

from tortoise import fields

from .base import Row


class IdempotencyRecord(Row):
    """The first answer to a keyed request: `answer` holds the ids of its rows, or a document."""

    PREFIX = "idem"

    actor_id = fields.CharField(max_length=36)
    key = fields.CharField(max_length=200)
    operation = fields.CharField(max_length=60)
    body_hash = fields.CharField(max_length=64)
    answer: Any = fields.JSONField(null=True)

    class Meta:
        table = "idempotency_record"
        unique_together = (("actor_id", "key"),)
        indexes = (("created_at",),)
