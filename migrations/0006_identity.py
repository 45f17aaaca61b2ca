"""Members of clients, invitations, tokens, and who people are to an identity provider."""

from __future__ import annotations

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


def _table(model: str, table: str, *columns: tuple[str, Any], **options: Any) -> ops.CreateModel:
    return ops.CreateModel(
        name=model,
        fields=[
            ("id", fields.CharField(primary_key=True, max_length=36)),
            ("created_at", fields.DatetimeField(auto_now_add=True)),
            ("updated_at", fields.DatetimeField(auto_now=True)),
            *columns,
        ],
        options={"table": table, "app": "models", "pk_attr": "id", **options},
    )


def _part_of(model: str, related_name: str, **options: Any) -> Any:
    return fields.ForeignKeyField(
        f"models.{model}", related_name=related_name, on_delete=fields.CASCADE, **options
    )


class Migration(migrations.Migration):
    dependencies = [("models", "0005_runs")]

    operations = [
        ops.AddField(
            model_name="User",
            name="subject",
            field=fields.CharField(max_length=512, unique=True, null=True),
        ),
        _table(
            "Membership",
            "membership",
            ("client", _part_of("Client", "members")),  # leads the unique pair
            ("user", _part_of("User", "memberships", db_index=True)),
            ("role", fields.CharField(max_length=20)),
            unique_together=(("client_id", "user_id"),),
        ),
        _table(
            "Invitation",
            "invitation",
            ("client", _part_of("Client", "invitations", db_index=True)),
            ("role", fields.CharField(max_length=20)),
            ("name", fields.CharField(max_length=200, null=True)),
            ("code_hash", fields.CharField(max_length=64)),
            ("expires_at", fields.DatetimeField()),
            ("accepted_at", fields.DatetimeField(null=True)),
            ("revoked_at", fields.DatetimeField(null=True)),
        ),
        _table(
            "ApiToken",
            "api_token",
            ("user", _part_of("User", "tokens", db_index=True)),
            ("client", _part_of("Client", "tokens", null=True, db_index=True)),
            ("name", fields.CharField(max_length=200)),
            ("secret_hash", fields.CharField(max_length=64)),
            ("ceiling", fields.CharField(max_length=20)),
            ("expires_at", fields.DatetimeField(null=True)),
            ("revoked_at", fields.DatetimeField(null=True)),
            ("last_used_at", fields.DatetimeField(null=True)),
        ),
        ops.CreateModel(
            name="Revision",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=36)),
                ("number", fields.BigIntField()),
            ],
            options={"table": "revision", "app": "models", "pk_attr": "id"},
        ),
    ]
