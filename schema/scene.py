from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

import models

from .loading import Info
from .node import Node
from .shot import Shot
from .size import expected
from .speech import Speech
from .view import Children, View, many, up

if TYPE_CHECKING:
    from .project import Project

ORIGINS = Children(models.ScreenplayScene, "scene_id", ("id",))


@strawberry.type(description="A stretch of the film in one place and time.")
class Scene(View[models.Scene], Node):
    scene_number: int = strawberry.field(description="Its place in the project, from 1.")
    rank: str = strawberry.field(description="Sorts the scenes of a project, compared as text.")
    label: str | None = strawberry.field(description="Its number in the script, such as `1A`.")
    title: str = strawberry.field(description="Its heading.")
    description: str = strawberry.field(description="What happens.")
    version: int = strawberry.field(description="Counts its changes, from 1.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    project: Annotated["Project", strawberry.lazy(".project")] = up(
        models.Project, by="project_id", description="The project it belongs to."
    )
    shots: list[Shot] = many(
        models.Shot,
        on="scene_id",
        order=("rank",),
        items=10,
        description="Its shots in order; at most 1,000.",
    )

    @strawberry.field(
        metadata=expected(20), description="What is said in it, in the screenplay it was made of."
    )
    async def dialogue(self, info: Info) -> list[Speech]:
        origins = await info.context.load(ORIGINS, self.row.id)
        return [Speech(**said) for said in origins[-1].dialogue] if origins else []

    @strawberry.field(description="It has shots and each has a chosen image.")
    async def storyboard_complete(self, info: Info) -> bool:
        return await info.context.load(models.scenes_complete, self.row.id)
