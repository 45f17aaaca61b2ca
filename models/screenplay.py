"""The screenplays that a project was imported from, as far as the board does not hold it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields

from .asset import Asset
from .base import Row
from .project import Project
from .scene import Scene


class ScreenplayFormat(StrEnum):
    FDX = "FDX"
    FOUNTAIN = "FOUNTAIN"


class Screenplay(Row):
    """A draft that scenes of a project were made of, kept as an asset, byte for byte. The newest
    counts.

    `snapshot_number` is the snapshot it was stored as. Numbers come once, so it names none other
    when that one is gone, and the same when it is back. Drafts of before there was one have none.
    `characters` lists the cast, each as name and speeches. `problems` lists what was taken in a way
    its author may not have meant or is not on the board, each as line and message.
    """

    PREFIX = "scr"

    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "models.Project", related_name="screenplays", on_delete=fields.CASCADE, db_index=True
    )
    project_id: str
    file: fields.ForeignKeyRelation[Asset] = fields.ForeignKeyField(
        "models.Asset", related_name="screenplays", on_delete=fields.CASCADE, db_index=True
    )
    file_id: str
    format = fields.CharEnumField(ScreenplayFormat, max_length=20)
    snapshot_number = fields.BigIntField(null=True)
    characters: Any = fields.JSONField(default=list)
    problems: Any = fields.JSONField(default=list)

    class Meta:
        table = "screenplay"


class ScreenplayScene(Row):
    """The scene of a screenplay that a scene of the board was made of.

    `place` counts the scenes of the file from 0, omitted ones too. `title`, `label` and
    `description` are what the board showed of it then. `dialogue` lists its speeches.
    """

    PREFIX = "scs"

    screenplay: fields.ForeignKeyRelation[Screenplay] = fields.ForeignKeyField(
        "models.Screenplay", related_name="scenes", on_delete=fields.CASCADE
    )
    screenplay_id: str
    scene: fields.ForeignKeyRelation[Scene] = fields.ForeignKeyField(
        "models.Scene", related_name="screenplay_scenes", on_delete=fields.CASCADE, db_index=True
    )
    scene_id: str
    place = fields.IntField()
    title = fields.CharField(max_length=200)
    label = fields.CharField(max_length=40, null=True)
    description = fields.TextField()
    dialogue: Any = fields.JSONField(default=list)

    class Meta:
        table = "screenplay_scene"
        unique_together = (("screenplay_id", "place"),)
