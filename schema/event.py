"""What happened to a project, and what a follower of its feed receives."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Self

import strawberry

import models

from .cursor import Cursor, feed_cursor
from .image import Image
from .job import Job
from .loading import Info
from .project import Project
from .scene import Scene
from .selection import StoryboardSelection
from .shot import Shot
from .view import ById, view_of

strawberry.enum(models.EventKind, description="What happened to the subject of an event.")


@strawberry.interface(description="One change. It tells what changed; fields show the state of now.")
class Event:
    row: strawberry.Private[models.Event]

    @strawberry.field(description="The position after this event.")
    def cursor(self) -> Cursor:
        return feed_cursor(self.row.feed_id, self.row.sequence)

    @strawberry.field(description="When it happened.")
    def at(self) -> datetime:
        return self.row.at

    @strawberry.field(description="What happened.")
    def kind(self) -> models.EventKind:
        return self.row.kind

    @strawberry.field(description="Id of the user who did it; `system` for workers.")
    def actor(self) -> str:
        return self.row.actor_id

    @strawberry.field(description="The key of the request that did it, to drop an optimistic copy.")
    def idempotency_key(self) -> str | None:
        return self.row.idempotency_key

    @strawberry.field(description="Id of what it happened to.")
    def subject_id(self) -> strawberry.ID:
        return strawberry.ID(self.row.subject_id)

    @strawberry.field(description="The fields that changed, nested ones with dots.")
    def changed(self) -> list[str]:
        return self.row.changed

    @strawberry.field(description="The version of the subject after it, if it has versions.")
    def version(self) -> int | None:
        return self.row.version

    @strawberry.field(description="The project as it is now; null once it is deleted.")
    async def project(self, info: Info) -> Project | None:
        return await _now(info, models.Project, self.row.feed_id)


async def _now(info: Info, model: type[models.Row], row_id: str) -> Any:
    row = await info.context.load(ById(model), row_id)
    return view_of(row) if row is not None else None


@strawberry.type(description="A change of the project itself.")
class ProjectEvent(Event):
    pass


@strawberry.type(description="A change of a scene.")
class SceneEvent(Event):
    @strawberry.field(description="The scene as it is now; null once it is deleted.")
    async def scene(self, info: Info) -> Scene | None:
        return await _now(info, models.Scene, self.row.subject_id)


@strawberry.type(description="A change of a shot.")
class ShotEvent(Event):
    @strawberry.field(description="The shot as it is now; null once it is deleted.")
    async def shot(self, info: Info) -> Shot | None:
        return await _now(info, models.Shot, self.row.subject_id)


@strawberry.type(description="A change of an image.")
class ImageEvent(Event):
    @strawberry.field(description="The image as it is now; null once it is deleted.")
    async def image(self, info: Info) -> Image | None:
        return await _now(info, models.Image, self.row.subject_id)


@strawberry.type(description="A change of a shot's place on the storyboard.")
class StoryboardEvent(Event):
    @strawberry.field(description="The selection as it is now; null once it is cleared.")
    async def selection(self, info: Info) -> StoryboardSelection | None:
        return await _now(info, models.StoryboardSelection, self.row.subject_id)


@strawberry.type(description="A change of a job's state. Progress is not in the log.")
class JobEvent(Event):
    @strawberry.field(description="The job as it is now.")
    async def job(self, info: Info) -> Job | None:
        return await _now(info, models.Job, self.row.subject_id)


@strawberry.type(description="Something was deleted, with everything below it.")
class RemovedEvent(Event):
    @strawberry.field(description="Every id that is gone, the subject's first.")
    def deleted(self) -> list[strawberry.ID]:
        return [strawberry.ID(gone) for gone in self.row.deleted or []]


KINDS: dict[str, type[Event]] = {
    models.Project.PREFIX: ProjectEvent,
    models.Scene.PREFIX: SceneEvent,
    models.Shot.PREFIX: ShotEvent,
    models.Image.PREFIX: ImageEvent,
    models.StoryboardSelection.PREFIX: StoryboardEvent,
    models.Job.PREFIX: JobEvent,
}


def event_of(row: models.Event) -> Event:
    """The event type over a row of the log."""
    if row.kind is models.EventKind.DELETED:
        return RemovedEvent(row=row)
    return KINDS[models.prefix_of(row.subject_id) or ""](row=row)


@strawberry.type(description="Consecutive events of a feed.")
class ProjectChanges:
    cursor: Cursor = strawberry.field(description="The position after them: keep it, resume from it.")
    events: list[Event] = strawberry.field(description="The events in order.")

    @classmethod
    def of(cls, feed_id: str, sequence: int, rows: Iterable[models.Event]) -> Self:
        return cls(cursor=feed_cursor(feed_id, sequence), events=[event_of(row) for row in rows])


@strawberry.type(description="The log cannot fill the gap: fetch again, then follow from `cursor`.")
class ResyncRequired:
    cursor: Cursor = strawberry.field(description="Where to follow from, after fetching again.")
    reason: str = strawberry.field(description="Why.")


ProjectFeed = Annotated[
    ProjectChanges | ResyncRequired,
    strawberry.union("ProjectFeed", description="What a follower of a project receives."),
]
