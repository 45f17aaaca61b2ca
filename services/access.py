"""Who may do what. The only module that decides.

A thing that is missing and a thing that is somebody else's answer alike, by the same statements:
what an actor may not see is left out where rows are read, never taken out afterwards. So neither
the answer nor its cost tells them apart, and nobody locks or waits for what they may not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from tortoise.expressions import Q

from models import (
    Asset,
    Client,
    DeletionRecord,
    Image,
    Invitation,
    Job,
    JobBatch,
    LegacyMigration,
    Membership,
    Project,
    Row,
    Scene,
    Screenplay,
    Shot,
    Snapshot,
    StoryboardSelection,
    User,
    prefix_of,
    reading,
)
from models.database import marks

from . import limits
from .actor import Actor, Role
from .errors import Forbidden, InvalidInput, LimitExceeded, NotFound

R = TypeVar("R", bound=Row)

OF_A_PROJECT = (
    *(Project, Scene, Shot, Image, StoryboardSelection),
    *(Job, JobBatch, Asset, Snapshot, Screenplay),
)
OF_A_CLIENT = (User, Membership, Invitation, LegacyMigration)
NODES = {model.PREFIX for model in (Client, *OF_A_CLIENT, *OF_A_PROJECT)}
SILENT = ("storyboard", "api", "record", "account")
"""What tables are called besides what they hold."""

NO_CLIENT = ""
"""No client's id: who belongs to none asks by the same statements as everybody."""

OWNED = (
    "EXISTS (SELECT 1 FROM project WHERE project.id = feed.id AND project.client_id IN ({marks}))"
)


def named(model: type[Row]) -> str:
    words = model._meta.db_table.removeprefix("job_").split("_")
    return " ".join(word for word in words if word not in SILENT)


def check_id(model: type[Row], row_id: str, field: str = "id") -> str:
    """Refuse an id that names another kind of thing, or nothing at all."""
    prefix = prefix_of(row_id)
    if prefix != model.PREFIX:
        what = "is not an id" if prefix is None else f"is a {prefix} id"
        raise InvalidInput(
            f"{row_id[:40]!r} {what}; the id of a {named(model)} starts with {model.PREFIX}_.",
            field,
        )
    return row_id


async def visible(actor: Actor, model: type[R], row_id: str, field: str = "id") -> R | None:
    """The row if it exists and the actor may see it."""
    check_id(model, row_id, field)
    return (await visible_rows(actor, model, [row_id])).get(row_id)


async def visible_rows(actor: Actor, model: type[R], ids: Sequence[str]) -> dict[str, R]:
    """Those of the rows that exist and that the actor may see, by id."""
    return await reading.by_id(model, ids, _seen_by(actor, model))


async def visible_node(actor: Actor, row_id: str, field: str = "id") -> Row | None:
    """Anything by its id, if the actor may see it."""
    return (await visible_nodes(actor, [row_id], field))[0]


async def visible_nodes(actor: Actor, ids: Sequence[str], field: str = "ids") -> list[Row | None]:
    """Anything by its id, in order; None for what the actor may not see."""
    if len(ids) > limits.NODES:
        raise LimitExceeded(f"At most {limits.NODES} ids at once.", field)
    for row_id in ids:
        if prefix_of(row_id) not in NODES:
            raise InvalidInput(f"{row_id[:40]!r} is not the id of a node.", field)
    found: dict[str, Row] = {}
    for model, some in reading.by_kind(ids).items():
        found.update(await visible_rows(actor, model, some))
    return [found.get(row_id) for row_id in ids]


async def feeds_seen(actor: Actor, ids: Iterable[str]) -> set[str]:
    """The feeds that tell of those of these things that the actor may see."""
    found: set[str] = set()
    for model, some in reading.by_kind(sorted(ids)).items():
        if model.PREFIX in NODES or model is DeletionRecord:
            found |= {row.feed_id for row in (await visible_rows(actor, model, some)).values()}
    return found


async def seen(actor: Actor, model: type[R], row_id: str, field: str = "id") -> R:
    """The same, refusing what is not visible."""
    row = await visible(actor, model, row_id, field)
    if row is None:
        raise not_found(model, field)
    return row


async def changeable(actor: Actor, model: type[R], row_id: str, field: str = "id") -> R:
    """The row, refusing one that is not visible or not the actor's to change."""
    row = await seen(actor, model, row_id, field)
    if (await _role(actor, row) or 0) < Role.EDITOR:
        raise Forbidden(f"You may look at this {named(model)} but not change it.", field)
    return row


async def restorable(actor: Actor, record_id: str, field: str) -> DeletionRecord:
    """The record of a deletion, refusing one that the actor could not have made.

    The role counts at the client: the project may be what is gone.
    """
    record = await seen(actor, DeletionRecord, record_id, field)
    role = await _role(actor, record) or 0
    if role < Role.EDITOR:
        raise Forbidden("You may look at this project but not change it.", field)
    if record.subject_id == record.project_id and role < Role.OWNER:
        raise Forbidden("Only an owner may restore a project.", field)
    return record


async def owned(actor: Actor, client_id: str, field: str) -> Client:
    """The client, refusing one that is not visible or whose members the actor may not manage."""
    client = await seen(actor, Client, client_id, field)
    if not owns(actor, client.id):
        raise Forbidden("Only an owner may do this.", field)
    return client


def owns(actor: Actor, client_id: str) -> bool:
    """Whether the actor manages who else comes to a client."""
    return (actor.role_at(client_id) or 0) >= Role.OWNER


def not_found(model: type[Row], field: str) -> NotFound:
    return NotFound(f"There is no such {named(model)}.", field)


def clients_of(actor: Actor) -> list[str]:
    """The clients whose projects the actor may list."""
    return list(actor.roles)


def feeds_of(actor: Actor) -> tuple[str, list[str]]:
    """SQL that is true of the feeds whose projects the actor may see, and its values."""
    if actor.everywhere is not None:
        return "TRUE", []
    clients = clients_of(actor) or [NO_CLIENT]
    return OWNED.format(marks=marks(len(clients))), clients


def _seen_by(actor: Actor, model: type[Row]) -> Q:
    """The condition that leaves of a model what the actor may see: what is of their clients; of
    invitations, what is of those they own; of users, themselves and who is a member there too."""
    if actor.everywhere is not None:
        return Q()
    clients = clients_of(actor)
    if model is User:
        return Q(memberships__client_id__in=clients or [NO_CLIENT]) | Q(id=actor.id)
    if model is Invitation:
        clients = [client_id for client_id in clients if owns(actor, client_id)]
    column = _client_column(model) or "project__client_id"
    theirs: dict[str, Any] = {f"{column}__in": clients or [NO_CLIENT]}
    return Q(**theirs)


def _client_column(model: type[Row]) -> str | None:
    """Where a row names its client itself; others belong to the client of their project."""
    if model is Client:
        return "id"
    return "client_id" if "client_id" in model._meta.fields_map else None


async def _role(actor: Actor, row: Row) -> Role | None:
    if (column := _client_column(type(row))) is None:
        return await _role(actor, await Project.get(id=row.feed_id))
    return actor.role_at(getattr(row, column))
