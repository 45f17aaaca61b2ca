"""Places among siblings, from 1: a taken one inserts before, one past the end appends."""

from __future__ import annotations

from models import EventKind, Ranked, Scene, Shot
from models.rank import RankExhausted, between, spread

from . import limits
from .errors import InvalidInput, LimitExceeded
from .work import Work

SIBLINGS_MAX: dict[type[Ranked], int] = {
    Scene: limits.SCENES_PER_PROJECT,
    Shot: limits.SHOTS_PER_SCENE,
}
PLACE: dict[type[Ranked], str] = {Scene: "sceneNumber", Shot: "shotNumber"}


async def rank_at(
    work: Work,
    model: type[Ranked],
    parent_id: str,
    place: int | None,
    *,
    moving: Ranked | None = None,
    field: str,
) -> tuple[str, int]:
    """The rank for a row to stand at `place` among the children of a parent, and the place it gets.

    A row that stands there already keeps its rank.
    """
    if place is not None and place < 1:
        raise InvalidInput("Places count from 1.", field)
    rows = model.filter(**{model.SIBLINGS_OF: parent_id}).order_by("rank")
    all_ranks: dict[str, str] = dict(await rows.values_list("id", "rank"))
    ranks = [rank for row_id, rank in all_ranks.items() if moving is None or row_id != moving.id]
    if len(ranks) >= SIBLINGS_MAX[model]:
        raise LimitExceeded(f"At most {SIBLINGS_MAX[model]:,} here.", field)
    index = len(ranks) if place is None else min(place - 1, len(ranks))
    if moving is not None and list(all_ranks)[index : index + 1] == [moving.id]:
        return moving.rank, index + 1
    try:
        rank = between(
            ranks[index - 1] if index else None,
            ranks[index] if index < len(ranks) else None,
        )
    except RankExhausted:
        rank = await _respace(work, model, parent_id, index, moving)
    return rank, index + 1


async def rank_again(work: Work, row: Ranked, field: str) -> str:
    """The rank for a row that comes back: its own, or one right before who stands there now."""
    model = type(row)
    parent_id = getattr(row, model.SIBLINGS_OF)
    rows = model.filter(**{model.SIBLINGS_OF: parent_id})
    ranks = [str(rank) for rank in await rows.values_list("rank", flat=True)]
    if row.rank not in ranks and len(ranks) < SIBLINGS_MAX[model]:
        return row.rank
    place = 1 + sum(rank < row.rank for rank in ranks)
    rank, _ = await rank_at(work, model, parent_id, place, field=field)
    return rank


async def _respace(
    work: Work, model: type[Ranked], parent_id: str, index: int, moving: Ranked | None
) -> str:
    """Give all siblings short ranks again, leaving one free at `index`.

    They all come after the ranks of before, so that no two are equal at any time.
    """
    rows = await model.filter(**{model.SIBLINGS_OF: parent_id}).order_by("rank")
    siblings = [row for row in rows if moving is None or row.id != moving.id]
    ranks = spread(rows[-1].rank, None, len(siblings) + 1)
    free = ranks.pop(index)
    for row, rank in zip(siblings, ranks, strict=True):
        row.rank = rank
        row.version += 1  # type: ignore[attr-defined]  # every ranked row has one
        await row.save(update_fields=["rank", "version", "updated_at"])
        work.record(row, EventKind.MOVED, "rank")
    return free
