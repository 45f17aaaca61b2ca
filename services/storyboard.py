"""The storyboard: one chosen image per shot, and that image's animation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import EventKind, Image, Job, MediaStatus, Shot, StoryboardSelection

from . import limits
from .access import check_id
from .cancelling import cancel_jobs
from .checks import checked, text, web_address
from .deletion import Deletion, delete
from .editing import store
from .errors import Conflict, InvalidInput, NotFound
from .images import media_status
from .work import Work

# The field of the contract that shows a column.
SHOWN_AS = {
    "image_id": "selectedImage",
    "animation_status": "animationStatus",
    "animation_job_id": "animationJob",
    "video_id": "animatedVideoUrl",
    "video_url": "animatedVideoUrl",
    "external_video_id": "externalVideoId",
}
ANIMATION_COLUMNS = [column for column in SHOWN_AS if column != "image_id"]
ANIMATION_FIELDS = tuple(dict.fromkeys(SHOWN_AS[column] for column in ANIMATION_COLUMNS))
NO_ANIMATION = dict.fromkeys(ANIMATION_COLUMNS)
ANIMATION_PATCH = {
    "animationStatus": media_status,
    "animatedVideoUrl": web_address(),
    "externalVideoId": text(limits.EXTERNAL_ID, nullable=True),
}


async def select_master_shot(work: Work, shot_id: str, image_id: str) -> StoryboardSelection:
    """Choose a complete image of the shot. The same choice twice changes nothing.

    Another choice drops the animation of the one before: it belonged to that image.
    """
    shot = await work.held(Shot, shot_id, "input.shotId")
    check_id(Image, image_id, "input.imageId")
    image = await Image.get_or_none(id=image_id, shot_id=shot.id)
    if image is None:
        raise NotFound("This shot has no such image.", "input.imageId")
    if image.status is not MediaStatus.COMPLETE:
        raise Conflict(
            f"Only a complete image can be chosen; this one is {image.status.value}.",
            "input.imageId",
        )
    selection = await StoryboardSelection.get_or_none(shot_id=shot.id)
    if selection is None:
        selection = await StoryboardSelection.create(
            project_id=shot.project_id, shot_id=shot.id, image_id=image.id
        )
        work.record(selection, EventKind.CREATED)
    elif selection.image_id != image.id:
        await cancel_jobs(work, await Job.filter(subject_id=selection.id).order_by("id"))
        await put(work, selection, NO_ANIMATION | {"image_id": image.id})
    return selection


async def put(work: Work, selection: StoryboardSelection, values: Mapping[str, Any]) -> None:
    """Store columns of a held selection and tell of the fields that differ, if any does."""
    differing = [column for column in values if getattr(selection, column) != values[column]]
    for column in differing:
        setattr(selection, column, values[column])
    if differing:
        changed = dict.fromkeys(SHOWN_AS[column] for column in differing)
        await store(work, selection, *changed, only=differing)


async def clear_master_shot(work: Work, shot_id: str) -> Deletion:
    shot = await work.held(Shot, shot_id, "shotId")
    selection = await StoryboardSelection.get_or_none(shot_id=shot.id)
    if selection is None:
        raise NotFound("No image of this shot is chosen.", "shotId")
    return await delete(work, selection)


async def update_storyboard_animation(
    work: Work, selection_id: str, given: Mapping[str, Any]
) -> StoryboardSelection:
    """Report on an animation made elsewhere; one made here reports by itself."""
    selection = await work.held(StoryboardSelection, selection_id, "selectionId")
    values = checked(ANIMATION_PATCH, given, "patch")
    if selection.animation_status in (MediaStatus.PENDING, MediaStatus.PROCESSING) and (
        selection.animation_job_id is not None
    ):
        raise Conflict("This animation is being made here; its job reports on it.", "patch")
    animation = {
        "animation_status": values.get("animationStatus", selection.animation_status),
        "video_url": values.get("animatedVideoUrl", selection.video_url),
        "external_video_id": values.get("externalVideoId", selection.external_video_id),
    }
    differs = animation["animation_status"] is not selection.animation_status
    if differs or "animatedVideoUrl" in values:
        animation |= {"animation_job_id": None, "video_id": None}  # it is no longer ours
    video = animation["video_url"] or animation.get("video_id", selection.video_id)
    if animation["animation_status"] is MediaStatus.COMPLETE and not video:
        raise InvalidInput("A complete animation needs a URL.", "patch.animatedVideoUrl")
    await put(work, selection, animation)
    return selection
