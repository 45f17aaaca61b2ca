"""A project is one film being planned."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import Any

from tortoise import fields
from tortoise.expressions import RawSQL

from .base import Row
from .client import Client


class WorkflowVersion(StrEnum):
    V1_LEGACY = "V1_LEGACY"
    V2_REDESIGN = "V2_REDESIGN"


class Project(Row):
    """One film. Frames are counted at its rational rate, never in rounded seconds."""

    PREFIX = "prj"

    client: fields.ForeignKeyRelation[Client] = fields.ForeignKeyField(
        "models.Client", related_name="projects", on_delete=fields.CASCADE
    )
    client_id: str
    title = fields.CharField(max_length=200)
    prompt = fields.TextField()
    prompt_planner_data: Any = fields.JSONField(null=True)
    workflow_version = fields.CharEnumField(
        WorkflowVersion, default=WorkflowVersion.V2_REDESIGN, max_length=20
    )
    rate_numerator = fields.IntField(default=24)
    rate_denominator = fields.IntField(default=1)
    version = fields.IntField(default=1)
    last_snapshot = fields.BigIntField(default=0, db_default=0)
    """The highest version that one of its snapshots ever had."""

    head: int
    """The number of its feed's newest event, read with the row: the row is no older."""

    class Meta:
        table = "project"
        indexes = (("client_id", "id"),)

    @classmethod
    def counted(cls) -> dict[str, RawSQL]:
        return {"head": RawSQL('(SELECT feed.head FROM feed WHERE feed.id = "project"."id")')}

    @property
    def rate(self) -> Fraction:
        """Frames per second."""
        return Fraction(self.rate_numerator, self.rate_denominator)
