from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models import Client, Invitation, MemberRole, Membership, User, access_revision, new_id
from services import limits, members
from services.access import visible_node
from services.actor import SYSTEM, Actor, Role
from services.errors import Conflict, Forbidden, LimitExceeded, NotFound, Refusal
from services.idempotency import Once
from services.work import perform, perform_once
from tests.conftest import Home
from tests.stored import stored

OWNER, EDITOR, VIEWER = MemberRole.OWNER, MemberRole.EDITOR, MemberRole.VIEWER


class Room:
    """A client, and whoever comes to it."""

    def __init__(self, home: Home, client: Client) -> None:
        self.home, self.client = home, client

    async def somebody(self, role: MemberRole | None = None, **known: Any) -> Actor:
        user = await User.create(name="Somebody")
        if role is None:
            return Actor(user.id, user.name, {}, bearer=user.id, **known)
        await Membership.create(client_id=self.client.id, user_id=user.id, role=role)
        ceiling = min(Role[role], known.get("ceiling", Role.OWNER))
        return Actor(user.id, user.name, {self.client.id: ceiling}, bearer=user.id, **known)

    async def do(self, actor: Actor, act: Callable[..., Any], *given: Any) -> Any:
        return await perform(self.home.world, actor, act, *given)

    async def invite(self, actor: Actor, role: MemberRole = EDITOR, **more: Any) -> Invitation:
        given = {"clientId": self.client.id, "role": role} | more
        invitation: Invitation = await self.do(actor, members.invite_member, given)
        return invitation

    async def refusal(self, actor: Actor, act: Callable[..., Any], *given: Any) -> Refusal:
        """It must leave everything as it was."""
        before = await stored()
        with pytest.raises(Refusal) as refused:
            await self.do(actor, act, *given)
        assert await stored() == before
        return refused.value

    async def roles(self) -> dict[str, MemberRole]:
        found = await Membership.filter(client_id=self.client.id)
        return {each.user_id: each.role for each in found}


@pytest.fixture
async def room(home: Home) -> Room:
    return Room(home, await Client.create(slug="acme", name="Acme"))


async def test_an_invitation_is_for_one_and_its_code_is_kept_nowhere(room: Room) -> None:
    owner, guest = await room.somebody(OWNER), await room.somebody()
    invitation = await room.invite(owner, name="Bea", days=3)
    code = str(invitation.code)

    assert code.startswith("sri_")
    assert not any(code.rpartition("_")[2] in str(rows) for rows in (await stored()).values())
    assert invitation.expires_at - room.home.world.now() > timedelta(days=2.9)
    membership = await room.do(guest, members.accept_invitation, code)
    assert (membership.user_id, membership.role) == (guest.id, EDITOR)
    late = await room.refusal(await room.somebody(), members.accept_invitation, code)
    assert (type(late), late.field) == (NotFound, "code")


async def test_of_two_who_come_at_once_by_one_code_one_is_in(room: Room) -> None:
    code = (await room.invite(await room.somebody(OWNER))).code
    guests = [await room.somebody() for _ in range(4)]
    came = await asyncio.gather(
        *(room.do(guest, members.accept_invitation, code) for guest in guests),
        return_exceptions=True,
    )

    assert sorted(type(each).__name__ for each in came) == ["Membership", *["NotFound"] * 3]
    assert len(await room.roles()) == 2


@pytest.mark.parametrize("how", ["wrong", "expired", "withdrawn", "nonsense", "another's"])
async def test_codes_that_are_not_good_answer_alike(room: Room, how: str) -> None:
    owner, guest = await room.somebody(OWNER), await room.somebody()
    invitation, other = await room.invite(owner), await room.invite(owner)
    code = str(invitation.code)
    if how == "wrong":
        code = code[:-1] + ("0" if code[-1] != "0" else "1")
    elif how == "expired":
        past = room.home.world.now()
        await Invitation.filter(id=invitation.id).update(expires_at=past)
    elif how == "withdrawn":
        await room.do(owner, members.revoke_invitation, invitation.id)
    elif how == "nonsense":
        code = "welcome"
    else:
        code = code[:31] + str(other.code)[31:]

    refused = await room.refusal(guest, members.accept_invitation, code)
    assert (type(refused), str(refused), refused.field) == (NotFound, members.GONE, "code")


