from typing import Annotated, cast

import strawberry
from strawberry.scalars import JSON

from schema.asset import Asset
from schema.bigint import BigInt
from schema.inputs import PatchSnapshotScenesInput, RestoreSnapshotInput, StoreSnapshotInput
from schema.results import Deletion, SnapshotResult
from schema.snapshot import Snapshot
from services import snapshots

from ..answers import deletion, edited
from ..arguments import Id, Input
from ..context import Info, document, keyed

KEYS = ("idempotencyKey", "projectId")


@strawberry.type
class SnapshotMutations:
    @strawberry.mutation(
        description="Store the whole document of a project as a new version: all of it or nothing."
    )
    async def store_snapshot(
        self, info: Info, input: Annotated[StoreSnapshotInput, Input]
    ) -> SnapshotResult:
        answer = await info.context.do_once(
            keyed("storeSnapshot", input),
            snapshots.store_snapshot,
            input.project_id,
            document(input, *KEYS),
        )
        return cast(SnapshotResult, edited(Snapshot, answer))

    @strawberry.mutation(
        description="Replace, add or remove single scenes of the newest version, as a new version."
    )
    async def patch_snapshot_scenes(
        self, info: Info, input: Annotated[PatchSnapshotScenesInput, Input]
    ) -> SnapshotResult:
        answer = await info.context.do_once(
            keyed("patchSnapshotScenes", input),
            snapshots.patch_snapshot_scenes,
            input.project_id,
            document(input, *KEYS),
        )
        return cast(SnapshotResult, edited(Snapshot, answer))

    @strawberry.mutation(description="Make what an older version holds the newest version.")
    async def restore_snapshot(
        self, info: Info, input: Annotated[RestoreSnapshotInput, Input]
    ) -> Snapshot:
        restored = await info.context.do_once(
            keyed("restoreSnapshot", input),
            snapshots.restore_snapshot,
            input.project_id,
            input.version,
        )
        return Snapshot.of(restored)

    @strawberry.mutation(description="Change the metadata of the newest version.")
    async def update_snapshot_metadata(
        self,
        info: Info,
        project_id: Id,
        metadata: Annotated[
            JSON, strawberry.argument(description="Merged level by level; null removes.")
        ],
    ) -> Snapshot:
        act = snapshots.update_snapshot_metadata
        return Snapshot.of(await info.context.do(act, project_id, metadata))

    @strawberry.mutation(description="Delete one version, or all versions of a project.")
    async def delete_snapshot(
        self,
        info: Info,
        project_id: Id,
        version: Annotated[
            BigInt | None, strawberry.argument(description="This one alone.")
        ] = None,
    ) -> Deletion:
        return deletion(await info.context.do(snapshots.delete_snapshot, project_id, version))

    @strawberry.mutation(description="Make a version a file, as JSON. The same one twice is one.")
    async def export_snapshot(
        self,
        info: Info,
        project_id: Id,
        version: Annotated[
            BigInt | None, strawberry.argument(description="Not the newest, but this.")
        ] = None,
    ) -> Asset:
        context = info.context
        file = await snapshots.snapshot_file(context.world, context.actor, project_id, version)
        return Asset.of(await context.do(snapshots.export_snapshot, project_id, file))
