from datetime import datetime

import strawberry

import models

from .loading import Info
from .node import Node
from .size import expected
from .user import User
from .view import Children, View, many, up

strawberry.enum(
    models.MemberRole,
    name="Role",
    description="What one may do at a client: look; change; and decide who else may.",
)

OPEN = (("accepted_at", None), ("revoked_at", None))


@strawberry.type(description="That a user belongs to a client.")
class Member(View[models.Membership], Node):
    role: models.MemberRole = strawberry.field(description="What they may do.")
    created_at: datetime = strawberry.field(description="Since when.")
    user: User = up(models.User, by="user_id", description="Who.")


@strawberry.type(description="Lets whoever has its code become a member, once.")
class Invitation(View[models.Invitation], Node):
    role: models.MemberRole = strawberry.field(description="What they will be.")
    name: str | None = strawberry.field(description="Whom it is meant for.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="When its code stops working.")
    accepted_at: datetime | None = strawberry.field(description="When somebody came by it.")
    revoked_at: datetime | None = strawberry.field(description="When it was withdrawn.")


@strawberry.type(description="A workspace that owns projects.")
class Client(View[models.Client], Node):
    slug: str = strawberry.field(description="Its short name in addresses.")
    name: str = strawberry.field(description="Its name.")
    members: list[Member] = many(
        models.Membership,
        on="client_id",
        order=("id",),
        items=20,
        description="Who belongs to it, in the order in which they came; at most 1,000.",
    )

    @strawberry.field(
        metadata=expected(5),
        description="Open invitations, oldest first; null unless you are an owner.",
    )
    async def invitations(self, info: Info) -> list[Invitation] | None:
        if not info.context.owns(self.row.id):
            return None
        rows = await info.context.load(
            Children(models.Invitation, "client_id", ("id",), OPEN), self.row.id
        )
        return Invitation.all(rows)


@strawberry.type(description="A client that you may work at.")
class Membership:
    client: Client = strawberry.field(description="Where.")
    role: models.MemberRole = strawberry.field(
        description="What you may do there, with the credential that you show."
    )


@strawberry.type(description="Who you are here.")
class Viewer:
    id: strawberry.ID = strawberry.field(description="Your id as a user.")
    name: str = strawberry.field(description="What you are called.")
    memberships: list[Membership] = strawberry.field(
        metadata=expected(3), description="Where you may work."
    )
