"""Ordering animations of chosen images."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from models import (
    Asset,
    Image,
    JobBatch,
    JobKind,
    MediaStatus,
    Project,
    Shot,
    StoryboardSelection,
    reading,
)

from . import limits
from .access import check_id
from .checks import checked, number, text
from .errors import Conflict, InvalidInput, LimitExceeded, NotFound
from .jobs import Enrolment, enrol, renderer_named, running_batch
from .storyboard import NO_ANIMATION, put
from .work import Work

ORDER = {
    "duration": number(0.1, limits.CLIP_SECONDS),
    "motion": text(limits.NAME, nullable=True),
    "renderer": text(limits.NAME, nullable=True),
}


async def animate(
    work: Work,
    given: Mapping[str, Any],
    project_id: str | None = None,
    selection_ids: Sequence[str] | None = None,
) -> JobBatch:
    """A job for each selection named, or for each of the project's without a finished animation.

    The same order, still in the making, is answered again.
    """
    if (project_id is None) == (selection_ids is None):
        raise InvalidInput("Name either a project or selections.", "input")
    order = checked(ORDER, given, "input")
    project, selections = await _chosen(work, project_id, selection_ids)
    renderer = renderer_named(work, order.get("renderer"))
    request = {
        "duration": order.get("duration"),
        "motion": order.get("motion"),
        "selectionIds": list(selection_ids) if selection_ids is not None else None,
    }
    enrolment = Enrolment(project, JobKind.ANIMATION, renderer, None, request)
    running = await running_batch(enrolment)
    if running is not None:
        return running
    waiting = [s for s in selections if s.animation_status not in _BUSY_OR_DONE]
    if selection_ids is not None:
        waiting = [s for s in selections if s.animation_status not in _BUSY]
    if not waiting:
        raise Conflict("Everything drawn here is animated already or being animated.", "input")
    batch, jobs = await enrol(work, enrolment, await _inputs(project, waiting, order))
    for selection, job in zip(waiting, jobs, strict=True):
        ordered = {"animation_status": MediaStatus.PENDING, "animation_job_id": job.id}
        await put(work, selection, NO_ANIMATION | ordered)
    return batch


_BUSY = (MediaStatus.PENDING, MediaStatus.PROCESSING)
_BUSY_OR_DONE = (*_BUSY, MediaStatus.COMPLETE)


async def _chosen(
    work: Work, project_id: str | None, selection_ids: Sequence[str] | None
) -> tuple[Project, list[StoryboardSelection]]:
    if project_id is not None:
        project = await work.held(Project, project_id, "input.projectId")
        ours = StoryboardSelection.filter(project_id=project.id, image__asset_id__isnull=False)
        return project, await ours.order_by("id")
    ids = list(dict.fromkeys(selection_ids or ()))
    if not 1 <= len(ids) <= limits.SCENES_PER_PROJECT:
        many = f"From 1 to {limits.SCENES_PER_PROJECT:,} selections at once."
        raise LimitExceeded(many, "input.selectionIds")
    for index, selection_id in enumerate(ids):
        check_id(StoryboardSelection, selection_id, f"input.selectionIds.{index}")
    first = await work.held(StoryboardSelection, ids[0], "input.selectionIds.0")
    found = await reading.by_id(StoryboardSelection, ids)
    for index, selection_id in enumerate(ids):
        selection = found.get(selection_id)
        if selection is None or selection.project_id != first.project_id:
            raise NotFound("The project has no such selection.", f"input.selectionIds.{index}")
    project = await Project.get(id=first.project_id)
    return project, [found[selection_id] for selection_id in ids]


async def _inputs(
    project: Project, selections: Sequence[StoryboardSelection], order: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """For each selection the snapshot of all that its clip depends on."""
    images = await reading.by_id(Image, [s.image_id for s in selections])
    shots = await reading.by_id(Shot, [s.shot_id for s in selections])
    assets = await reading.by_id(Asset, [i.asset_id for i in images.values() if i.asset_id])
    inputs = {}
    for selection in selections:
        image, shot = images[selection.image_id], shots[selection.shot_id]
        if image.asset_id is None:
            raise Conflict(
                f"The image chosen for shot {shot.id} was made elsewhere; its picture is not here.",
                "input",
            )
        movement = (shot.camera.get("movement") or {}).get("type")
        inputs[selection.id] = {
            "shotId": shot.id,
            "imageId": image.id,
            "imageSha256": assets[image.asset_id].sha256,
            "frames": clip_frames(project, shot, order.get("duration")),
            "rate": str(project.rate),
            "movement": order.get("motion") or movement,
            "seed": zlib.crc32(image.id.encode()),
        }
    return inputs


def clip_frames(project: Project, shot: Shot, seconds: float | None) -> int:
    """The length of a shot's clip in frames: as ordered, as timed, or CLIP_SECONDS_DEFAULT."""
    if seconds is not None:
        return max(1, round(seconds * project.rate))
    longest = limits.CLIP_SECONDS * project.rate
    timed = shot.timing.get("duration") or limits.CLIP_SECONDS_DEFAULT * project.rate
    return max(1, round(min(timed, longest)))
