"""Places among siblings. A place is 1-based; a taken one inserts before, one past the end appends."""

from __future__ import annotations

from models import EventKind, Ranked
from models.rank import RankExhausted, between, spread

from .errors import InvalidInput, LimitExceeded
from .work import Work


async def rank_at(
    work: Work,
    model: type[Ranked],
    parent_id: str,
    place: int | None,
    *,
    limit: int,
    moving: Ranked | None = None,
    field: str,
) -> tuple[str, int]:
    """The rank for a row to stand at `place` among the children of a parent, and the place it gets."""
    if place is not None and place < 1:
        raise InvalidInput("Places count from 1.", field)
    siblings = await siblings_of(model, parent_id, without=moving)
    if len(siblings) >= limit:
        raise LimitExceeded(f"At most {limit:,} here.", field)
    index = len(siblings) if place is None else min(place - 1, len(siblings))
    try:
        rank = between(
            siblings[index - 1].rank if index else None,
            siblings[index].rank if index < len(siblings) else None,
        )
    except RankExhausted:
        rank = await _respace(work, siblings, index)
    return rank, index + 1


async def siblings_of(
    model: type[Ranked], parent_id: str, without: Ranked | None = None
) -> list[Ranked]:
    rows = await model.filter(**{model.SIBLINGS_OF: parent_id}).order_by("rank")
    return [row for row in rows if without is None or row.id != without.id]


async def _respace(work: Work, siblings: list[Ranked], index: int) -> str:
    """Give all siblings short ranks again, leaving one free at `index`."""
    last = siblings[-1].rank if siblings else None
    ranks = spread(last, None, len(siblings) + 1)
    free = ranks.pop(index)
    for row, rank in zip(siblings, ranks, strict=True):
        row.rank = rank
        row.version += 1  # type: ignore[attr-defined]  # every ranked row has one
        await row.save(update_fields=["rank", "version", "updated_at"])
        work.record(row, EventKind.MOVED, "rank")
    return free
