"""From what services answer to what the graph answers."""

from __future__ import annotations

from typing import Any, TypeVar

from strawberry import ID
from strawberry.scalars import JSON

from schema import results
from schema.view import View, view_of
from services import deletion as deleting
from services import editing

V = TypeVar("V", bound=View[Any])


def edited(view: type[V], answer: Any) -> V | results.EditConflict:
    """A view over the edited row, or the conflict."""
    if not isinstance(answer, editing.EditConflict):
        return view.of(answer)
    return results.EditConflict(
        fields=answer.fields, current=view_of(answer.current), yours=JSON(answer.yours)
    )


def deletion(answer: deleting.Deletion) -> results.Deletion:
    return results.Deletion(
        id=ID(answer.id),
        deleted=[ID(gone) for gone in answer.deleted],
        restore_id=ID(answer.restore_id),
    )
