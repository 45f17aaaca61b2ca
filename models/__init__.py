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
from .membership import Invitation, MemberRole, Membership
from .packing import Damaged, Packed, pack
from .presence import Presence
from .progress import ProjectProgress, RedesignStatus, progress_of_projects, scenes_complete
from .project import Project, WorkflowVersion
from .reading import by_any_id
from .revision import Revision, access_revision, raise_access_revision
from .scene import Scene
from .screenplay import Screenplay, ScreenplayFormat, ScreenplayScene
from .selection import StoryboardSelection
from .shot import Shot
from .snapshot import Snapshot, SnapshotDocument, snapshot_documents, snapshots_at
from .token import ApiToken
from .waiting import queue_positions, seconds_taken
from .worker import Worker, workers_seen_since

__all__ = [
    "ACTIVE",
    "ApiToken",
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
    "Invitation",
    "Job",
    "JobBatch",
    "JobKind",
    "JobStatus",
    "LegacyMigration",
    "MediaStatus",
    "MemberRole",
    "Membership",
    "Mention",
    "Packed",
    "Presence",
    "Project",
    "ProjectProgress",
    "Ranked",
    "RedesignStatus",
    "Revision",
    "Row",
    "Scene",
    "Screenplay",
    "ScreenplayFormat",
    "ScreenplayScene",
    "Shot",
    "Snapshot",
    "SnapshotDocument",
    "StoryboardSelection",
    "Taken",
    "User",
    "Worker",
    "WorkflowVersion",
    "access_revision",
    "by_any_id",
    "events_after",
    "job_of",
    "jobs_by_status",
    "mentions_of",
    "new_id",
    "owned_by",
    "pack",
    "prefix_of",
    "progress_of_projects",
    "queue_positions",
    "raise_access_revision",
    "references_of",
    "run_named",
    "scenes_complete",
    "seconds_taken",
    "snapshot_documents",
    "snapshots_at",
    "workers_seen_since",
]
