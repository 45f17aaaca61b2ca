"""The storyboard: one chosen image per shot, and that image's animation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import EventKind, Image, Job, MediaStatus, Shot, StoryboardSelection

from . import limits
from .access import check_id, held
from .cancelling import cancel_jobs
from .checks import checked, text, web_address
from .deletion import Deletion, delete
from .editing import store
from .errors import Conflict, InvalidInput, NotFound
from .images import media_status
from .work import Work

ANIMATION_FIELDS = ("animationStatus", "animatedVideoUrl", "externalVideoId")
ANIMATION_COLUMNS = [
    "animation_status",
    "animation_job_id",
    "video_id",
    "video_url",
    "external_video_id",
]
ANIMATION_PATCH = {
    "animationStatus": media_status,
    "animatedVideoUrl": web_address(),
    "externalVideoId": text(limits.EXTERNAL_ID, nullable=True),
}


async def select_master_shot(work: Work, shot_id: str, image_id: str) -> StoryboardSelection:
    """Choose a complete image of the shot. The same choice twice changes nothing.

    Another choice drops the animation of the one before: it belonged to that image.
    """
    shot = await held(work, Shot, shot_id, "input.shotId")
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
        await _choose_again(work, selection, image)
    return selection


async def _choose_again(work: Work, selection: StoryboardSelection, image: Image) -> None:
    await cancel_jobs(work, await Job.filter(subject_id=selection.id).order_by("id"))
    selection.image_id = image.id
    for column in ANIMATION_COLUMNS:
        setattr(selection, column, None)
    await store(
        work,
        selection,
        "selectedImage",
        *ANIMATION_FIELDS,
        only=["image_id", *ANIMATION_COLUMNS],
    )


async def clear_master_shot(work: Work, shot_id: str) -> Deletion:
    shot = await held(work, Shot, shot_id, "shotId")
    selection = await StoryboardSelection.get_or_none(shot_id=shot.id)
    if selection is None:
        raise NotFound("No image of this shot is chosen.", "shotId")
    await cancel_jobs(work, await Job.filter(subject_id=selection.id).order_by("id"))
    return await delete(work, selection, [])


async def update_storyboard_animation(
    work: Work, selection_id: str, given: Mapping[str, Any]
) -> StoryboardSelection:
    """Report on an animation made elsewhere; one made here reports by itself."""
    selection = await held(work, StoryboardSelection, selection_id, "selectionId")
    values = checked(ANIMATION_PATCH, given, "patch")
    if selection.animation_status in (MediaStatus.PENDING, MediaStatus.PROCESSING) and (
        selection.animation_job_id is not None
    ):
        raise Conflict("This animation is being made here; its job reports on it.", "patch")
    stored = {
        "animation_status": values.get("animationStatus", selection.animation_status),
        "video_url": values.get("animatedVideoUrl", selection.video_url),
        "external_video_id": values.get("externalVideoId", selection.external_video_id),
    }
    made_here = selection.video_id is not None and "animatedVideoUrl" not in values
    if stored["animation_status"] is MediaStatus.COMPLETE and not (stored["video_url"] or made_here):
        raise InvalidInput("A complete animation needs a URL.", "patch.animatedVideoUrl")
    if not made_here:
        stored |= {"video_id": None, "animation_job_id": None}
    changed = [
        name
        for name, column in zip(ANIMATION_FIELDS, stored, strict=False)
        if getattr(selection, column) != stored[column]
    ]
    if changed:
        for column, value in stored.items():
            setattr(selection, column, value)
        await store(work, selection, *changed, only=list(stored))
    return selection
