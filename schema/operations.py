"""Many operations at once: what each may be, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Self

import strawberry

from .inputs import (
    AnimationPatch,
    CreateProjectInput,
    CreateSceneInput,
    CreateShotInput,
    ImagePatch,
    ProjectPatch,
    RegisterImagesInput,
    ScenePatch,
    SelectMasterShotInput,
    ShotPatch,
    may,
    must,
)
from .size import PAGED


@strawberry.enum(description="What becomes of the others when some operations are refused.")
class BatchPolicy(Enum):
    REJECT_EVERYTHING = "REJECT_EVERYTHING"
    REJECT_FAILED = "REJECT_FAILED"


@strawberry.input(description="The arguments of `updateProject`.")
class UpdateProjectArguments:
    id: strawberry.ID = must("The project.")
    patch: ProjectPatch = must("What to change.")
    expected_version: int | None = may("The version the edit started from.")


@strawberry.input(description="The arguments of `updateScene`.")
class UpdateSceneArguments:
    id: strawberry.ID = must("The scene.")
    patch: ScenePatch = must("What to change.")
    expected_version: int | None = may("The version the edit started from.")


@strawberry.input(description="The arguments of `moveScene`.")
class MoveSceneArguments:
    id: strawberry.ID = must("The scene.")
    scene_number: int = must("The place it shall have, from 1.")


@strawberry.input(description="The arguments of `updateShot`.")
class UpdateShotArguments:
    id: strawberry.ID = must("The shot.")
    patch: ShotPatch = must("What to change.")
    expected_version: int | None = may("The version the edit started from.")


@strawberry.input(description="The arguments of `moveShot`.")
class MoveShotArguments:
    id: strawberry.ID = must("The shot.")
    shot_number: int = must("The place it shall have, from 1.")
    scene_id: strawberry.ID | None = may("Its scene, if another.")


@strawberry.input(description="The arguments of `updateImage`.")
class UpdateImageArguments:
    id: strawberry.ID = must("The image.")
    patch: ImagePatch = must("What to change.")


@strawberry.input(description="The arguments of `setFavorite`.")
class SetFavoriteArguments:
    image_id: strawberry.ID = must("The image.")
    is_favorite: bool = must("Whether it is one.")


@strawberry.input(description="The arguments of `clearMasterShot`.")
class ClearMasterShotArguments:
    shot_id: strawberry.ID = must("The shot.")


@strawberry.input(description="The arguments of `updateStoryboardAnimation`.")
class UpdateStoryboardAnimationArguments:
    selection_id: strawberry.ID = must("The selection.")
    patch: AnimationPatch = must("What to change.")


@strawberry.input(description="The arguments of a deletion.")
class DeleteArguments:
    id: strawberry.ID = must("What to delete.")


@strawberry.input(description="The arguments of `restore`.")
class RestoreArguments:
    restore_id: strawberry.ID = must("As the deletion answered.")


def verb(mutation: str) -> Any:
    return may(f"What `{mutation}` does.")


@strawberry.input(
    description="One operation: exactly one thing to do, as the mutation of its name does it. "
    "Wherever it takes an id it may name what an operation before it created, changed or deleted: "
    "`$name` by that operation's `ref`, `$name.shots.0` and `$name.images.0` for one of the shots "
    "or images it created, counted from 0 in their order, `$name.restoreId` for a deletion. "
    "Idempotency keys of single inputs are refused here."
)
class Operation:
    ref: str | None = may("A name for later operations: 1 to 64 letters, digits, `-` and `_`.")
    create_project: CreateProjectInput | None = verb("createProject")
    update_project: UpdateProjectArguments | None = verb("updateProject")
    delete_project: DeleteArguments | None = verb("deleteProject")
    create_scene: CreateSceneInput | None = verb("createScene")
    update_scene: UpdateSceneArguments | None = verb("updateScene")
    move_scene: MoveSceneArguments | None = verb("moveScene")
    delete_scene: DeleteArguments | None = verb("deleteScene")
    create_shot: CreateShotInput | None = verb("createShot")
    update_shot: UpdateShotArguments | None = verb("updateShot")
    move_shot: MoveShotArguments | None = verb("moveShot")
    delete_shot: DeleteArguments | None = verb("deleteShot")
    register_images: RegisterImagesInput | None = verb("registerImages")
    update_image: UpdateImageArguments | None = verb("updateImage")
    set_favorite: SetFavoriteArguments | None = verb("setFavorite")
    delete_image: DeleteArguments | None = verb("deleteImage")
    select_master_shot: SelectMasterShotInput | None = verb("selectMasterShot")
    clear_master_shot: ClearMasterShotArguments | None = verb("clearMasterShot")
    update_storyboard_animation: UpdateStoryboardAnimationArguments | None = verb(
        "updateStoryboardAnimation"
    )
    restore: RestoreArguments | None = verb("restore")


@strawberry.type(description="Why an operation was refused.")
class OperationError:
    code: str = strawberry.field(description="As in `extensions.code` of an error.")
    message: str = strawberry.field(description="For people.")
    field: str = strawberry.field(
        description="What is to blame, such as `operations.3.createShot.sceneId`."
    )


@strawberry.type(description="What came of one operation.")
class OperationResult:
    ref: str | None = strawberry.field(
        description="The operation's own; null if that is none that may be given."
    )
    id: strawberry.ID | None = strawberry.field(
        description="What it created, changed, deleted or restored, the first image of several; "
        "null when it was refused or nothing was committed."
    )
    created: list[strawberry.ID] = strawberry.field(
        description="Every id that it created, in order."
    )
    restore_id: strawberry.ID | None = strawberry.field(
        description="Of a deletion: brings back what it took."
    )
    error: OperationError | None = strawberry.field(description="Why it was refused.")

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Self:
        error = result["error"]
        return cls(
            ref=result["ref"],
            id=result["id"],
            created=result["created"],
            restore_id=result["restoreId"],
            error=OperationError(**error) if error is not None else None,
        )


@strawberry.type(description="What came of a batch.")
class BatchResult:
    committed: bool = strawberry.field(
        description="Whether what was not refused is done; otherwise nothing is."
    )
    results: list[OperationResult] = strawberry.field(
        metadata=PAGED, description="One for each operation, in their order."
    )
