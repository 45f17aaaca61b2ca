from typing import Annotated, Any, TypeVar

import strawberry

import models
from schema.client import Client, Membership, Viewer
from schema.connection import After, Connection, First
from schema.image import Image
from schema.job import Job
from schema.node import Node
from schema.project import Project
from schema.scene import Scene
from schema.selection import StoryboardSelection
from schema.shot import Shot
from schema.size import counted_by
from schema.view import ById, View, view_of
from services import access, projects

from .arguments import Id
from .context import Info

V = TypeVar("V", bound=View[Any])


@strawberry.type(description="A page of projects, newest first.")
class ProjectConnection(Connection[Project]):
    @strawberry.field(description="How many projects you can see.")
    async def total_count(self, info: Info) -> int:
        return await projects.projects_count(info.context.actor)


@strawberry.type(description="Reads. What is missing and what is not yours are both null.")
class Query:
    @strawberry.field(description="You, and where you may work.")
    async def viewer(self, info: Info) -> Viewer:
        actor = info.context.actor
        clients = await info.context.load_all(ById(models.Client), access.clients_of(actor))
        memberships = [
            Membership(
                client=Client.of(client), role=models.MemberRole[actor.roles[client.id].name]
            )
            for client in clients
            if client is not None
        ]
        return Viewer(id=strawberry.ID(actor.id), name=actor.name, memberships=memberships)

    @strawberry.field(description="Your projects, newest first.")
    async def projects(
        self, info: Info, first: First = 50, after: After = None
    ) -> ProjectConnection:
        actor = info.context.actor

        async def rows(after_id: str | None, count: int) -> list[models.Project]:
            return await projects.projects_page(actor, after_id, count)

        return await ProjectConnection.read(rows, "projects", first, after)

    @strawberry.field(description="A project.")
    async def project(self, info: Info, id: Id) -> Project | None:
        return await _seen(info, Project, id)

    @strawberry.field(description="A scene.")
    async def scene(self, info: Info, id: Id) -> Scene | None:
        return await _seen(info, Scene, id)

    @strawberry.field(description="A shot.")
    async def shot(self, info: Info, id: Id) -> Shot | None:
        return await _seen(info, Shot, id)

    @strawberry.field(description="An image.")
    async def image(self, info: Info, id: Id) -> Image | None:
        return await _seen(info, Image, id)

    @strawberry.field(description="A shot's place on the storyboard.")
    async def selection(self, info: Info, id: Id) -> StoryboardSelection | None:
        return await _seen(info, StoryboardSelection, id)

    @strawberry.field(description="A job.")
    async def job(self, info: Info, id: Id) -> Job | None:
        return await _seen(info, Job, id)

    @strawberry.field(description="Anything by its id; the prefix tells its kind.")
    async def node(self, info: Info, id: Id) -> Node | None:
        return _node(await access.visible_node(info.context.actor, id))

    @strawberry.field(
        metadata=counted_by("ids"), description="Things by their ids, in that order; at most 200."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their ids.")],
    ) -> list[Node | None]:
        return [_node(row) for row in await access.visible_nodes(info.context.actor, ids)]


def _node(row: models.Row | None) -> Node | None:
    node: Node | None = view_of(row) if row is not None else None
    return node


async def _seen(info: Info, view: type[V], row_id: str) -> V | None:
    row = await access.visible(info.context.actor, view.over, row_id)
    return view.of(row) if row is not None else None
