from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

import models

from .asset import Asset
from .loading import Info
from .node import Node
from .scene import Scene
from .size import expected
from .snapshot import Snapshot
from .view import ById, Children, View, up

if TYPE_CHECKING:
    from .project import Project

BY_ID = ById(models.Scene)
SCENES = Children(models.Scene, "project_id", ("rank",))
ORIGINS = Children(models.ScreenplayScene, "screenplay_id", ("place",))


@strawberry.type(description="Who speaks in a screenplay.")
class Character:
    name: str = strawberry.field(description="The name, in capitals if it is written in many ways.")
    speeches: int = strawberry.field(description="How many times.")


@strawberry.type(description="What may not be meant as it was read, or is not on the board.")
class ScreenplayProblem:
    line: int = strawberry.field(description="The first line of the file that it is about, from 1.")
    message: str = strawberry.field(description="What became of it, and how often it came.")


@strawberry.type(description="A file that scenes of a project were made of.")
class Screenplay(View[models.Screenplay], Node):
    format: models.ScreenplayFormat = strawberry.field(description="What kind of file it is.")
    created_at: datetime = strawberry.field(description="When it was imported.")
    project: Annotated["Project", strawberry.lazy(".project")] = up(
        models.Project, by="project_id", description="The project it is in."
    )
    file: Asset = up(models.Asset, by="file_id", description="The file as it came, byte for byte.")

    @strawberry.field(
        description="The version of the project's document that it was stored as; null once that"
        " was deleted or is kept no longer."
    )
    async def snapshot(self, info: Info) -> Snapshot | None:
        if self.row.snapshot_number is None:
            return None
        key = (self.row.project_id, self.row.snapshot_number)
        row = await info.context.load(models.snapshots_at, key)
        return Snapshot.of(row) if row is not None else None

    @strawberry.field(
        metadata=expected(50),
        description="The scenes that were made of it and are still there, in order.",
    )
    async def scenes(self, info: Info) -> list[Scene]:
        origins = await info.context.load(ORIGINS, self.row.id)
        here = {origin.scene_id for origin in origins}
        scenes = await info.context.load(SCENES, self.row.project_id)
        return [Scene.of(scene) for scene in scenes if scene.id in here]

    @strawberry.field(
        metadata=expected(20),
        description="Who speaks in it, who speaks most first; at most 1,000.",
    )
    def characters(self) -> list[Character]:
        return [Character(**role) for role in self.row.characters]

    @strawberry.field(
        metadata=expected(20),
        description="What may not be as it was meant; of more than 500, the first and how many"
        " more.",
    )
    def problems(self) -> list[ScreenplayProblem]:
        return [ScreenplayProblem(**problem) for problem in self.row.problems]


@strawberry.enum(description="What becomes of a scene when its screenplay is revised.")
class RevisionAction(Enum):
    KEEP = "KEEP"
    CHANGE = "CHANGE"
    ADD = "ADD"
    MOVE = "MOVE"
    OMIT = "OMIT"


@strawberry.type(description="What becomes of one scene.")
class RevisionStep:
    scene_id: strawberry.Private[str | None]
    action: RevisionAction = strawberry.field(
        description="KEEP and CHANGE stay where they are; MOVE may be changed as well."
    )
    label: str | None = strawberry.field(description="Its number in the script.")
    heading: str = strawberry.field(description="Its heading in the script.")
    similarity: float | None = strawberry.field(
        description="1 if it is word for word as before, 0 if nothing is; null of what is new."
    )
    restore_id: strawberry.ID | None = strawberry.field(
        description="Brings back with `restore` what was omitted."
    )

    @strawberry.field(description="The scene as it is now, if it is there.")
    async def scene(self, info: Info) -> Scene | None:
        if self.scene_id is None:
            return None
        row = await info.context.load(BY_ID, self.scene_id)
        return Scene.of(row) if row is not None else None


@strawberry.type(description="A revised screenplay over the board of the one before it.")
class ScreenplayRevision:
    applied: bool = strawberry.field(description="It was done, not only looked at.")
    plan: list[RevisionStep] = strawberry.field(
        metadata=expected(50),
        description="In the order of the revised screenplay, and then what it omits.",
    )
