from __future__ import annotations

from datetime import datetime

from tortoise import fields

from .base import Row
from .client import Client, User
from .membership import MemberRole


class ApiToken(Row):
    """Speaks for a user, never above its ceiling and, where it names a client, only there.

    It goes with that client: without it, the token would be good everywhere.
    """

    PREFIX = "tok"

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="tokens", on_delete=fields.CASCADE, db_index=True
    )
    user_id: str
    client: fields.ForeignKeyNullableRelation[Client] = fields.ForeignKeyField(
        "models.Client", related_name="tokens", on_delete=fields.CASCADE, null=True, db_index=True
    )
    client_id: str | None
    name = fields.CharField(max_length=200)
    secret_hash = fields.CharField(max_length=64)
    ceiling = fields.CharEnumField(MemberRole, max_length=20)
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_token"

    def good_at(self, moment: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)
