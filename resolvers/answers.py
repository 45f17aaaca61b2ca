"""From what services answer to what the graph answers."""

from __future__ import annotations

from typing import Any

import schema.results as results
from schema.view import view_of
from services import deletion as deleting
from services import editing


def edited(answer: Any) -> Any:
    """A view over the edited row, or the conflict."""
    if isinstance(answer, editing.EditConflict):
        current: Any = view_of(answer.current)
        return results.EditConflict(
            fields=answer.fields, current=current, yours=dict(answer.yours)
        )
    return view_of(answer)


def deletion(answer: deleting.Deletion) -> Any:
    return results.Deletion(
        id=answer.id, deleted=answer.deleted, restore_id=answer.restore_id
    )
