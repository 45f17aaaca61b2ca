from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

import models
from models import reading

from .bigint import BigInt
from .client import Client
from .connection import After, Connection, First, page_size
from .cursor import Cursor, feed_cursor, invalid, sequence_in
from .event import ProjectChanges
from .job import Job
from .legacy import LegacyMigration
from .loading import Info
from .node import Node
from .scene import Scene
from .screenplay import Screenplay
from .selection import StoryboardSelection
from .size import expected, taking
from .snapshot import Snapshot, SnapshotConnection
from .view import Children, View, many, one, up

strawberry.enum(
    models.WorkflowVersion,
    description="Which pipeline a project follows. Those of this server, migrated ones too, follow "
    "V2_REDESIGN; V1_LEGACY is for documents that are not migrated yet.",
)
strawberry.enum(
    models.RedesignStatus, description="The stage of a project; it follows from its rows."
)


@strawberry.type(description="How many scenes and shots a project has and how far they are.")
class ProjectProgress(View[models.ProjectProgress]):
    total_scenes: int = strawberry.field(description="Scenes.")
    total_shots: int = strawberry.field(description="Shots.")
    shots_with_selections: int = strawberry.field(description="Shots with a chosen image.")
    shots_with_animations: int = strawberry.field(description="Shots with a finished animation.")
    selection_progress: float = strawberry.field(description="Percent of shots, one decimal.")
    animation_progress: float = strawberry.field(description="Percent of shots, one decimal.")
    is_selection_complete: bool = strawberry.field(description="Every shot has a chosen image.")
    is_animation_complete: bool = strawberry.field(description="Every shot is animated.")


@strawberry.type(description="A page of jobs, newest first.")
class JobConnection(Connection[Job]):
    pass


DRAFTS = Children(models.Screenplay, "project_id", ("id",))


@strawberry.type(description="One film being planned.")
class Project(View[models.Project], Node):
    title: str = strawberry.field(description="Its title.")
    prompt: str = strawberry.field(description="What the film is about.")
    prompt_planner_data: JSON | None = strawberry.field(description="Free data of the planner.")
    workflow_version: models.WorkflowVersion = strawberry.field(
        description="Which pipeline it follows."
    )
    version: int = strawberry.field(description="Counts its changes, from 1.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    client: Client = up(models.Client, by="client_id", description="The workspace it belongs to.")
    scenes: list[Scene] = many(
        models.Scene,
        on="project_id",
        order=("rank",),
        items=50,
        description="In order; at most 2,000.",
    )

    legacy: LegacyMigration | None = one(
        models.LegacyMigration,
        on="project_id",
        description="The document of the first version that it was made of, if it was.",
    )

    @strawberry.field(description="The newest screenplay that it was imported from, if it was.")
    async def script(self, info: Info) -> Screenplay | None:
        drafts = await info.context.load(DRAFTS, self.row.id)
        return Screenplay.of(drafts[-1]) if drafts else None

    @strawberry.field(
        metadata=taking(20_000),
        description="Its screenplay as text: the file it was imported from with what was changed on"
        " the board since, otherwise its scenes. Null where it has neither.",
    )
    async def screenplay(
        self,
        info: Info,
        format: Annotated[
            models.ScreenplayFormat | None,
            strawberry.argument(description="That of the file by default, else Fountain."),
        ] = None,
        scene_ids: Annotated[
            bool,
            strawberry.argument(
                description="With a note of its id in each scene, by which `reimportScreenplay`"
                " finds it again whatever became of it."
            ),
        ] = False,
    ) -> str | None:
        return await info.context.screenplay(self.row.id, format, scene_ids)

    @strawberry.field(description="Frames per second, as `24` or `24000/1001`.")
    def frame_rate(self) -> str:
        return str(self.row.rate)

    @strawberry.field(description="Where its feed is now: follow it from here.")
    def cursor(self) -> Cursor:
        return feed_cursor(self.row.id, self.row.head)

    @strawberry.field(description="Its stage, as follows from its rows.")
    async def redesign_status(self, info: Info) -> models.RedesignStatus:
        return (await info.context.load(models.progress_of_projects, self.row.id)).status

    @strawberry.field(description="How far it is.")
    async def progress(self, info: Info) -> ProjectProgress:
        load = info.context.load
        return ProjectProgress.of(await load(models.progress_of_projects, self.row.id))

    @strawberry.field(
        metadata=expected(500), description="The chosen images in scene and shot order."
    )
    async def storyboard(self, info: Info) -> list[StoryboardSelection]:
        load = info.context.load
        chosen = await load(
            Children(models.StoryboardSelection, "project_id", ("id",)), self.row.id
        )
        by_shot = {selection.shot_id: selection for selection in chosen}
        scenes = await load(Children(models.Scene, "project_id", ("rank",)), self.row.id)
        shots = await load(Children(models.Shot, "project_id", ("rank",)), self.row.id)
        place = {scene.id: number for number, scene in enumerate(scenes)}
        here = [s for s in shots if s.id in by_shot and s.scene_id in place]  # read one by one
        here.sort(key=lambda shot: (place[shot.scene_id], shot.rank))
        return [StoryboardSelection.of(by_shot[shot.id]) for shot in here]

    @strawberry.field(description="Its jobs, newest first.")
    async def jobs(
        self,
        first: First = 50,
        after: After = None,
        status: Annotated[
            list[models.JobStatus] | None, strawberry.argument(description="Only with these.")
        ] = None,
    ) -> JobConnection:
        wanted = {"status__in": status} if status is not None else {}

        async def rows(after_id: str | None, count: int) -> list[models.Job]:
            return await reading.page(models.Job, after_id, count, project_id=self.row.id, **wanted)

        return await JobConnection.read(rows, f"{self.row.id}/jobs", first, after)

    @strawberry.field(description="Its document in one version, the newest unless named.")
    async def snapshot(
        self,
        info: Info,
        version: Annotated[BigInt | None, strawberry.argument(description="Which.")] = None,
    ) -> Snapshot | None:
        row = await info.context.load(models.snapshots_at, (self.row.id, version))
        return Snapshot.of(row) if row is not None else None

    @strawberry.field(description="The versions of its document, newest first; 20 are kept.")
    async def snapshots(self, first: First = 20, after: After = None) -> SnapshotConnection:
        async def rows(after_id: str | None, count: int) -> list[models.Snapshot]:
            return await reading.page(models.Snapshot, after_id, count, project_id=self.row.id)

        return await SnapshotConnection.read(rows, f"{self.row.id}/snapshots", first, after)

    @strawberry.field(description="Its history, oldest first. Refused where it is no longer kept.")
    async def events(
        self,
        first: First = 50,
        after: Annotated[
            Cursor | None, strawberry.argument(description="The `cursor` of the page before.")
        ] = None,
    ) -> ProjectChanges:
        feed = await models.Feed.get(id=self.row.id)
        at = sequence_in(after, feed.id) if after is not None else feed.floor
        if at < feed.floor:
            raise invalid("The events after this cursor are no longer kept.", "after")
        page = await models.events_after(feed.id, at, page_size(first))
        return ProjectChanges.of(feed.id, page[-1].sequence if page else at, page)
