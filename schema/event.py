"""What happened to a project, and what a follower of its feed receives."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

import models

from .cursor import Cursor, feed_cursor
from .size import PAGED
from .view import View, up

if TYPE_CHECKING:
    from .image import Image
    from .job import Job
    from .project import Project
    from .scene import Scene
    from .selection import StoryboardSelection
    from .shot import Shot
    from .snapshot import Snapshot

strawberry.enum(models.EventKind, description="What happened to the subject of an event.")


@strawberry.interface(description="A change. It says what changed; edges show the state of now.")
class Event(View[models.Event]):
    at: datetime = strawberry.field(description="When it happened.")
    kind: models.EventKind = strawberry.field(description="What happened.")
    idempotency_key: str | None = strawberry.field(
        description="The key of the request that did it, to drop an optimistic copy."
    )
    subject_id: strawberry.ID = strawberry.field(description="Id of what it happened to.")
    changed: list[str] = strawberry.field(
        description="The fields that changed, nested ones with dots; not `version` and `updatedAt`."
    )
    version: int | None = strawberry.field(
        description="The version of the subject after it, if it has versions."
    )
    project: Annotated["Project", strawberry.lazy(".project")] | None = up(
        models.Project,
        by="feed_id",
        may_be_gone=True,
        description="The project as it is now; null once it is deleted.",
    )

    @strawberry.field(description="The position after this event.")
    def cursor(self) -> Cursor:
        return feed_cursor(self.row.feed_id, self.row.sequence)

    @strawberry.field(description="Id of the user who did it; `system` for workers.")
    def actor(self) -> str:
        return self.row.actor_id


@strawberry.type(description="A change of the project itself.")
class ProjectEvent(Event):
    pass


@strawberry.type(description="A change of a scene.")
class SceneEvent(Event):
    scene: Annotated["Scene", strawberry.lazy(".scene")] | None = up(
        models.Scene,
        by="subject_id",
        may_be_gone=True,
        description="The scene as it is now; null once deleted.",
    )


@strawberry.type(description="A change of a shot.")
class ShotEvent(Event):
    shot: Annotated["Shot", strawberry.lazy(".shot")] | None = up(
        models.Shot,
        by="subject_id",
        may_be_gone=True,
        description="The shot as it is now; null once deleted.",
    )


@strawberry.type(description="A change of an image.")
class ImageEvent(Event):
    image: Annotated["Image", strawberry.lazy(".image")] | None = up(
        models.Image,
        by="subject_id",
        may_be_gone=True,
        description="The image as it is now; null once deleted.",
    )


@strawberry.type(description="A change of a shot's place on the storyboard.")
class StoryboardEvent(Event):
    selection: Annotated["StoryboardSelection", strawberry.lazy(".selection")] | None = up(
        models.StoryboardSelection,
        by="subject_id",
        may_be_gone=True,
        description="The selection as it is now; null once cleared.",
    )


@strawberry.type(description="A change of a job's state. Progress is not in the log.")
class JobEvent(Event):
    job: Annotated["Job", strawberry.lazy(".job")] | None = up(
        models.Job, by="subject_id", may_be_gone=True, description="The job as it is now."
    )


@strawberry.type(
    description="A version of the project's document was stored, or its metadata changed."
)
class SnapshotEvent(Event):
    snapshot: Annotated["Snapshot", strawberry.lazy(".snapshot")] | None = up(
        models.Snapshot,
        by="subject_id",
        may_be_gone=True,
        description="The snapshot as it is now; null once deleted.",
    )


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
    models.Snapshot.PREFIX: SnapshotEvent,
}


def event_of(row: models.Event) -> Event:
    """The event type over a row of the log."""
    if row.kind is models.EventKind.DELETED:
        return RemovedEvent.of(row)
    return KINDS[models.prefix_of(row.subject_id) or ""].of(row)


@strawberry.type(description="Consecutive events of a feed.")
class ProjectChanges:
    cursor: Cursor = strawberry.field(description="The position after them: keep it to resume.")
    events: list[Event] = strawberry.field(metadata=PAGED, description="The events in order.")

    @classmethod
    def of(cls, feed_id: str, sequence: int, rows: list[models.Event]) -> "ProjectChanges":
        return cls(cursor=feed_cursor(feed_id, sequence), events=[event_of(row) for row in rows])


@strawberry.type(description="The log cannot fill the gap: fetch again, then follow from `cursor`.")
class ResyncRequired:
    cursor: Cursor = strawberry.field(description="Where to follow from, after fetching again.")
    reason: str = strawberry.field(description="Why.")


ProjectFeed = Annotated[
    ProjectChanges | ResyncRequired,
    strawberry.union("ProjectFeed", description="What a follower of a project receives."),
]
