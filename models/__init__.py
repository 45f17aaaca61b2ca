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
from .job import ACTIVE, Job, JobBatch, JobKind, JobStatus, jobs_by_status
from .packing import Damaged, Packed, pack
from .presence import Presence
from .progress import ProjectProgress, RedesignStatus, progress_of_projects, scenes_complete
from .project import Project, WorkflowVersion
from .reading import by_any_id
from .scene import Scene
from .selection import StoryboardSelection
from .shot import Shot
from .snapshot import Snapshot, SnapshotDocument, snapshot_documents, snapshots_at
from .waiting import queue_positions, seconds_taken
from .worker import Worker, workers_seen_since

__all__ = [
    "ACTIVE",
    "Asset",
    "Client",
    "Damaged",
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
    "MediaStatus",
    "Mention",
    "Packed",
    "Presence",
    "Project",
    "ProjectProgress",
    "Ranked",
    "RedesignStatus",
    "Row",
    "Scene",
    "Shot",
    "Snapshot",
    "SnapshotDocument",
    "StoryboardSelection",
    "Taken",
    "User",
    "Worker",
    "WorkflowVersion",
    "by_any_id",
    "events_after",
    "jobs_by_status",
    "mentions_of",
    "new_id",
    "owned_by",
    "pack",
    "prefix_of",
    "progress_of_projects",
    "queue_positions",
    "references_of",
    "scenes_complete",
    "seconds_taken",
    "snapshot_documents",
    "snapshots_at",
    "workers_seen_since",
]
