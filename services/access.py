"""Who may do what. The only module that decides.

A thing that is missing and a thing that is somebody else's answer alike.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from models import (
    Asset,
    Client,
    DeletionRecord,
    Image,
    Job,
    JobBatch,
    Project,
    Row,
    Scene,
    Shot,
    Snapshot,
    StoryboardSelection,
    by_any_id,
    prefix_of,
    reading,
)

from . import limits
from .actor import Actor, Role
from .errors import Forbidden, InvalidInput, LimitExceeded, NotFound

R = TypeVar("R", bound=Row)

NODES = {
    model.PREFIX
    for model in (
        *(Client, Project, Scene, Shot, Image, StoryboardSelection),
        *(Job, JobBatch, Asset, Snapshot),
    )
}


def named(model: type[Row]) -> str:
    table = model._meta.db_table.removesuffix("_record")
    return table.replace("storyboard_", "").replace("job_", "").replace("_", " ")


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
    found = await reading.by_id(model, [row_id])
    roles = await _roles(actor, found.values())
    return found[row_id] if row_id in roles else None


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
    found = await by_any_id(ids)
    roles = await _roles(actor, found.values())
    return [found[row_id] if row_id in roles else None for row_id in ids]


async def seen(actor: Actor, model: type[R], row_id: str, field: str = "id") -> R:
    """The same, refusing what is not visible."""
    row = await visible(actor, model, row_id, field)
    if row is None:
        raise _not_found(model, field)
    return row


async def changeable(actor: Actor, model: type[R], row_id: str, field: str = "id") -> R:
    """The row, refusing one that is not visible or not the actor's to change."""
    found = await reading.by_id(model, [row_id])
    role = (await _roles(actor, found.values())).get(row_id)
    if role is None:
        raise _not_found(model, field)
    if role < Role.EDITOR:
        raise Forbidden(f"You may look at this {named(model)} but not change it.", field)
    return found[row_id]


async def restorable(actor: Actor, record_id: str, field: str) -> DeletionRecord:
    """The record of a deletion, refusing one that the actor could not have made.

    The role counts at the client: the project may be what is gone.
    """
    record = await DeletionRecord.get_or_none(id=record_id)
    role = actor.role_at(record.client_id) if record is not None else None
    if record is None or role is None:
        raise _not_found(DeletionRecord, field)
    if role < Role.EDITOR:
        raise Forbidden("You may look at this project but not change it.", field)
    if record.subject_id == record.project_id and role < Role.OWNER:
        raise Forbidden("Only an owner may restore a project.", field)
    return record


def _not_found(model: type[Row], field: str) -> NotFound:
    return NotFound(f"There is no such {named(model)}.", field)


async def _roles(actor: Actor, rows: Collection[Row]) -> dict[str, Role]:
    """The actor's role at each row that they may see, by the row's id."""
    clients = {row.id: row.id for row in rows if isinstance(row, Client)}
    projects = {row.id: row for row in rows if isinstance(row, Project)}
    others = {row.feed_id for row in rows} - projects.keys() - clients.keys()
    projects |= await reading.by_id(Project, others)
    clients |= {project.id: project.client_id for project in projects.values()}
    roles = {row.id: actor.role_at(clients[row.feed_id]) for row in rows if row.feed_id in clients}
    return {row_id: role for row_id, role in roles.items() if role is not None}


def clients_of(actor: Actor) -> list[str]:
    """The clients whose projects the actor may list."""
    return list(actor.roles)
