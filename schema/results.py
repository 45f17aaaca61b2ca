"""What mutations answer besides the rows themselves."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from .client import Invitation
from .project import Project
from .scene import Scene
from .shot import Shot
from .snapshot import Snapshot

Editable = Annotated[
    Project | Scene | Shot | Snapshot,
    strawberry.union("Editable", description="What several people may edit at once."),
]


@strawberry.type(description="An edit that overlaps with one made since. Nothing was changed.")
class EditConflict:
    fields: list[str] = strawberry.field(description="Where both touched the same, by path.")
    current: Editable = strawberry.field(description="The row as it is now.")
    yours: JSON = strawberry.field(description="The patch that was not applied.")


UpdateProjectResult = Annotated[
    Project | EditConflict,
    strawberry.union("UpdateProjectResult", description="The project, or why it was not changed."),
]
UpdateSceneResult = Annotated[
    Scene | EditConflict,
    strawberry.union("UpdateSceneResult", description="The scene, or why it was not changed."),
]
UpdateShotResult = Annotated[
    Shot | EditConflict,
    strawberry.union("UpdateShotResult", description="The shot, or why it was not changed."),
]
SnapshotResult = Annotated[
    Snapshot | EditConflict,
    strawberry.union("SnapshotResult", description="The new version, or why there is none."),
]


@strawberry.type(description="What a deletion took.")
class Deletion:
    id: strawberry.ID = strawberry.field(description="What was to be deleted.")
    deleted: list[strawberry.ID] = strawberry.field(
        description="Every id that is gone, so that a cache can drop them."
    )
    restore_id: strawberry.ID | None = strawberry.field(
        description="Brings it back, by `restore`; null where a deletion is final."
    )


@strawberry.type(description="What came back.")
class Restoration:
    id: strawberry.ID = strawberry.field(description="What was to be restored.")
    restored: list[strawberry.ID] = strawberry.field(
        description="Every id that is there again, owners before what belongs to them."
    )


@strawberry.type(description="An invitation that was just made.")
class Invited:
    invitation: Invitation = strawberry.field(description="The invitation.")
    code: str | None = strawberry.field(
        description="For whom you invite. It is shown this once: a repeated request answers null."
    )
