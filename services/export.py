"""Ordering the film: the storyboard cut into one file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models import (
    Asset,
    Image,
    Job,
    JobKind,
    MediaStatus,
    Project,
    Scene,
    Shot,
    StoryboardSelection,
    reading,
)

from . import limits
from .errors import Conflict, InvalidInput, LimitExceeded
from .formats.film import CUTS_MAX, FRAMES_MAX
from .jobs import Enrolment, enrol, running_batch
from .work import Work

CUTTER = "cutter"


async def export_project(
    work: Work, project_id: str, file_format: str, options: object = None
) -> Job:
    """A job that cuts the chosen shots in order: animations made here, stills elsewhere.

    The same film, still in the making, is answered again.
    """
    project = await work.held(Project, project_id, "input.projectId")
    if options is not None:
        raise InvalidInput(f"{file_format} has no options.", "input.options")
    cuts = await _cuts(project)
    if not cuts:
        raise Conflict("There is nothing to show yet: no shot has a chosen image.", "input")
    frames = sum(cut["frames"] for cut in cuts)
    if len(cuts) > CUTS_MAX or frames > FRAMES_MAX:
        most = f"{CUTS_MAX:,} cuts and {FRAMES_MAX:,} frames"
        raise LimitExceeded(
            f"A film has at most {most}, not {len(cuts):,} and {frames:,}.", "input"
        )
    request = {"format": file_format, "rate": str(project.rate), "cuts": cuts}
    enrolment = Enrolment(project, JobKind.EXPORT, CUTTER, None, request)
    running = await running_batch(enrolment)
    if running is not None:
        return await Job.get(batch_id=running.id)
    _, jobs = await enrol(work, enrolment, {project.id: request})
    return jobs[0]


async def _cuts(project: Project) -> list[dict[str, Any]]:
    """What to show, in scene and shot order, as files of ours with lengths in frames."""
    selections = await StoryboardSelection.filter(project_id=project.id)
    shots = await _in_order(project, [s.shot_id for s in selections])
    by_shot = {selection.shot_id: selection for selection in selections}
    images = await reading.by_id(Image, [s.image_id for s in selections])
    files = await reading.by_id(
        Asset,
        [i.asset_id for i in images.values() if i.asset_id]
        + [s.video_id for s in selections if s.video_id],
    )
    lengths = await _clip_lengths(selections)
    cuts = []
    for shot in shots:
        selection = by_shot[shot.id]
        animated = selection.animation_status is MediaStatus.COMPLETE and selection.video_id
        file = files.get(animated or images[selection.image_id].asset_id or "")
        if file is None:
            raise Conflict(
                f"What was chosen for shot {shot.id} was made elsewhere; it is not here.", "input"
            )
        cuts.append(
            {
                "shotId": shot.id,
                "sha256": file.sha256,
                "mediaType": file.media_type,
                "frames": lengths.get(shot.id) if animated else _still_frames(project, shot),
            }
        )
    return cuts


async def _in_order(project: Project, shot_ids: Sequence[str]) -> list[Shot]:
    wanted = set(shot_ids)
    scenes = (await reading.children(Scene, "project_id", [project.id], ("rank",)))[project.id]
    shots = await reading.children(Shot, "scene_id", [scene.id for scene in scenes], ("rank",))
    return [shot for scene in scenes for shot in shots[scene.id] if shot.id in wanted]


async def _clip_lengths(selections: Sequence[StoryboardSelection]) -> dict[str, int]:
    """Frames of each shot's clip, as its job was ordered."""
    jobs = await reading.by_id(Job, [s.animation_job_id for s in selections if s.animation_job_id])
    return {
        s.shot_id: int(jobs[s.animation_job_id].inputs["frames"])
        for s in selections
        if s.animation_job_id in jobs
    }


def _still_frames(project: Project, shot: Shot) -> int:
    """A still stands as long as the shot is timed, or for STILL_SECONDS_DEFAULT."""
    return max(1, shot.timing.get("duration") or round(limits.STILL_SECONDS_DEFAULT * project.rate))
