"""Who may do what at a client, and who has been asked to come."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from .base import Row
from .client import Client, User


class MemberRole(StrEnum):
    VIEWER = "VIEWER"
    EDITOR = "EDITOR"
    OWNER = "OWNER"


class Membership(Row):
    """That a user belongs to a client."""

    PREFIX = "mbr"

    client: fields.ForeignKeyRelation[Client] = fields.ForeignKeyField(
        "models.Client", related_name="members", on_delete=fields.CASCADE
    )
    client_id: str
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="memberships", on_delete=fields.CASCADE, db_index=True
    )
    user_id: str
    role = fields.CharEnumField(MemberRole, max_length=20)

    class Meta:
        table = "membership"
        unique_together = (("client_id", "user_id"),)


class Invitation(Row):
    """Lets whoever has its code become a member, once. Only a hash of the code is kept."""

    PREFIX = "inv"

    client: fields.ForeignKeyRelation[Client] = fields.ForeignKeyField(
        "models.Client", related_name="invitations", on_delete=fields.CASCADE, db_index=True
    )
    client_id: str
    role = fields.CharEnumField(MemberRole, max_length=20)
    name = fields.CharField(max_length=200, null=True)
    code_hash = fields.CharField(max_length=64)
    expires_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    code: str | None = None
    """Known to whoever made the row just now, and to nobody later."""

    class Meta:
        table = "invitation"
