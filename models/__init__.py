"""What is stored: rows, their invariants, and the reads that belong to them."""

from .asset import Asset
from .base import Ranked, Row
from .belonging import Mention, Taken, mentions_of, owned_by, references_of
from .client import Client, User
from .deletion import DeletedFile, DeletedReference, DeletedRows, DeletionRecord
from .feed import Event, EventKind, Feed, events_after
from .idempotency import IdempotencyRecord
from .ids import new_id, prefix_of
from .image import Image, MediaStatus
from .job import ACTIVE, Job, JobBatch, JobKind, JobStatus, job_of, jobs_by_status, run_named
from .legacy import LegacyMigration
from .presence import Presence
from .progress import ProjectProgress, RedesignStatus, progress_of_projects, scenes_complete
from .project import Project, WorkflowVersion
from .reading import by_any_id
from .scene import Scene
from .screenplay import Screenplay, ScreenplayFormat, ScreenplayScene
from .selection import StoryboardSelection
from .shot import Shot
from .waiting import queue_positions, seconds_taken
from .worker import Worker, workers_seen_since

__all__ = [
    "ACTIVE",
    "Asset",
    "Client",
    "DeletedFile",
    "DeletedReference",
    "DeletedRows",
    "DeletionRecord",
    "Event",
    "EventKind",
    "Feed",
    "IdempotencyRecord",
    "Image",
    "Job",
    "JobBatch",
    "JobKind",
    "JobStatus",
    "LegacyMigration",
    "MediaStatus",
    "Mention",
    "Presence",
    "Project",
    "ProjectProgress",
    "Ranked",
    "RedesignStatus",
    "Row",
    "Scene",
    "Screenplay",
    "ScreenplayFormat",
    "ScreenplayScene",
    "Shot",
    "StoryboardSelection",
    "Taken",
    "User",
    "Worker",
    "WorkflowVersion",
    "by_any_id",
    "events_after",
    "job_of",
    "jobs_by_status",
    "mentions_of",
    "new_id",
    "owned_by",
    "prefix_of",
    "progress_of_projects",
    "queue_positions",
    "references_of",
    "run_named",
    "scenes_complete",
    "seconds_taken",
    "workers_seen_since",
]
