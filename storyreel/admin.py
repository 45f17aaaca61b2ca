"""`storyreel token …` and `storyreel member …`: access, granted and taken back by an operator.

Both work on the database alone, beside any number of running servers, which act on what changed
within a second.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from .settings import read_settings

if TYPE_CHECKING:
    from models import ApiToken
    from services.granting import Who
    from services.world import World

T = TypeVar("T")

token = typer.Typer(no_args_is_help=True, help="API tokens: how programs show who they are.")
member = typer.Typer(no_args_is_help=True, help="Who may do what at a client.")

REFUSED = 1
DAYS = re.compile(r"([0-9]{1,4})d")
NEVER = "never"


class Role(StrEnum):
    VIEWER = "VIEWER"
    EDITOR = "EDITOR"
    OWNER = "OWNER"


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    @property
    def role(self) -> Role:
        return {Scope.READ: Role.VIEWER, Scope.WRITE: Role.EDITOR, Scope.ADMIN: Role.OWNER}[self]


AN_ID = "An id, or the name of a user made here."
User = Annotated[str | None, typer.Option("--user", help=AN_ID)]
Subject = Annotated[
    str | None, typer.Option("--subject", help="Who they are to the identity provider.")
]
Slug = Annotated[str, typer.Option("--client", help="A client, by its short name.")]


@member.command("add")
def add(
    client: Slug,
    role: Annotated[Role, typer.Option(case_sensitive=False)],
    user: User = None,
    subject: Subject = None,
    name: Annotated[str | None, typer.Option(help="What to call a new user.")] = None,
) -> None:
    """Make somebody a member, or give a member another role. Makes client and user if need be."""
    from models import MemberRole
    from services import granting
    from services.actor import SYSTEM
    from services.work import perform

    async def act(world: World) -> None:
        who = _who(user, subject)
        rights = MemberRole(role)
        membership, made = await perform(
            world, SYSTEM, granting.add_member, client, who, rights, name
        )
        for sentence in made:
            _say(sentence)
        _say(f"{membership.user_id} is {membership.role} of {client} now.")

    _run(act)


@member.command("remove")
def remove(client: Slug, user: User = None, subject: Subject = None) -> None:
    """End a membership: whatever the member has open is closed within a second."""
    from services import granting
    from services.actor import SYSTEM
    from services.work import perform

    async def act(world: World) -> None:
        who = _who(user, subject)
        gone = await perform(world, SYSTEM, granting.drop_member, client, who)
        _say(f"{gone.user_id} is no member of {client} any more.")

    _run(act)


@member.command("list")
def members(
    client: Annotated[str | None, typer.Option(help="Only of this client.")] = None,
) -> None:
    """List who may do what."""
    from services import granting
    from services.actor import SYSTEM

    async def act(world: World) -> None:
        for each in await granting.all_members(SYSTEM, client):
            _line(each.client.slug, each.role, each.user_id, each.user.name, each.user.subject)

    _run(act)


@token.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    user: Annotated[str, typer.Option(help=AN_ID)],
    client: Annotated[str | None, typer.Option(help="Good at this client only.")] = None,
    scope: Annotated[Scope, typer.Option(help="What it may do at most.")] = Scope.WRITE,
    role: Annotated[
        Role | None, typer.Option(case_sensitive=False, help="At most this role, at --client.")
    ] = None,
    expires: Annotated[str, typer.Option(help="After so many days (90d), or never.")] = "90d",
) -> None:
    """Make a token and print it, once, alone on standard output."""
    from models import MemberRole
    from services import granting
    from services.actor import SYSTEM
    from services.actor import Role as Rank
    from services.errors import InvalidInput
    from services.work import perform

    async def act(world: World) -> None:
        if role is not None and client is None:
            raise InvalidInput("A role is one at a client: name it with --client.", "role")
        ceiling = min(scope.role, role or Role.OWNER, key=lambda each: Rank[each])
        owner = await granting.known_user(SYSTEM, granting.Who(user))
        made, shown = await perform(
            world,
            SYSTEM,
            granting.create_token,
            name,
            owner,
            granting.Reach(MemberRole(ceiling), client, _days(expires)),
        )
        until = f"until {_day(made.expires_at)}" if made.expires_at else "until revoked"
        _say(f"{made.id} speaks for {owner.name}, {made.ceiling} at most, {until}.", err=True)
        _say("Keep it now: it cannot be shown again.", err=True)
        typer.echo(shown)

    _run(act)


@token.command("list")
def tokens() -> None:
    """List tokens, newest first, without their secrets."""
    from services import granting
    from services.actor import SYSTEM

    async def act(world: World) -> None:
        for each in await granting.all_tokens(SYSTEM):
            where = each.client.slug if each.client is not None else "everywhere"
            used = f"used {_day(each.last_used_at)}" if each.last_used_at else "never used"
            _line(
                each.id, _state(each, world), each.user.name, each.ceiling, where, used, each.name
            )

    _run(act)


@token.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `token list` says.")],
) -> None:
    """Make a token worthless: whatever was opened with it is closed within a second."""
    from services import granting
    from services.actor import SYSTEM
    from services.work import perform

    async def act(world: World) -> None:
        gone = await perform(world, SYSTEM, granting.revoke_token, token_id)
        _say(f"{gone.id} is good no more.")

    _run(act)


def _run(act: Callable[[World], Awaitable[T]]) -> None:
    """Against the database of the settings. A refusal, or a database that cannot be used, is one
    sentence and exit status 1."""
    from models.migrating import MigrationFailed
    from services.errors import Refusal

    from .wiring import open_register

    settings = read_settings()

    async def run() -> None:
        async with open_register(settings) as world:
            await act(world)

    try:
        asyncio.run(run())
    except (Refusal, MigrationFailed, OSError) as failure:
        _say(str(failure), err=True)
        raise SystemExit(REFUSED) from None


def _who(user: str | None, subject: str | None) -> Who:
    from services.granting import Who

    return Who(user, subject, read_settings().jwt_issuer)


def _days(expires: str) -> int | None:
    from services.errors import InvalidInput

    if expires == NEVER:
        return None
    found = DAYS.fullmatch(expires)
    if found is None:
        raise InvalidInput("Say how many days, as in 90d, or never.", "expires")
    return int(found[1])


def _state(token: ApiToken, world: World) -> str:
    if token.revoked_at is not None:
        return f"revoked {_day(token.revoked_at)}"
    if not token.good_at(world.now()):
        return "expired"
    return f"until {_day(token.expires_at)}" if token.expires_at else "until revoked"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else ""


def _line(*words: object) -> None:
    """For people and for `cut`: separated by tabs."""
    from .logs import on_one_line

    typer.echo("\t".join(on_one_line(word) for word in words if word is not None))


def _say(sentence: str, *, err: bool = False) -> None:
    """People choose their names themselves: none of them moves the cursor of a terminal."""
    from .logs import on_one_line

    typer.echo(on_one_line(sentence), err=err)
