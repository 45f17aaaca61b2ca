from typing import Annotated, Any

import strawberry

import models
from schema.connection import Connection, paginate
from schema.image import Image
from schema.job import Job
from schema.node import Node
from schema.project import Project
from schema.scene import Scene
from schema.selection import StoryboardSelection
from schema.shot import Shot
from schema.view import view_of
from services import access, projects

from .context import Info

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]


@strawberry.type(description="A page of projects, newest first.")
class ProjectConnection(Connection[Project]):
    @strawberry.field(description="How many projects you can see.")
    async def total_count(self, info: Info) -> int:
        return await projects.projects_count(info.context.actor)


@strawberry.type(description="Reads. What is missing and what is not yours are both null.")
class Query:
    @strawberry.field(description="Your projects, newest first.")
    async def projects(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="Page size, at most 200.")] = 50,
        after: Annotated[
            str | None, strawberry.argument(description="The last page's `endCursor`.")
        ] = None,
    ) -> ProjectConnection:
        actor = info.context.actor

        async def read(after_id: str | None, count: int) -> list[models.Project]:
            return await projects.projects_page(actor, after_id, count)

        return ProjectConnection(**await paginate(read, "projects", first, after))

    @strawberry.field(description="A project.")
    async def project(self, info: Info, id: Id) -> Project | None:
        return await _seen(info, models.Project, id)

    @strawberry.field(description="A scene.")
    async def scene(self, info: Info, id: Id) -> Scene | None:
        return await _seen(info, models.Scene, id)

    @strawberry.field(description="A shot.")
    async def shot(self, info: Info, id: Id) -> Shot | None:
        return await _seen(info, models.Shot, id)

    @strawberry.field(description="An image.")
    async def image(self, info: Info, id: Id) -> Image | None:
        return await _seen(info, models.Image, id)

    @strawberry.field(description="A shot's place on the storyboard.")
    async def selection(self, info: Info, id: Id) -> StoryboardSelection | None:
        return await _seen(info, models.StoryboardSelection, id)

    @strawberry.field(description="A job.")
    async def job(self, info: Info, id: Id) -> Job | None:
        return await _seen(info, models.Job, id)

    @strawberry.field(description="Anything by its id; the prefix tells its kind.")
    async def node(self, info: Info, id: Id) -> Node | None:
        found: Any = await access.visible_node(info.context.actor, id)
        return view_of(found) if found is not None else None  # type: ignore[return-value]  # every view is a node

    @strawberry.field(description="Things by their ids, in that order; at most 200.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their ids.")],
    ) -> list[Node | None]:
        found: list[Any] = await access.visible_nodes(info.context.actor, ids)
        return [view_of(row) if row is not None else None for row in found]  # type: ignore[misc]  # as above


async def _seen(info: Info, model: type[models.Row], row_id: str) -> Any:
    row = await access.visible(info.context.actor, model, row_id)
    return view_of(row) if row is not None else None
