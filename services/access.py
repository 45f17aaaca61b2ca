"""Who may do what. The only module that decides.

A thing that is missing and a thing that is somebody else's answer alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from models import (
    Asset,
    Image,
    Job,
    JobBatch,
    Project,
    Row,
    Scene,
    Shot,
    StoryboardSelection,
    by_any_id,
    prefix_of,
    reading,
)

from . import limits
from .errors import Forbidden, InvalidInput, LimitExceeded, NotFound
from .work import Actor, Role, Work

R = TypeVar("R", bound=Row)

NODES = {
    model.PREFIX
    for model in (Project, Scene, Shot, Image, StoryboardSelection, Job, JobBatch, Asset)
}


def named(model: type[Row]) -> str:
    return model._meta.db_table.replace("storyboard_", "").replace("job_", "").replace("_", " ")


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


async def visible(actor: Actor, model: type[R], row_id: str) -> R | None:
    """The row if it exists and the actor may see it."""
    check_id(model, row_id)
    row = (await reading.by_id(model, [row_id])).get(row_id)
    if row is None or await _role(actor, row) is None:
        return None
    return row


async def visible_node(actor: Actor, row_id: str) -> Row | None:
    """Anything by its id, if the actor may see it."""
    return (await visible_nodes(actor, [row_id], field="id"))[0]


async def visible_nodes(
    actor: Actor, ids: Sequence[str], field: str = "ids"
) -> list[Row | None]:
    """Anything by its id, in order; None for what the actor may not see."""
    if len(ids) > limits.NODES:
        raise LimitExceeded(f"At most {limits.NODES} ids at once.", field)
    for row_id in ids:
        if prefix_of(row_id) not in NODES:
            raise InvalidInput(f"{row_id[:40]!r} is not the id of a node.", field)
    found = await by_any_id(ids)
    return [
        row if row is not None and await _role(actor, row) is not None else None
        for row in (found.get(row_id) for row_id in ids)
    ]


async def seen(actor: Actor, model: type[R], row_id: str, field: str = "id") -> R:
    """The same, refusing what is not visible."""
    row = await visible(actor, model, row_id)
    if row is None:
        raise NotFound(f"There is no such {named(model)}.", field)
    return row


async def held(work: Work, model: type[R], row_id: str, field: str = "id") -> R:
    """The row for a change of it: its feed is locked, so it stays as read until the commit."""
    check_id(model, row_id, field)
    await work.hold(model, row_id)
    row = (await reading.by_id(model, [row_id])).get(row_id)
    role = await _role(work.actor, row) if row is not None else None
    if row is None or role is None:
        raise NotFound(f"There is no such {named(model)}.", field)
    if role < Role.EDITOR:
        raise Forbidden(f"You may look at this {named(model)} but not change it.", field)
    return row


async def _role(actor: Actor, row: Row) -> Role | None:
    project = row if isinstance(row, Project) else await Project.get_or_none(id=row.feed_id)
    return actor.role_at(project.client_id) if project is not None else None


def clients_of(actor: Actor) -> list[str]:
    """The clients whose projects the actor may list."""
    return list(actor.roles)
