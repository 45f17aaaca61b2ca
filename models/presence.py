"""Who is here. Of the moment: no part of a project's history, its trash or its feed."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.models import Model


class Presence(Model):
    """One user at one project, until `expires_at` unless renewed.

    The ids are plain text: what is of the moment neither goes into a deletion nor holds one up.
    `holder` is the subscription that renewed it last, and takes it away when it ends.
    """

    id = fields.BigIntField(generated=True, primary_key=True)
    project_id = fields.CharField(max_length=36)
    user_id = fields.CharField(max_length=36)
    focus_id = fields.CharField(max_length=36, null=True)
    editing_until = fields.DatetimeField(null=True)
    since = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)
    holder = fields.CharField(max_length=36, default="")

    class Meta:
        table = "presence"
        unique_together = (("project_id", "user_id"),)

    def is_editing(self, now: datetime) -> bool:
        return self.editing_until is not None and now < self.editing_until
