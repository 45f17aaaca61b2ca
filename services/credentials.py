"""From what a caller shows to who they are, as the rows say right now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from tortoise.expressions import Q

from models import ApiToken, Membership, User, reading

from . import bearing, limits
from .actor import Actor, Role
from .checks import UNSTORABLE
from .errors import Unauthenticated
from .formats.web_token import Claims
from .work import Work
from .world import World

UNKNOWN = "Show a valid credential: the header `Authorization: Bearer <token>`."
"""The same for none, a wrong and an old one: who guesses learns nothing."""


async def actor_of_token(world: World, text: str) -> Actor:
    """Whom an API token speaks for. Refuses any that is not good right now."""
    borne = bearing.shown(text, bearing.TOKEN_MARK, ApiToken.PREFIX)
    if borne is None:
        raise Unauthenticated(UNKNOWN)
    tokens = await _tokens([borne.row_id])
    kept = tokens[borne.row_id].secret_hash if tokens else None
    if not borne.fits(kept) or not tokens[borne.row_id].good_at(world.now()):
        raise Unauthenticated(UNKNOWN)
    [actor] = (await _actors(tokens.values(), {})).values()
    return actor


async def user_of_subject(work: Work, subject: str, name: str) -> User:
    """The user whom the identity provider calls so, made at first sight, a member of nothing."""
    await User.bulk_create([User(subject=subject, name=name)], ignore_conflicts=True)
    return await User.get(subject=subject)


async def known_subject(world: World, subject: str) -> User | None:
    return await User.get_or_none(subject=subject)


async def actor_of_user(world: World, user: User, expires: datetime) -> Actor:
    """A user for whom the identity provider vouched."""
    [actor] = (await _actors([], {user.id: user}, expires)).values()
    return actor


async def actors_now(world: World, bearers: Collection[str]) -> dict[str, Actor]:
    """Those of the bearers that are still good, with the rights they have now: three reads."""
    tokens = await _tokens([b for b in bearers if b.startswith(f"{ApiToken.PREFIX}_")])
    users = await reading.by_id(User, [b for b in bearers if b.startswith(f"{User.PREFIX}_")])
    return await _actors((t for t in tokens.values() if t.good_at(world.now())), users)


async def note_use(work: Work, token_id: str) -> None:
    """Not to the second: at most once per TOKEN_USE_NOTED_SECONDS, whichever process notes it."""
    now = work.world.now()
    stale = Q(last_used_at__lt=now - timedelta(seconds=limits.TOKEN_USE_NOTED_SECONDS))
    never = Q(last_used_at__isnull=True)
    await ApiToken.filter(stale | never, id=token_id).update(last_used_at=now)


def subject_of(issuer: str, name: str) -> str | None:
    """A user's `subject`; None for a name that cannot be kept."""
    if not name or len(name) > limits.SUBJECT or UNSTORABLE.search(name):
        return None
    return f"{issuer} {name}"


def name_in(claims: Claims) -> str:
    """What to call somebody whom the provider vouches for."""
    for name in claims.names:
        if name.strip() and not UNSTORABLE.search(name):
            return name.strip()[: limits.TITLE]
    return claims.subject[: limits.TITLE]


async def _tokens(ids: Iterable[str]) -> dict[str, ApiToken]:
    """With their users."""
    found: dict[str, ApiToken] = {}
    for some in reading.chunks(sorted(set(ids))):
        rows = await ApiToken.filter(id__in=some).select_related("user")
        found |= {token.id: token for token in rows}
    return found


async def _actors(
    tokens: Iterable[ApiToken], users: Mapping[str, User], expires: datetime | None = None
) -> dict[str, Actor]:
    """By bearer: users whom the provider vouches for, and tokens within their limits."""
    tokens = list(tokens)
    ids = {token.user_id for token in tokens} | users.keys()
    memberships = await reading.children(Membership, "user_id", ids)
    found = {}
    for user in users.values():
        roles = {each.client_id: Role[each.role] for each in memberships[user.id]}
        found[user.id] = Actor(user.id, user.name, roles, bearer=user.id, expires=expires)
    for token in tokens:
        ceiling = Role[token.ceiling]
        roles = {
            each.client_id: min(Role[each.role], ceiling)
            for each in memberships[token.user_id]
            if token.client_id in (None, each.client_id)
        }
        found[token.id] = Actor(
            token.user_id,
            token.user.name,
            roles,
            bearer=token.id,
            expires=token.expires_at,
            ceiling=ceiling,
            only_at=token.client_id,
        )
    return found
