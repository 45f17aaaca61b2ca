"""Ordering animations of chosen images."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from models import (
    Asset,
    Image,
    Job,
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
from .jobs import Enrolment, enrol, renderer_named
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

    What is in the making already is not ordered twice: if that is all, its batch is answered.
    """
    if (project_id is None) == (selection_ids is None):
        raise InvalidInput("Name either a project or selections.", "input")
    order = checked(ORDER, given, "input")
    renderer = renderer_named(work, order.get("renderer"))
    project, selections = await _chosen(work, project_id, selection_ids)
    done = (MediaStatus.COMPLETE,) if selection_ids is None else ()
    waiting = [s for s in selections if s.animation_status not in (*_BUSY, *done)]
    if not waiting:
        return await _running_batch(project, selections, order, renderer)
    inputs = await _inputs(project, waiting, order)
    enrolment = Enrolment(project, JobKind.ANIMATION, renderer, None, inputs)
    batch, jobs = await enrol(work, enrolment, inputs)
    for selection, job in zip(waiting, jobs, strict=True):
        ordered = {"animation_status": MediaStatus.PENDING, "animation_job_id": job.id}
        await put(work, selection, NO_ANIMATION | ordered)
    return batch


_BUSY = (MediaStatus.PENDING, MediaStatus.PROCESSING)


async def _running_batch(
    project: Project,
    selections: Sequence[StoryboardSelection],
    order: Mapping[str, Any],
    renderer: str,
) -> JobBatch:
    """The newest batch that carries out this very order for any of the selections."""
    busy = [s for s in selections if s.animation_status in _BUSY and s.animation_job_id]
    inputs = await _inputs(project, busy, order)
    jobs = await reading.by_id(Job, [s.animation_job_id or "" for s in busy])
    same = [j for j in jobs.values() if (j.inputs, j.renderer) == (inputs[j.subject_id], renderer)]
    if not same:
        raise Conflict("Everything drawn here is animated already or being animated.", "input")
    return await JobBatch.get(id=max(same, key=lambda job: job.id).batch_id)


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
