"""Changing fields of a row that several people edit at once.

Whoever edits what nobody else touched since `expected_version` is merged; an overlapping edit
changes nothing and is answered with both sides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from models import Event, EventKind, Row

from .checks import columns, differences, merged
from .errors import InvalidInput
from .idempotency import Unchanged
from .work import Work


@dataclass(frozen=True)
class EditConflict(Unchanged):
    """An edit that overlaps with one made since: the row as it is, the refused edit, the fields."""

    current: Row
    yours: Mapping[str, Any]
    fields: list[str]


async def edit(
    work: Work,
    row: Row,
    given: Mapping[str, Any],
    yours: Mapping[str, Any],
    expected_version: int | None,
    merging: Collection[str] = (),
) -> EditConflict | None:
    """Lay checked fields over a held row, raise its version and record what differs.

    The documents named in `merging` merge level by level, all else is replaced. Nothing different:
    nothing stored, nothing recorded.
    """
    after, changed = {}, []
    for name, column in zip(given, columns(given), strict=True):
        before = getattr(row, column)
        if name in merging:
            after[name] = merged(before, given[name])
            changed += differences(before, after[name], name)
        else:
            after[name] = given[name]
            changed += [name] if before != after[name] else []
    overlap = await _changed_since(work, row, changed, expected_version)
    if overlap:
        return EditConflict(row, yours, overlap)
    if not changed:
        return None
    for column, value in columns(after).items():
        setattr(row, column, value)
    await store(work, row, *changed, only=list(columns(after)))
    return None


async def store(
    work: Work,
    row: Row,
    *changed: str,
    only: list[str],
    kind: EventKind = EventKind.UPDATED,
) -> None:
    """Save the named columns of a held row with the next version, and record the change."""
    row.version += 1  # type: ignore[attr-defined]  # every editable row has one
    await row.save(update_fields=[*only, "version", "updated_at"])
    work.record(row, kind, *changed)


async def _changed_since(
    work: Work, row: Row, changed: list[str], expected: int | None
) -> list[str]:
    version = int(row.version)  # type: ignore[attr-defined]  # every editable row has one
    if expected is None or expected == version:
        return []
    if not 1 <= expected < version:
        raise InvalidInput(
            f"There is no version {expected}; the newest is {version}.", "expectedVersion"
        )
    since = await Event.filter(subject_id=row.id, version__gt=expected, version__lte=version)
    since += [e for e in work.events if e.subject_id == row.id and (e.version or 0) > expected]
    if len({event.version for event in since}) < version - expected:
        return changed  # the log of that time is gone, so nobody can tell: treat all as touched
    touched = {path for event in since for path in event.changed}
    return [path for path in changed if any(_overlap(path, other) for other in touched)]


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(other + ".") or other.startswith(one + ".")
