from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import Client, EventKind, Project, reading

from . import limits
from .access import clients_of
from .actor import Actor, Role
from .checks import checked, columns, document, frame_rate, text
from .deletion import Deletion, delete
from .editing import EditConflict, edit
from .errors import Forbidden, NotFound
from .work import Work

PATCH = {
    "title": text(limits.TITLE),
    "prompt": text(limits.PROMPT),
    "promptPlannerData": document,
}
INPUT = PATCH | {"clientSlug": text(limits.SLUG, nullable=True), "frameRate": frame_rate}


async def create_project(work: Work, given: Mapping[str, Any]) -> Project:
    """A project of the actor's client, with a feed of its own."""
    values = checked(INPUT, given, "input")
    client = await client_for(work.actor, values.pop("clientSlug", None))
    rate = values.pop("frameRate", None) or frame_rate(None, "input.frameRate")
    values.setdefault("title", "Untitled")
    project = Project(
        client_id=client.id,
        rate_numerator=rate.numerator,
        rate_denominator=rate.denominator,
        **columns(values),
    )
    await work.open_feed(project.id)
    await project.save(force_create=True)
    work.record(project, EventKind.CREATED)
    return project


async def client_for(actor: Actor, slug: str | None) -> Client:
    """The client named, or the first one where the actor may create."""
    mine = await Client.filter(id__in=clients_of(actor)).order_by("id")
    named = [client for client in mine if slug in (None, client.slug)]
    for client in named:
        if actor.roles[client.id] >= Role.EDITOR:
            return client
    if named:
        raise Forbidden("You may look at this client's projects but not add one.")
    raise NotFound("There is no such client.", "input.clientSlug")


async def update_project(
    work: Work, project_id: str, given: Mapping[str, Any], expected_version: int | None = None
) -> Project | EditConflict:
    project = await work.held(Project, project_id)
    values = checked(PATCH, given, "patch")
    return await edit(work, project, values, given, expected_version) or project


async def delete_project(work: Work, project_id: str) -> Deletion:
    """Only an owner may. The feed stays, to tell followers of the end."""
    project = await work.held(Project, project_id)
    if (work.actor.role_at(project.client_id) or 0) < Role.OWNER:
        raise Forbidden("Only an owner may delete a project.", "id")
    return await delete(work, project)


async def projects_page(actor: Actor, after: str | None, count: int) -> list[Project]:
    """The projects that the actor may see, newest first, strictly older than `after`."""
    return await reading.page(Project, after, count, client_id__in=clients_of(actor))


async def projects_count(actor: Actor) -> int:
    return await Project.filter(client_id__in=clients_of(actor)).count()
