"""What is stored: rows, their invariants, and the reads that belong to them. Imports nothing of ours."""

from .asset import Asset
from .base import Ranked, Row
from .client import Client, User
from .feed import Event, EventKind, Feed
from .idempotency import IdempotencyRecord
from .image import Image, MediaStatus
from .job import ACTIVE, Job, JobBatch, JobKind, JobStatus
from .project import Project, WorkflowVersion
from .scene import Scene
from .selection import StoryboardSelection
from .shot import Shot
from .worker import Worker

__all__ = [
    "ACTIVE",
    "Asset",
    "Client",
    "Event",
    "EventKind",
    "Feed",
    "IdempotencyRecord",
    "Image",
    "Job",
    "JobBatch",
    "JobKind",
    "JobStatus",
    "MediaStatus",
    "Project",
    "Ranked",
    "Row",
    "Scene",
    "Shot",
    "StoryboardSelection",
    "User",
    "Worker",
    "WorkflowVersion",
]
