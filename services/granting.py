"""What an operator grants and takes back from the command line, for any client."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from models import (
    ApiToken,
    Client,
    MemberRole,
    Membership,
    User,
    prefix_of,
    raise_access_revision,
)

from . import bearing, limits
from .access import check_id
from .actor import Actor
from .checks import text
from .credentials import subject_of
from .errors import Conflict, InvalidInput, NotFound
from .members import keep_an_owner_besides, put_member
from .work import Work

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Who:
    """A user by id or by name, or by the name that an identity provider has for them."""

    user: str | None = None
    subject: str | None = None
    issuer: str = ""


@dataclass(frozen=True)
class Reach:
    """What a token may do at most, at which client if not at all of them, and for how many days if
    not until it is revoked."""

    ceiling: MemberRole
    slug: str | None = None
    days: int | None = limits.TOKEN_DAYS_DEFAULT


async def add_member(
    work: Work, slug: str, who: Who, role: MemberRole, name: str | None = None
) -> tuple[Membership, list[str]]:
    """A member in this role, from now on; and what was made for that, in sentences."""
    _check_slug(slug)
    await raise_access_revision()
    made = []
    client, is_new = await Client.get_or_create(slug=slug, defaults={"name": slug})
    if is_new:
        made.append(f"Client {slug} was made ({client.id}).")
    user = await find_user(work.actor, who)
    if user is None:
        user = await _made(who, name)
        made.append(f"User {user.name} was made ({user.id}).")
    mine = await Membership.get_or_none(client_id=client.id, user_id=user.id)
    if mine is not None and role != MemberRole.OWNER:
        await keep_an_owner_besides(mine)
    return await put_member(mine, client.id, user.id, role), made


async def drop_member(work: Work, slug: str, who: Who) -> Membership:
    _check_slug(slug)
    await raise_access_revision()
    user = await known_user(work.actor, who)
    membership = await Membership.get_or_none(client__slug=slug, user_id=user.id)
    if membership is None:
        raise NotFound(f"{user.name} is no member of {slug}.", "user")
    await keep_an_owner_besides(membership)
    await membership.delete()
    return membership


async def all_members(actor: Actor, slug: str | None) -> list[Membership]:
    """With their users and clients."""
    if slug is not None:
        _check_slug(slug)
    found = Membership.filter(**({"client__slug": slug} if slug is not None else {}))
    return await found.order_by("client__slug", "id").select_related("user", "client")


async def create_token(work: Work, name: str, user: User, reach: Reach) -> tuple[ApiToken, str]:
    """A token, and its text: the only time that anybody can have it."""
    slug, days = reach.slug, reach.days
    client = None
    if slug is not None:
        _check_slug(slug)
        client = await Client.get_or_none(slug=slug)
        if client is None:
            raise NotFound(f"There is no client {slug}.", "client")
    if days is not None and not 1 <= days <= limits.TOKEN_DAYS:
        raise InvalidInput(f"A token lives for 1 to {limits.TOKEN_DAYS} days, or never.", "expires")
    token = ApiToken(
        name=text(limits.TITLE)(name, "name"),
        user_id=user.id,
        client_id=client.id if client is not None else None,
        ceiling=reach.ceiling,
        expires_at=work.world.now() + timedelta(days=days) if days is not None else None,
    )
    shown, token.secret_hash = bearing.hand_out(bearing.TOKEN_MARK, token.id)
    await token.save(force_create=True)
    return token, shown


async def revoke_token(work: Work, token_id: str) -> ApiToken:
    """Good no more, on any server, within a second. One that was revoked before stays so."""
    check_id(ApiToken, token_id)
    await raise_access_revision()
    token = await ApiToken.get_or_none(id=token_id)
    if token is None:
        raise NotFound("There is no such token.", "id")
    if token.revoked_at is None:
        token.revoked_at = work.world.now()
        await token.save(update_fields=["revoked_at", "updated_at"])
    return token


async def all_tokens(actor: Actor) -> list[ApiToken]:
    """With their users and clients, newest first."""
    return await ApiToken.all().order_by("-id").select_related("user", "client")


async def known_user(actor: Actor, who: Who) -> User:
    user = await find_user(actor, who)
    if user is None:
        called = who.user or who.subject
        raise NotFound(f"There is no user {called}: `member add` makes one.", "user")
    return user


async def find_user(actor: Actor, who: Who) -> User | None:
    """By name only those who were made here: people of a provider choose their names themselves,
    and must not come by what is meant for another.
    """
    if (who.user is None) == (who.subject is None):
        raise InvalidInput("Name a user, or a subject of the identity provider.", "user")
    if who.subject is not None:
        return await User.get_or_none(subject=_subject(who))
    called = text(limits.TITLE)(who.user, "user")
    if prefix_of(called) == User.PREFIX:
        return await User.get_or_none(id=called)
    named = await User.filter(name=called, subject=None).order_by("id").limit(2)
    if len(named) > 1:
        raise Conflict(f"Several users are called {called}: name one by id.", "user")
    return named[0] if named else None


def _check_slug(slug: str) -> None:
    if not SLUG.fullmatch(slug) or len(slug) > limits.SLUG:
        raise InvalidInput("A client's slug is made of a-z, 0-9 and single hyphens.", "client")


async def _made(who: Who, name: str | None) -> User:
    if prefix_of(who.user or "") == User.PREFIX:
        raise NotFound(f"There is no user {who.user}.", "user")
    subject = _subject(who) if who.subject is not None else None
    called = text(limits.TITLE)(name or who.user or who.subject, "name")
    return await User.create(name=called, subject=subject)


def _subject(who: Who) -> str:
    if not who.issuer:
        raise InvalidInput("Whose subject? Set STORYREEL_JWT_ISSUER.", "subject")
    subject = subject_of(who.issuer, who.subject or "")
    if subject is None:
        raise InvalidInput(f"A subject has 1 to {limits.SUBJECT} characters.", "subject")
    return subject
