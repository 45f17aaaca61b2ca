"""Members of a client: asked in by its owners, who change and end memberships.

Each change first raises the access revision. That is where concurrent ones take turns, so what is
read next stays true until the commit, and it is what tells every process to look again at whom it
serves. Clients have no feed: none of this is an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from models import Client, Invitation, MemberRole, Membership, User, raise_access_revision

from . import bearing, limits
from .access import check_id, clients_of, owned, seen
from .actor import Role
from .checks import checked, number, text
from .errors import Conflict, Forbidden, InvalidInput, LimitExceeded, NotFound
from .work import Work

GONE = "There is no such invitation, or it is not good any more."
READ_ONLY = "This token may only read."


def role(value: Any, path: str) -> MemberRole:
    if value is None:
        raise InvalidInput("This cannot be cleared.", path)
    return MemberRole(value)


INPUT = {
    "clientSlug": text(limits.SLUG, nullable=True),
    "clientId": lambda value, path: value,  # checked where it is looked up
    "role": role,
    "days": number(1, limits.INVITATION_DAYS, whole=True),
    "name": text(limits.TITLE, nullable=True),
}


async def invite_member(work: Work, given: Mapping[str, Any]) -> Invitation:
    """An invitation to a client, with its code in `code`, which nobody can look up later."""
    values = checked(INPUT, given, "input")
    client = await _client(work, values.get("clientSlug"), values.get("clientId"))
    now = work.world.now()
    waiting = Invitation.filter(client_id=client.id, accepted_at=None, revoked_at=None)
    if await waiting.filter(expires_at__gt=now).count() >= limits.INVITATIONS_PER_CLIENT:
        most = limits.INVITATIONS_PER_CLIENT
        raise LimitExceeded(f"A client has at most {most} open invitations.", "input")
    days = values.get("days") or limits.INVITATION_DAYS_DEFAULT
    invitation = Invitation(
        client_id=client.id,
        role=values["role"],
        name=values.get("name"),
        expires_at=now + timedelta(days=days),
    )
    invitation.code, invitation.code_hash = bearing.hand_out(bearing.INVITATION_MARK, invitation.id)
    await invitation.save(force_create=True)
    return invitation


async def _client(work: Work, slug: str | None, client_id: str | None) -> Client:
    if (slug is None) == (client_id is None):
        raise InvalidInput("Name the client, by clientSlug or by clientId.", "input")
    if client_id is not None:
        return await owned(work.actor, client_id, "input.clientId")
    found = await Client.get_or_none(slug=slug, id__in=clients_of(work.actor))
    if found is None:
        raise NotFound("There is no such client.", "input.clientSlug")
    return await owned(work.actor, found.id, "input.clientSlug")


async def accept_invitation(work: Work, code: str) -> Membership:
    """Whoever has the code becomes a member, or a member in a higher role; once.

    A wrong, used, withdrawn and expired code answer alike.
    """
    actor = work.actor
    if actor.ceiling < Role.EDITOR:
        raise Forbidden(READ_ONLY)
    if not await User.exists(id=actor.id):
        raise Forbidden("Only a user can become a member.")
    await raise_access_revision()
    borne = bearing.shown(code, bearing.INVITATION_MARK, Invitation.PREFIX)
    found = await Invitation.get_or_none(id=borne.row_id) if borne is not None else None
    if borne is None or not borne.fits(found.code_hash if found else None) or found is None:
        raise NotFound(GONE, "code")
    now = work.world.now()
    if found.accepted_at or found.revoked_at or found.expires_at <= now:
        raise NotFound(GONE, "code")
    if actor.only_at not in (None, found.client_id):
        raise Forbidden("This token is for another client.", "code")
    membership = await _joined(actor.id, found)
    found.accepted_at = now
    await found.save(update_fields=["accepted_at", "updated_at"])
    return membership


async def _joined(user_id: str, invitation: Invitation) -> Membership:
    mine = await Membership.get_or_none(client_id=invitation.client_id, user_id=user_id)
    if mine is not None and Role[mine.role] >= Role[invitation.role]:
        raise Conflict("You are a member in this role or a higher one already.", "code")
    return await put_member(mine, invitation.client_id, user_id, invitation.role)


async def put_member(
    mine: Membership | None, client_id: str, user_id: str, role: MemberRole
) -> Membership:
    """A new member, or a present one in another role."""
    if mine is not None:
        mine.role = role
        await mine.save(update_fields=["role", "updated_at"])
        return mine
    if await Membership.filter(client_id=client_id).count() >= limits.MEMBERS_PER_CLIENT:
        raise LimitExceeded(f"A client has at most {limits.MEMBERS_PER_CLIENT} members.")
    return await Membership.create(client_id=client_id, user_id=user_id, role=role)


async def revoke_invitation(work: Work, invitation_id: str) -> Invitation:
    """Its code is good no more. One that was withdrawn before stays so."""
    check_id(Invitation, invitation_id)
    await raise_access_revision()
    invitation = await seen(work.actor, Invitation, invitation_id)
    if invitation.accepted_at is not None:
        raise Conflict("It was accepted; remove the member instead.", "id")
    if invitation.revoked_at is None:
        invitation.revoked_at = work.world.now()
        await invitation.save(update_fields=["revoked_at", "updated_at"])
    return invitation


async def change_member_role(
    work: Work, client_id: str, user_id: str, role: MemberRole
) -> Membership:
    """Only owners may, and one owner remains."""
    await owned(work.actor, client_id, "clientId")
    await raise_access_revision()
    membership = await _member(client_id, user_id)
    if role != MemberRole.OWNER:
        await keep_an_owner_besides(membership)
    return await put_member(membership, client_id, user_id, role)


async def remove_member(work: Work, client_id: str, user_id: str) -> Membership:
    """Owners remove anybody, everybody removes themselves, and one owner remains."""
    if user_id == work.actor.id and work.actor.ceiling >= Role.EDITOR:
        await seen(work.actor, Client, client_id, "clientId")
    else:
        await owned(work.actor, client_id, "clientId")
    await raise_access_revision()
    membership = await _member(client_id, user_id)
    await keep_an_owner_besides(membership)
    await membership.delete()
    return membership


async def _member(client_id: str, user_id: str) -> Membership:
    check_id(User, user_id, "userId")
    membership = await Membership.get_or_none(client_id=client_id, user_id=user_id)
    if membership is None:
        raise NotFound("There is no such member.", "userId")
    return membership


async def keep_an_owner_besides(membership: Membership) -> None:
    """Refuse what would leave a client to nobody. Only after the revision was raised."""
    owners = Membership.filter(client_id=membership.client_id, role=MemberRole.OWNER)
    if not await owners.exclude(id=membership.id).exists():
        raise Conflict("A client keeps one owner: make another member its owner first.", "userId")
