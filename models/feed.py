"""The feed: what happened to a project, in order, written with the change itself."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class EventKind(StrEnum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    MOVED = "MOVED"
    DELETED = "DELETED"
    RESTORED = "RESTORED"


class Feed(Model):
    """The head of one owner's log and the lock that makes sequence order commit order.

    Its id is its owner's. It is no foreign key: the feed outlives the owner, to tell of the end.
    """

    id = fields.CharField(primary_key=True, max_length=36)
    head = fields.BigIntField(default=0)
    floor = fields.BigIntField(default=0)

    class Meta:
        table = "feed"


class Event(Model):
    """One change of one subject. Sequences of a feed count up from 1 without a gap."""

    id = fields.BigIntField(primary_key=True, generated=True)
    feed: fields.ForeignKeyRelation[Feed] = fields.ForeignKeyField(
        "models.Feed", related_name="events", on_delete=fields.CASCADE
    )
    feed_id: str
    sequence = fields.BigIntField()
    at = fields.DatetimeField()
    kind = fields.CharEnumField(EventKind, max_length=20)
    subject_id = fields.CharField(max_length=36)
    version = fields.IntField(null=True)
    changed: list[str] = fields.JSONField(default=list)
    deleted: list[str] | None = fields.JSONField(null=True)
    actor_id = fields.CharField(max_length=36)
    idempotency_key = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "event"
        unique_together = (("feed_id", "sequence"),)
        indexes = (("subject_id", "version"),)


async def events_after(feed_id: str, sequence: int, count: int) -> list[Event]:
    """At most `count` events of a feed with higher sequence numbers, oldest first."""
    found = Event.filter(feed_id=feed_id, sequence__gt=sequence)
    return await found.order_by("sequence").limit(count)
