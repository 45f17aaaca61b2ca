"""Ordering images of a shot: one batch is one iteration of up to twelve variants."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from models import (
    Asset,
    EventKind,
    Image,
    JobBatch,
    JobKind,
    MediaStatus,
    Project,
    Scene,
    Shot,
    reading,
)

from . import limits
from .checks import checked, document, number, text
from .errors import Conflict, InvalidInput
from .images import check_room, next_iteration, parent_of
from .jobs import Enrolment, enrol, renderer_named, running_batch
from .shots import PARAMETERS
from .work import Work


async def generate_images(
    work: Work, shot_id: str, given: Mapping[str, Any], parent_id: str | None = None
) -> JobBatch:
    """Pending images and their jobs. The same order, still in the making, is answered again."""
    shot = await work.held(Shot, shot_id, "input.shotId")
    parent = (
        await _parent(shot, parent_id, "input.parentImageId") if parent_id is not None else None
    )
    return await _order(work, shot, parent, checked(ORDER, given, "input"))


async def refine_image(work: Work, image_id: str, given: Mapping[str, Any]) -> JobBatch:
    """A further iteration of the image's shot, made from the image."""
    image = await work.held(Image, image_id, "input.imageId")
    shot = await Shot.get(id=image.shot_id)
    parent = await _parent(shot, image.id, "input.imageId")
    return await _order(work, shot, parent, checked(REFINEMENT, given, "input"))


async def _parent(shot: Shot, image_id: str, field: str) -> Image:
    parent = await parent_of(shot, image_id, field)
    if parent.asset_id is None:
        raise Conflict("This image was made elsewhere; its picture is not here.", field)
    return parent


async def _order(
    work: Work, shot: Shot, parent: Image | None, order: Mapping[str, Any]
) -> JobBatch:
    project = await Project.get(id=shot.project_id)
    request = await _request(shot, parent, order)
    enrolment = Enrolment(
        project,
        JobKind.IMAGE,
        renderer_named(work, order.get("renderer")),
        order.get("model") or shot.generation.get("model"),
        request,
    )
    running = await running_batch(enrolment)
    if running is not None:
        return running
    await check_room(shot, request["count"])
    iteration = await next_iteration(shot)
    images = [
        Image(
            project_id=project.id,
            shot_id=shot.id,
            iteration_number=iteration,
            variant_number=variant,
            iteration_prompt=request["prompt"],
            parent_image_id=parent.id if parent else None,
            status=MediaStatus.PENDING,
        )
        for variant in range(1, request["count"] + 1)
    ]
    subjects = {image.id: request | _variant(request, image) for image in images}
    batch, jobs = await enrol(work, enrolment, subjects)
    for image, job in zip(images, jobs, strict=True):
        image.job_id = job.id
    await Image.bulk_create(images)
    for image in images:
        work.record(image, EventKind.CREATED)
    return batch


async def _request(shot: Shot, parent: Image | None, order: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a variant depends on but its number: the snapshot kept on each job."""
    scene = (await reading.by_id(Scene, [shot.scene_id]))[shot.scene_id]
    place = (await reading.by_id(Shot, [shot.id]))[shot.id].place
    picture = await Asset.get(id=parent.asset_id) if parent else None
    return {
        "shotId": shot.id,
        "prompt": order.get("prompt") or shot.prompt,
        "negativePrompt": shot.generation.get("negativePrompt"),
        "count": order.get("count") or limits.VARIANTS_DEFAULT,
        "parentImageId": parent.id if parent else None,
        "parentSha256": picture.sha256 if picture else None,
        "strength": order.get("strength"),
        "label": f"SC {scene.label or scene.place} / SH {shot.label or place}",
        "camera": shot.camera,
        "parameters": _known(shot.generation.get("parameters"), order.get("parameters")),
    }


def _known(*documents: Mapping[str, Any] | None) -> dict[str, Any]:
    """Documents laid over each other; a null leaves the choice to the renderer."""
    together = {name: value for given in documents for name, value in (given or {}).items()}
    return {name: value for name, value in together.items() if value is not None}


def _variant(request: Mapping[str, Any], image: Image) -> dict[str, Any]:
    """Number and seed of one variant: a given seed counts up, else the place makes one."""
    place = f"{image.shot_id}/{image.iteration_number}"
    seed = request["parameters"].get("seed", zlib.crc32(place.encode()))
    return {
        "iteration": image.iteration_number,
        "variant": image.variant_number,
        "seed": seed + image.variant_number - 1,
    }


def parameters(value: Any, path: str) -> dict[str, Any] | None:
    """Free parameters for the renderer, of which those that every renderer knows are checked."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidInput("This must be a JSON object.", path)
    document(value, path)
    known = checked(PARAMETERS, {n: value[n] for n in PARAMETERS if n in value}, path)
    return value | known


ORDER = {
    "prompt": text(limits.PROMPT, nullable=True),
    "count": number(1, limits.VARIANTS_PER_BATCH, whole=True),
    "renderer": text(limits.NAME, nullable=True),
    "model": text(limits.EXTERNAL_ID, nullable=True),
    "parameters": parameters,
}
REFINEMENT = ORDER | {"strength": number(0, 1)}
