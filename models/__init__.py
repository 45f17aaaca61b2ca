"""What is stored: rows, their invariants, and the reads that belong to them."""

from .asset import Asset
from .base import Ranked, Row
from .client import Client, User
from .feed import Event, EventKind, Feed, events_after, feed_heads
from .idempotency import IdempotencyRecord
from .ids import new_id, prefix_of
from .image import Image, MediaStatus
from .job import ACTIVE, Job, JobBatch, JobKind, JobStatus, jobs_by_status
from .progress import ProjectProgress, RedesignStatus, progress_of_projects, scenes_complete
from .project import Project, WorkflowVersion
from .reading import by_any_id
from .scene import Scene
from .selection import StoryboardSelection
from .shot import Shot
from .waiting import queue_positions, seconds_taken
from .worker import Worker, workers_seen_since

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
    "ProjectProgress",
    "Ranked",
    "RedesignStatus",
    "Row",
    "Scene",
    "Shot",
    "StoryboardSelection",
    "User",
    "Worker",
    "WorkflowVersion",
    "by_any_id",
    "events_after",
    "feed_heads",
    "jobs_by_status",
    "new_id",
    "prefix_of",
    "progress_of_projects",
    "queue_positions",
    "scenes_complete",
    "seconds_taken",
    "workers_seen_since",
]
