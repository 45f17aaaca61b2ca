"""What mutations take. An absent field was not given; a null clears."""

from enum import Enum
from typing import Any

import strawberry
from strawberry.scalars import JSON

import models

from .bigint import BigInt
from .upload import Upload

KEY = "Repeat a request with the same key to get its first answer again."
PARAMETERS = "Free parameters for the renderer; width, height and seed are known to all."

strawberry.enum(models.ScreenplayFormat, description="The kinds of file a screenplay comes in.")


def may(description: str) -> Any:
    """A field that need not be given."""
    return strawberry.field(description=description, default=strawberry.UNSET)


def must(description: str) -> Any:
    """A field that must be given."""
    return strawberry.field(description=description)


@strawberry.enum(description="The kinds of file a project can be exported to.")
class ExportFormat(Enum):
    MP4 = "MP4"


@strawberry.input(description="Numbers for the renderer.")
class GenerationParametersInput:
    steps: int | None = may("Sampling steps.")
    cfg_scale: float | None = may("How closely to follow the prompt.")
    width: int | None = may("Width in pixels, even, 320 to 2048.")
    height: int | None = may("Height in pixels, even, 320 to 2048.")
    seed: int | None = may("Seed of the first variant.")


@strawberry.input(description="How to generate images of a shot.")
class GenerationInput:
    prompt: str | None = may("Overrides the initial prompt.")
    negative_prompt: str | None = may("What to keep out.")
    model: str | None = may("The model to ask for.")
    parameters: GenerationParametersInput | None = may("Numbers for the renderer; merged.")


@strawberry.input(description="How long a shot is, in seconds.")
class TimingInput:
    duration: float | None = may("Length.")
    in_point: float | None = may("Where it begins in its clip.")
    out_point: float | None = may("Where it ends in its clip.")
    transition: str | None = may("How it leads to the next, by name.")


@strawberry.input(description="How the camera moves.")
class CameraMovementInput:
    type: str | None = may("Such as `dolly in`, `pan left` or `static`.")


@strawberry.input(description="The camera setup.")
class CameraInput:
    framing: str | None = may("Such as `WIDE` or `CLOSE-UP`.")
    angle: str | None = may("Such as `low` or `dutch`.")
    movement: CameraMovementInput | None = may("How it moves; merged.")