async def test_an_invitation_raises_a_member_and_never_lowers_one(room: Room) -> None:
    owner, viewer = await room.somebody(OWNER), await room.somebody(VIEWER)
    up, down = await room.invite(owner, EDITOR), await room.invite(owner, VIEWER)

    raised = await room.do(viewer, members.accept_invitation, up.code)
    assert raised.role == EDITOR
    refused = await room.refusal(viewer, members.accept_invitation, down.code)
    assert type(refused) is Conflict
    assert (await Invitation.get(id=down.id)).accepted_at is None


async def test_a_token_that_reads_accepts_nothing_and_leaves_nothing(room: Room) -> None:
    invitation = await room.invite(await room.somebody(OWNER))
    reader = await room.somebody(ceiling=Role.VIEWER)
    elsewhere = await room.somebody(only_at=new_id("cli"))
    member = await room.somebody(EDITOR, ceiling=Role.VIEWER)

    for actor in (reader, elsewhere):
        refused = await room.refusal(actor, members.accept_invitation, invitation.code)
        assert type(refused) is Forbidden
    leave = await room.refusal(member, members.remove_member, room.client.id, member.id)
    assert type(leave) is Forbidden
    nobody = Actor(new_id("usr"), "Made up", {})
    assert isinstance(
        await room.refusal(nobody, members.accept_invitation, invitation.code), Forbidden
    )


async def test_a_repeated_invitation_is_the_same_without_its_code(room: Room) -> None:
    owner = await room.somebody(OWNER)
    given = {"clientSlug": "acme", "role": VIEWER}
    once = Once("inviteMember", "key", given)

    async def again() -> Invitation:
        act = members.invite_member
        return await perform_once(room.home.world, owner, once, act, given)

    first, second = await again(), await again()
    assert first.id == second.id
    assert first.code is not None
    assert second.code is None


async def test_invitations_are_for_owners_eyes_and_members_for_members(room: Room) -> None:
    owner, editor = await room.somebody(OWNER), await room.somebody(EDITOR)
    invitation = await room.invite(owner)
    membership = await Membership.get(user_id=editor.id)
    outsider = await room.somebody()

    for row_id, who in {
        invitation.id: [owner],
        membership.id: [owner, editor],
        editor.id: [owner, editor],
        outsider.id: [outsider],
    }.items():
        for actor in (owner, editor, outsider):
            assert (await visible_node(actor, row_id) is not None) == (actor in who), row_id


ONLY_OWNERS: dict[str, Callable[[Room, Actor, Invitation], tuple[Any, ...]]] = {
    "invite_member": lambda room, other, _: ({"clientId": room.client.id, "role": VIEWER},),
    "change_member_role": lambda room, other, _: (room.client.id, other.id, VIEWER),
    "remove_member": lambda room, other, _: (room.client.id, other.id),
}


@pytest.mark.parametrize("name", ONLY_OWNERS)
async def test_only_owners_decide_who_may_come(room: Room, name: str) -> None:
    owner, other = await room.somebody(OWNER), await room.somebody(EDITOR)
    invitation = await room.invite(owner)
    act, given = getattr(members, name), ONLY_OWNERS[name](room, other, invitation)

    for role in (VIEWER, EDITOR):
        refused = await room.refusal(await room.somebody(role), act, *given)
        assert type(refused) is Forbidden
    capped = replace(owner, roles={room.client.id: Role.EDITOR}, ceiling=Role.EDITOR)
    assert type(await room.refusal(capped, act, *given)) is Forbidden
    assert type(await room.refusal(await room.somebody(), act, *given)) is NotFound
    before = await access_revision()
    await room.do(owner, act, *given)
    assert (await access_revision() > before) == (name != "invite_member")


