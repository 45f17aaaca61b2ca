"""The end of what was deleted long ago. Each step may be interrupted and is then done again."""

from __future__ import annotations

from datetime import timedelta

from models import Asset, DeletedFile, DeletedRows, DeletionRecord, reading

from . import limits
from .actor import SYSTEM
from .work import Work, perform
from .world import World


async def empty_trash(world: World, days: float) -> None:
    """Make deletions final that are older: their rows go first, then files, then the record.

    A file that somebody puts into storage right now may get a row soon. So one that is newer than
    FILE_SETTLED_DAYS stays for the next time, and the record with it.
    """
    old = world.now() - timedelta(days=days)
    past, after = DeletionRecord.filter(created_at__lt=old).order_by("id"), ""
    while records := await past.filter(id__gt=after).limit(limits.ROWS_AT_ONCE):
        for record in records:
            after = record.id
            await perform(world, SYSTEM, make_final, record.id)
            await _delete_files(world, record)
            if not await DeletedFile.exists(deletion_id=record.id):
                await DeletionRecord.filter(id=record.id).delete()


async def make_final(work: Work, record_id: str) -> None:
    """From here on nothing is restored; what was restored before has rows of its own again."""
    await work.hold(DeletionRecord, record_id)
    await DeletedRows.filter(deletion_id=record_id).delete()


async def _delete_files(world: World, record: DeletionRecord) -> None:
    """Those that no asset and no other deletion needs."""
    files = [each.sha256 for each in await DeletedFile.filter(deletion_id=record.id)]
    settled = timedelta(days=limits.FILE_SETTLED_DAYS)
    for some in reading.chunks(files, limits.ROWS_AT_ONCE):
        assets = Asset.filter(sha256__in=some)
        others = DeletedFile.filter(sha256__in=some).exclude(deletion_id=record.id)
        needed = {asset.sha256 for asset in await assets} | {one.sha256 for one in await others}
        done = [
            sha256
            for sha256 in some
            if sha256 in needed or await world.storage.delete(sha256, older_than=settled)
        ]
        await DeletedFile.filter(deletion_id=record.id, sha256__in=done).delete()
