"""Bringing over projects of the first version: each document becomes one project of a client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models import (
    EventKind,
    Image,
    LegacyMigration,
    MediaStatus,
    Project,
    Scene,
    Shot,
    StoryboardSelection,
)
from models.database import statement
from models.rank import spread

from . import limits, scenes
from .actor import Actor
from .assets import File, store_json
from .checks import checked, columns, document, frame_rate, passes, text, web_address
from .errors import Conflict, InvalidInput, LimitExceeded
from .formats.legacy import Bounds, LegacyProject, LegacyScene, NotLegacy, TooLarge, read_legacy
from .formats.legacy_media import Media
from .idempotency import Once, answered_before, fingerprint
from .projects import client_for, create_project
from .shots import unsaved_shot
from .work import Work
from .world import World

FIELD = "input.document"
TURN = "UPDATE client SET name = name WHERE id = ?"

BOUNDS = Bounds(
    title=limits.TITLE,
    label=limits.LABEL,
    name=limits.NAME,
    text=min(limits.PROMPT, limits.DESCRIPTION),
    external_id=limits.EXTERNAL_ID,
    seconds=limits.SHOT_SECONDS,
    scenes=limits.SCENES_PER_PROJECT,
    shots=limits.SHOTS_PER_SCENE,
    pictures=limits.VARIANT_NUMBER,
    things=limits.LEGACY_THINGS,
    problems=limits.LEGACY_PROBLEMS,
    is_address=passes(web_address(nullable=False)),
    is_frame_rate=passes(frame_rate),
    is_free_data=passes(document),
)


def legacy_document(value: Any, path: str) -> Any:
    return document(value, path, limits.LEGACY_BYTES)


INPUT = {"clientSlug": text(limits.SLUG, nullable=True), "document": legacy_document}


@dataclass(frozen=True)
class Received:
    """A document that was read. `file` is where it is stored, or None if it was migrated before."""

    client_slug: str
    source: str
    content_hash: str
    project: LegacyProject
    file: File | None

    def differs_from(self, migration: LegacyMigration) -> bool:
        return self.content_hash != migration.content_hash


async def receive_document(
    actor: Actor, world: World, once: Once | None, given: Mapping[str, Any]
) -> Received:
    """Read a document and store it, after refusing all that its migration would refuse by now.

    Files come before the rows that tell of them, and a refused request leaves no file.
    """
    values = checked(INPUT, given, "input")
    content = values["document"]
    try:
        project = await asyncio.to_thread(read_legacy, content, BOUNDS)
    except NotLegacy as problem:
        raise InvalidInput(str(problem), FIELD) from None
    except TooLarge as problem:
        raise LimitExceeded(str(problem), FIELD) from None
    client = await client_for(actor, values.get("clientSlug"))
    if once is not None:
        await answered_before(actor, once)
    content_hash = fingerprint(content)
    source = f"id:{project.id}" if project.id is not None else f"sha256:{content_hash}"
    known = await LegacyMigration.get_or_none(client_id=client.id, source=source)
    file = None
    if known is None:
        data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        file = await store_json(world.storage, data)
    return Received(client.slug, source, content_hash, project, file)


async def migrate_legacy_project(work: Work, received: Received) -> LegacyMigration:
    """What the document's first migration made, whatever became of it since; else a new project.

    A document is known by its own id, or by its content if it has none, among those of a client.
    """
    client = await client_for(work.actor, received.client_slug)
    await statement(TURN, [client.id])  # twins wait here until the first has committed
    known = await LegacyMigration.get_or_none(client_id=client.id, source=received.source)
    if known is not None:
        return known
    if received.file is None:
        raise Conflict("Its project was deleted just now. Ask again.", FIELD)
    about = received.project.given | {"clientSlug": client.slug}
    project = await create_project(work, about)
    await _add_scenes(work, project, received.project.scenes)
    file = await received.file.keep(project.id)
    return await LegacyMigration.create(
        client_id=client.id,
        project_id=project.id,
        document_id=file.id,
        source=received.source,
        content_hash=received.content_hash,
        scenes=len(received.project.scenes),
        shots=sum(len(scene.shots) for scene in received.project.scenes),
        problems=[asdict(problem) for problem in received.project.problems],
    )


async def _add_scenes(work: Work, project: Project, told: Sequence[LegacyScene]) -> None:
    made: list[Scene] = []
    shots: list[Shot] = []
    images: list[Image] = []
    selections: list[StoryboardSelection] = []
    for scene_rank, one in zip(spread(None, None, len(told)), told, strict=True):
        values = columns(checked(scenes.PATCH, one.given, FIELD))
        scene = Scene(project_id=project.id, rank=scene_rank, **values)
        made.append(scene)
        for rank, part in zip(spread(None, None, len(one.shots)), one.shots, strict=True):
            shot = unsaved_shot(project, scene, rank, part.given, FIELD)
            shots.append(shot)
            pictures = _images(shot, part.media)
            if pictures:
                images += pictures
                selections.append(_selection(pictures[part.media.chosen], part.media))
    await Scene.bulk_create(made)
    await Shot.bulk_create(shots)
    await Image.bulk_create(images)
    await StoryboardSelection.bulk_create(selections)
    for row in (*made, *shots, *images, *selections):
        work.record(row, EventKind.CREATED)


def _images(shot: Shot, media: Media) -> list[Image]:
    return [
        Image(
            project_id=shot.project_id,
            shot_id=shot.id,
            iteration_number=0,
            variant_number=variant,
            iteration_prompt=picture.prompt or shot.prompt,
            status=MediaStatus.COMPLETE,
            source_url=picture.url,
            external_id=picture.external_id,
            is_favorite=picture.is_favorite,
            width=picture.width,
            height=picture.height,
            metadata=picture.metadata,
        )
        for variant, picture in enumerate(media.pictures, 1)
    ]


def _selection(image: Image, media: Media) -> StoryboardSelection:
    clip = media.clip
    return StoryboardSelection(
        project_id=image.project_id,
        shot_id=image.shot_id,
        image_id=image.id,
        animation_status=MediaStatus.COMPLETE if clip else None,
        video_url=clip.url if clip else None,
        external_video_id=clip.external_id if clip else None,
    )
