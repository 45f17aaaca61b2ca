"""Who asks. In this first form: the one local user, owner of the one local client."""

from __future__ import annotations

from models import Client, User
from services.actor import Actor, Role

CLIENT_SLUG = "local"
USER_ID = (
    "usr_00000000000000000000000001"  # fixed: of two processes that start at once, one makes it
)
USER_NAME = "You"


async def local_actor() -> Actor:
    """The local user; made, with the local client, when the database has none."""
    client, _ = await Client.get_or_create(slug=CLIENT_SLUG, defaults={"name": "This machine"})
    user, _ = await User.get_or_create(id=USER_ID, defaults={"name": USER_NAME})
    return Actor(user.id, user.name, {client.id: Role.OWNER})
