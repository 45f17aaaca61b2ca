"""A number that rises with every change of who may do what, so that looking for one is one read."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from .database import statement

ACCESS = "access"
RAISE = (
    "INSERT INTO revision (id, number) VALUES (?, 1)"
    " ON CONFLICT (id) DO UPDATE SET number = revision.number + 1"
)


class Revision(Model):
    id = fields.CharField(primary_key=True, max_length=36)
    number = fields.BigIntField()

    class Meta:
        table = "revision"


async def raise_access_revision() -> None:
    """Within the transaction that changes who may do what, and before its reads: whoever changes
    the same waits here for its end."""
    await statement(RAISE, [ACCESS])


async def access_revision() -> int:
    """Of all that is committed."""
    found = await statement("SELECT number FROM revision WHERE id = ?", [ACCESS])
    return int(found[0]["number"]) if found else 0
