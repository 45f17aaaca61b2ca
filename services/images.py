"""Images made elsewhere, and what people do with images: favor, annotate, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models import EventKind, Image, MediaStatus, Shot

from . import limits
from .access import check_id
from .checks import checked, columns, document, number, text, web_address
from .deletion import Deletion, delete
from .editing import store
from .errors import Conflict, InvalidInput, LimitExceeded, NotFound
from .work import Work


def media_status(value: Any, path: str) -> MediaStatus:
    if value is None:
        raise InvalidInput("This cannot be cleared.", path)
    return MediaStatus(value)


PATCH = {
    "status": media_status,
    "imageUrl": web_address(),
    "metadata": document,
    "externalId": text(limits.EXTERNAL_ID, nullable=True),
}
VARIANT_NUMBER = number(0, limits.VARIANT_NUMBER, whole=True, nullable=False)
REGISTERED = PATCH | {"variantNumber": VARIANT_NUMBER}


async def register_images(
    work: Work,
    shot_id: str,
    prompt: str,
    documents: Sequence[Mapping[str, Any]],
    *,
    iteration: int | None = None,
    parent_id: str | None = None,
) -> list[Image]:
    """Images that a client made by itself, all of them or none."""
    if not 1 <= len(documents) <= limits.IMAGES_PER_REQUEST:
        raise LimitExceeded(f"From 1 to {limits.IMAGES_PER_REQUEST} images.", "input.images")
    shot = await work.held(Shot, shot_id, "input.shotId")
    prompt = text(limits.PROMPT)(prompt, "input.iterationPrompt")
    number(0, limits.ITERATION_NUMBER, whole=True)(iteration, "input.iterationNumber")
    parent = (
        await parent_of(shot, parent_id, "input.parentImageId") if parent_id is not None else None
    )
    await check_room(shot, len(documents))
    if iteration is None:
        iteration = await next_iteration(shot)
    taken = set(
        await Image.filter(shot_id=shot.id, iteration_number=iteration).values_list(
            "variant_number", flat=True
        )
    )
    images: list[Image] = []
    for index, given in enumerate(documents):
        path = f"input.images.{index}"
        values = columns({"status": MediaStatus.COMPLETE} | checked(REGISTERED, given, path))
        if values["variant_number"] in taken:
            raise Conflict("This variant number is taken.", f"{path}.variantNumber")
        taken.add(values["variant_number"])
        _need_picture(values["status"], values.get("image_url"), f"{path}.imageUrl")
        image = Image(
            project_id=shot.project_id,
            shot_id=shot.id,
            iteration_number=iteration,
            iteration_prompt=prompt,
            parent_image_id=parent.id if parent else None,
            source_url=values.pop("image_url", None),
            **values,
        )
        images.append(image)
    await Image.bulk_create(images)
    for image in images:
        work.record(image, EventKind.CREATED)
    return images


async def next_iteration(shot: Shot) -> int:
    last = await Image.filter(shot_id=shot.id).order_by("-iteration_number").first()
    return last.iteration_number + 1 if last else 0


async def parent_of(shot: Shot, image_id: str, field: str) -> Image:
    """The image of the same shot to start from, once it is complete."""
    check_id(Image, image_id, field)
    parent = await Image.get_or_none(id=image_id, shot_id=shot.id)
    if parent is None:
        raise NotFound("This shot has no such image.", field)
    if parent.status is not MediaStatus.COMPLETE:
        raise Conflict("Only a complete image can be a parent.", field)
    return parent


async def check_room(shot: Shot, more: int, field: str = "input") -> None:
    """Refuse more images than a shot may have."""
    if await Image.filter(shot_id=shot.id).count() + more > limits.IMAGES_PER_SHOT:
        raise LimitExceeded(f"At most {limits.IMAGES_PER_SHOT:,} images of one shot.", field)


def _need_picture(status: MediaStatus, url: str | None, path: str) -> None:
    if status is MediaStatus.COMPLETE and not url:
        raise InvalidInput("A complete image needs a URL.", path)


async def update_image(work: Work, image_id: str, given: Mapping[str, Any]) -> Image:
    """Report on an image made elsewhere. Complete is final; our own jobs report by themselves."""
    image = await work.held(Image, image_id)
    values = checked(PATCH, given, "patch")
    status = values.get("status", image.status)
    if ("status" in values or "imageUrl" in values) and image.job_id is not None:
        raise Conflict("This image is made here; its job reports on it.", "patch")
    if image.status is MediaStatus.COMPLETE and status is not MediaStatus.COMPLETE:
        raise Conflict("A complete image stays complete.", "patch.status")
    url = values.get("imageUrl", image.source_url)
    if image.job_id is None:
        _need_picture(status, url, "patch.imageUrl")
    stored = {
        ("source_url" if column == "image_url" else column): value
        for column, value in columns(values).items()
    }
    changed = [
        name
        for name, column in zip(values, stored, strict=True)
        if getattr(image, column) != stored[column]
    ]
    if changed:
        for column, value in stored.items():
            setattr(image, column, value)
        await store(work, image, *changed, only=list(stored))
    return image


async def set_favorite(work: Work, image_id: str, favorite: bool) -> Image:
    image = await work.held(Image, image_id, "imageId")
    if image.is_favorite != favorite:
        image.is_favorite = favorite
        await store(work, image, "isFavorite", only=["is_favorite"])
    return image


async def delete_image(work: Work, image_id: str) -> Deletion:
    """Clears a selection of it, stops its job, and leaves its refinements without a parent."""
    return await delete(work, await work.held(Image, image_id))