async def test_only_owners_withdraw_invitations_which_others_cannot_see(room: Room) -> None:
    owner = await room.somebody(OWNER)
    invitation = await room.invite(owner)
    for actor in (await room.somebody(EDITOR), await room.somebody()):
        refused = await room.refusal(actor, members.revoke_invitation, invitation.id)
        assert type(refused) is NotFound
    first = await room.do(owner, members.revoke_invitation, invitation.id)
    again = await room.do(owner, members.revoke_invitation, invitation.id)
    assert first.revoked_at == again.revoked_at
    used = await room.invite(owner)
    await room.do(await room.somebody(), members.accept_invitation, used.code)
    refused = await room.refusal(owner, members.revoke_invitation, used.id)
    assert type(refused) is Conflict


async def test_everybody_may_leave_but_the_last_owner(room: Room) -> None:
    owner, viewer = await room.somebody(OWNER), await room.somebody(VIEWER)
    client_id = room.client.id

    await room.do(viewer, members.remove_member, client_id, viewer.id)
    assert await room.roles() == {owner.id: OWNER}
    leaving = await room.refusal(owner, members.remove_member, client_id, owner.id)
    lowering = await room.refusal(
        owner, members.change_member_role, client_id, owner.id, MemberRole.EDITOR
    )
    assert {type(leaving), type(lowering)} == {Conflict}
    assert (await room.do(owner, members.change_member_role, client_id, owner.id, OWNER)).role
    gone = await room.refusal(owner, members.remove_member, client_id, viewer.id)
    assert (type(gone), gone.field) == (NotFound, "userId")


@pytest.mark.parametrize("act", ["remove", "lower", "leave"])
async def test_of_owners_who_end_each_other_at_once_one_remains(room: Room, act: str) -> None:
    owners = [await room.somebody(OWNER) for _ in range(4)]
    pairs = zip(owners, owners[1:] + owners[:1], strict=True)

    def ending(one: Actor, other: Actor) -> Any:
        if act == "lower":
            change = members.change_member_role
            return room.do(one, change, room.client.id, other.id, VIEWER)
        gone = other if act == "remove" else one
        return room.do(one, members.remove_member, room.client.id, gone.id)

    came = await asyncio.gather(*(ending(*pair) for pair in pairs), return_exceptions=True)

    assert list((await room.roles()).values()).count(OWNER) == 1
    assert [type(each) for each in came if isinstance(each, Exception)] == [Conflict]


async def test_members_and_invitations_have_a_limit(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MEMBERS_PER_CLIENT", 2)
    monkeypatch.setattr(limits, "INVITATIONS_PER_CLIENT", 1)
    owner = await room.somebody(OWNER)
    await room.somebody(VIEWER)
    code = (await room.invite(owner)).code

    given = {"clientId": room.client.id, "role": VIEWER}
    for refused in (
        await room.refusal(owner, members.invite_member, given),
        await room.refusal(await room.somebody(), members.accept_invitation, code),
    ):
        assert type(refused) is LimitExceeded
    await Invitation.all().update(expires_at=room.home.world.now())
    assert (await room.invite(owner)).code  # what has expired makes room


async def test_the_revision_counts_what_was_committed(room: Room) -> None:
    before = await access_revision()
    owner, other = await room.somebody(OWNER), await room.somebody(EDITOR)
    act = members.change_member_role
    await asyncio.gather(
        *(room.do(SYSTEM, act, room.client.id, other.id, role) for role in (VIEWER, EDITOR) * 3)
    )
    await room.refusal(other, act, room.client.id, owner.id, VIEWER)

    assert await access_revision() == before + 6
