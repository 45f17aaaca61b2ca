from typing import Annotated

import strawberry
from strawberry import ID

import models
from schema.client import Invitation, Member
from schema.inputs import InviteMemberInput
from schema.results import Deletion, Invited
from services import members

from ..arguments import Id, Input
from ..context import Info, document, keyed

ClientId = Annotated[ID, strawberry.argument(description="The client.")]
UserId = Annotated[ID, strawberry.argument(description="The member, as a user.")]


@strawberry.type
class MemberMutations:
    @strawberry.mutation(description="Invite somebody to a client. Only for owners.")
    async def invite_member(
        self, info: Info, input: Annotated[InviteMemberInput, Input]
    ) -> Invited:
        once = keyed("inviteMember", input)
        body = document(input, "idempotencyKey")
        invitation = await info.context.do_once(once, members.invite_member, body)
        return Invited(invitation=Invitation.of(invitation), code=invitation.code)

    @strawberry.mutation(description="Become a member by an invitation's code.")
    async def accept_invitation(
        self,
        info: Info,
        code: Annotated[str, strawberry.argument(description="The code, as it was shown.")],
    ) -> Member:
        return Member.of(await info.context.do(members.accept_invitation, code))

    @strawberry.mutation(description="Withdraw an invitation. Only for owners.")
    async def revoke_invitation(self, info: Info, id: Id) -> Invitation:
        return Invitation.of(await info.context.do(members.revoke_invitation, id))

    @strawberry.mutation(
        description="Give a member another role. Only for owners, one of whom remains."
    )
    async def change_member_role(
        self,
        info: Info,
        client_id: ClientId,
        user_id: UserId,
        role: Annotated[models.MemberRole, strawberry.argument(description="The new role.")],
    ) -> Member:
        change = members.change_member_role
        return Member.of(await info.context.do(change, client_id, user_id, role))

    @strawberry.mutation(
        description="End a membership: as an owner anybody's, else your own. One owner remains."
    )
    async def remove_member(self, info: Info, client_id: ClientId, user_id: UserId) -> Deletion:
        gone = ID((await info.context.do(members.remove_member, client_id, user_id)).id)
        return Deletion(id=gone, deleted=[gone], restore_id=None)
