from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class Worker(Model):
    """The heartbeat of one process that runs jobs. Silent too long: others take over its work."""

    id = fields.CharField(primary_key=True, max_length=120)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "worker"
