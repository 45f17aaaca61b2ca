"""What requests and answers look like. The description for machines is made of these."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from models import Snapshot
from services import limits

PROJECT_ID = r"^prj_[0-7][0-9a-hjkmnp-tv-z]{25}$"

ELEMENT = {
    "type": "object",
    "properties": {"type": {"type": ["string", "null"]}, "text": {"type": ["string", "null"]}},
}
ELEMENTS = {"type": "array", "items": ELEMENT, "maxItems": limits.SNAPSHOT_ELEMENTS}
SCENE = {
    "type": "object",
    "properties": {
        "heading": {"type": ["string", "null"]},
        "elements": ELEMENTS | {"type": ["array", "null"]},
    },
}
SCENES = {"type": "array", "items": SCENE, "maxItems": limits.SNAPSHOT_SCENES}

Objects = list[dict[str, Any]]
Scenes = Annotated[Objects, WithJsonSchema(SCENES)]
Elements = Annotated[Objects, WithJsonSchema(ELEMENTS)]
Metadata = dict[str, Any]


def _whole(value: object) -> object:
    """In JSON, 3.0 is the integer 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# The bounds stand first, or the description does not tell of them.
Version = Annotated[int, Field(ge=1, le=limits.SNAPSHOT_VERSION), BeforeValidator(_whole)]
BaseVersion = Annotated[int, Field(ge=0, le=limits.SNAPSHOT_VERSION), BeforeValidator(_whole)]
ProjectId = Annotated[str, Field(pattern=PROJECT_ID)]


class Shape(BaseModel):
    """JSON to the letter: no unknown names, and no text that stands for a number."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True)


class StoreBody(Shape):
    """The whole document of a project, as an exported file has it."""

    scenes: Scenes
    elements: Elements | None = None
    metadata: Metadata | None = None
    version: Version | None = None
    base_version: BaseVersion | None = None
    checksum: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class SceneBody(Shape):
    """The fields of one scene: of the one that has this `id`, or else of a new one."""

    project_id: ProjectId
    scene_id: Annotated[str, Field(min_length=1, max_length=limits.EXTERNAL_ID)]
    data: Annotated[dict[str, Any], WithJsonSchema(SCENE)]


class Answer(Shape):
    """Filled with columns, by their names."""

    model_config = ConfigDict(validate_by_name=True)


class Stats(Answer):
    """What was counted of a snapshot."""

    scene_count: int
    element_count: int
    word_count: int
    estimated_tokens: int
    stored_bytes: int


class StatsAnswer(Stats):
    """What was counted of a version."""

    version: Version


class SnapshotAnswer(Answer):
    """A version, without its document."""

    id: str
    version: Version
    base_version: Version | None
    checksum: str
    metadata: Metadata
    stats: Stats
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Snapshot, document: Mapping[str, Any] | None = None) -> Self:
        """The row, with its document if there is to be one."""
        told = {
            name: getattr(row, name)
            for name in ("id", "checksum", "metadata", "created_at", "updated_at")
        }
        told |= {"version": row.number, "base_version": row.base, "stats": stats_of(row)}
        return cls.model_validate(told | dict(document or {}))


class DocumentAnswer(SnapshotAnswer):
    """A version with its document."""

    scenes: Scenes
    elements: Elements


class DeletionAnswer(Answer):
    """What a deletion took."""

    id: str
    deleted: list[str]
    restore_id: str


class Error(Answer):
    """Why nothing was done. `fields` are the places in which a document differs from the newest."""

    code: str
    message: str
    field: str | None = None
    fields: list[str] | None = None
    reference: str | None = None


class ErrorAnswer(Answer):
    """Every answer that is no success."""

    error: Error


def stats_of(row: Snapshot) -> dict[str, int]:
    return {name: getattr(row, name) for name in Stats.model_fields}
