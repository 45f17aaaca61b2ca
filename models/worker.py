from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model


class Worker(Model):
    """The heartbeat of one process that runs jobs. Silent too long: others take over its work."""

    id = fields.CharField(primary_key=True, max_length=120)
    seen_at = fields.DatetimeField()

    class Meta:
        table = "worker"


async def workers_seen_since(moment: datetime) -> int:
    return await Worker.filter(seen_at__gte=moment).count()