@strawberry.input(description="A new project.")
class CreateProjectInput:
    prompt: str = must("What the film is about.")
    title: str | None = may("Its title; `Untitled` by default.")
    prompt_planner_data: JSON | None = may("Free data of the planner.")
    client_slug: str | None = may("The workspace to create it in; yours by default.")
    frame_rate: str | None = may("Frames per second as `24` or `24000/1001`; 24 by default.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="A project of the first version.")
class MigrateLegacyInput:
    document: JSON = must("The document: a JSON object or list, at most 2 MiB.")
    client_slug: str | None = may("The workspace; the first of yours by default.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="A screenplay, as a file or as text.")
class ImportScreenplayInput:
    project_id: strawberry.ID | None = may(
        "The project to add its scenes to, which has no screenplay yet; a new one by default."
    )
    client_slug: str | None = may(
        "The workspace of the new project; the first of yours by default."
    )
    title: str | None = may("The new project's title; the screenplay's by default.")
    file: Upload | None = may("The file, at most 8 MiB, sent as a part of a multipart request.")
    text: str | None = may("The file's text; a file keeps its own encoding.")
    format: models.ScreenplayFormat | None = may("What it is; found out by default.")
    create_shots: bool | None = may("Make a shot of each beat of action; none by default.")
    idempotency_key: str | None = may(KEY)


@strawberry.enum(description="Whether to look or to do.")
class ReimportMode(Enum):
    PREVIEW = "PREVIEW"
    APPLY = "APPLY"


@strawberry.input(description="A revised screenplay, as a file or as text.")
class ReimportScreenplayInput:
    project_id: strawberry.ID = must("The project that was imported from the one before it.")
    mode: ReimportMode = must("PREVIEW tells what would be done, APPLY does it.")
    file: Upload | None = may("The file, at most 8 MiB, sent as a part of a multipart request.")
    text: str | None = may("The file's text; a file keeps its own encoding.")
    format: models.ScreenplayFormat | None = may("What it is; found out by default.")
    create_shots: bool | None = may("Make a shot of each beat of new scenes; none by default.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="Changes of a project.")
class ProjectPatch:
    title: str | None = may("Its title.")
    prompt: str | None = may("What the film is about.")
    prompt_planner_data: JSON | None = may("Free data of the planner.")


@strawberry.input
class ShotFields:
    """What a shot may be given, when it is made and later. No type of the graph by itself."""

    label: str | None = may("Its number on paper.")
    initial_prompt: str | None = may("What to generate at first.")
    generation: GenerationInput | None = may("How to generate its images; merged level by level.")
    timing: TimingInput | None = may("How long it is; merged.")
    camera: CameraInput | None = may("Its camera setup; merged.")
    type: str | None = may("What kind of shot it is, in your own words.")
    status: str | None = may("How far it is, in your own words.")


@strawberry.input(description="A shot of a new scene.")
class SceneShotInput(ShotFields):
    shot_number: int | None = may("Its place among them; the end by default.")
    description: str = must("What is to be seen.")


@strawberry.input(description="A new scene with its shots.")
class CreateSceneInput:
    project_id: strawberry.ID = must("The project.")
    title: str = must("Its heading.")
    scene_number: int | None = may("Its place; the end by default, a taken one inserts before.")
    label: str | None = may("Its number in the script.")
    description: str | None = may("What happens.")
    shots: list[SceneShotInput] | None = may("Its shots, at most 200.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="Changes of a scene.")
class ScenePatch:
    label: str | None = may("Its number in the script.")
    title: str | None = may("Its heading.")
    description: str | None = may("What happens.")


@strawberry.input(description="A new shot.")
class CreateShotInput(ShotFields):
    scene_id: strawberry.ID = must("The scene.")
    shot_number: int | None = may("Its place; the end by default, a taken one inserts before.")
    description: str = must("What is to be seen.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="Changes of a shot.")
class ShotPatch(ShotFields):
    description: str | None = may("What is to be seen.")


@strawberry.input(description="An image made elsewhere.")
class RegisteredImageInput:
    variant_number: int = must("Its number, free within the iteration.")
    image_url: str | None = may("Where it is; a complete image needs one.")
    status: models.MediaStatus | None = may("How far it is; COMPLETE by default.")
    metadata: JSON | None = may("Free data.")
    external_id: str | None = may("Its id where it was made.")


@strawberry.input(description="Images made elsewhere, all or none.")
class RegisterImagesInput:
    shot_id: strawberry.ID = must("The shot.")
    iteration_prompt: str = must("What was asked for.")
    images: list[RegisteredImageInput] = must("The images, at most 24.")
    iteration_number: int | None = may("The iteration they belong to; the next by default.")
    parent_image_id: strawberry.ID | None = may("The image of the same shot that they refine.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="Changes of an image made elsewhere.")
class ImagePatch:
    status: models.MediaStatus | None = may("How far it is.")
    image_url: str | None = may("Where it is.")
    metadata: JSON | None = may("Free data.")
    external_id: str | None = may("Its id where it was made.")


@strawberry.input(description="A choice.")
class SelectMasterShotInput:
    shot_id: strawberry.ID = must("The shot.")
    image_id: strawberry.ID = must("A complete image of that shot.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="Changes of an animation made elsewhere.")
class AnimationPatch:
    animation_status: models.MediaStatus | None = may("How far it is.")
    animated_video_url: str | None = may("Where it is; a complete animation needs one.")
    external_video_id: str | None = may("Its id where it was made.")


@strawberry.input
class ImageOrder:
    """What every order of images may say. No type of the graph by itself."""

    count: int | None = may("How many variants: 1 to 12, 6 by default.")
    renderer: str | None = may("Who is to draw, by name.")
    model: str | None = may("The model to ask for.")
    parameters: JSON | None = may(PARAMETERS)
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="An order of images of a shot.")
class GenerateImagesInput(ImageOrder):
    shot_id: strawberry.ID = must("The shot.")
    prompt: str | None = may("What to draw; the shot's prompt by default.")
    parent_image_id: strawberry.ID | None = may("The image of the same shot to start from.")


@strawberry.input(description="An order of images made from another.")
class RefineImageInput(ImageOrder):
    image_id: strawberry.ID = must("The image to start from.")
    prompt: str = must("What to make of it.")
    strength: float | None = may(
        "How far to go from the image: 0 stays with it, 1 is as far as can be; up to the renderer "
        "by default."
    )


@strawberry.input(description="An order of animations: of a project or of selections.")
class AnimateInput:
    project_id: strawberry.ID | None = may(
        "Every selection of it, drawn here, without a finished animation."
    )
    selection_ids: list[strawberry.ID] | None = may("These selections, whether animated or not.")
    duration: float | None = may("Seconds; the shot's own length by default, else 2.")
    motion: str | None = may("How the camera moves; as the shot says by default.")
    renderer: str | None = may("Who is to animate, by name.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="An order of the film.")
class ExportInput:
    project_id: strawberry.ID = must("The project.")
    format: ExportFormat = must("The kind of file.")
    options: JSON | None = may("Settings of the format; MP4 has none.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="Where you are; what is not given counts as nothing.")
class SetPresenceInput:
    project_id: strawberry.ID = must("The project.")
    focus_id: strawberry.ID | None = strawberry.field(
        default=None, description="What you look at: something of the project."
    )
    editing: bool = strawberry.field(
        default=False, description="Whether you are changing it; for 30 seconds unless said again."
    )


@strawberry.input(description="Whom to invite, to which client.")
class InviteMemberInput:
    client_slug: str | None = may("The client, by its short name.")
    client_id: strawberry.ID | None = may("The client, by its id.")
    role: models.MemberRole = must("What they will be.")
    days: int | None = may("How long the code works, 1 to 90; 7 by default.")
    name: str | None = may("Whom it is meant for, as a note to owners.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="The whole document of a project.")
class StoreSnapshotInput:
    project_id: strawberry.ID = must("The project.")
    scenes: list[JSON] = must(
        "Objects with a `heading` and `elements`; whatever else they have is kept."
    )
    elements: list[JSON] | None = may("Objects with `type` and `text`, outside of every scene.")
    metadata: JSON | None = may("Free data beside the document.")
    version: BigInt | None = may("Its number, larger than the last; otherwise the next one.")
    base_version: BigInt | None = may(
        "The newest version as you know it, 0 for none: if there is a newer one, nothing is stored."
    )
    checksum: str | None = may("Store it only if this is its `checksum`.")
    idempotency_key: str | None = may(KEY)


@strawberry.input(
    description="What becomes of one scene. Without number, id and heading it is new."
)
class SnapshotScenePatch:
    number: int | None = may("Of the scene in the newest version, from 1.")
    id: str | None = may("The `id` that the scene has in the document.")
    heading: str | None = may("The heading of the scene, if no other has the same.")
    scene: JSON | None = may(
        "The fields to replace, where null removes one; null removes the scene. Must be given."
    )


@strawberry.input(description="What becomes of some scenes of the newest version.")
class PatchSnapshotScenesInput:
    project_id: strawberry.ID = must("The project.")
    scenes: list[SnapshotScenePatch] = must("All name scenes as they are before the first.")
    base_version: BigInt | None = may(
        "The version that you know: scenes that changed since are not touched."
    )
    idempotency_key: str | None = may(KEY)


@strawberry.input(description="Which version to go back to.")
class RestoreSnapshotInput:
    project_id: strawberry.ID = must("The project.")
    version: BigInt = must("The version.")
    idempotency_key: str | None = may(KEY)
