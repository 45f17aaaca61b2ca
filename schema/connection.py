"""Relay connections with keyset cursors: a page stays right while rows are added before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Generic, Self, TypeVar

import strawberry

import models

from .cursor import invalid, pack, unpack
from .size import PAGED
from .view import view_of

PAGE_MAX = 200

Item = TypeVar("Item")

First = Annotated[int, strawberry.argument(description="Page size, at most 200.")]
After = Annotated[
    str | None, strawberry.argument(description="The `endCursor` of the page before.")
]

Read = Callable[[str | None, int], Awaitable[Sequence[models.Row]]]
"""At most so many rows, newest first, strictly older than the one of this id."""


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="More items follow this page.")
    has_previous_page: bool = strawberry.field(description="This page was asked for with `after`.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last item: the next page's `after`."
    )


@strawberry.type(description="An item of a list.")
class Edge(Generic[Item]):
    cursor: str = strawberry.field(description="Opaque position of this item.")
    node: Item = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list, newest first.")
class Connection(Generic[Item]):
    edges: list[Edge[Item]] = strawberry.field(
        metadata=PAGED, description="The items with their cursors."
    )
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")

    @classmethod
    async def read(cls, rows: Read, scope: str, first: int, after: str | None) -> Self:
        """A page after a cursor of the same scope."""
        size = page_size(first)
        found = await rows(_id_in(after, scope) if after is not None else None, size + 1)
        edges: list[Edge[Item]] = [
            Edge(cursor=pack(scope, row.id), node=view_of(row)) for row in found[:size]
        ]
        info = PageInfo(
            has_next_page=len(found) > size > 0,  # a page of none leads nowhere
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return cls(edges=edges, page_info=info)


def page_size(first: int) -> int:
    """At most PAGE_MAX; a negative number is refused."""
    if first < 0:
        raise invalid("A page has no negative size.", "first")
    return min(first, PAGE_MAX)


def _id_in(cursor: str, scope: str) -> str:
    row_id = unpack(cursor, scope)
    if not isinstance(row_id, str) or models.prefix_of(row_id) is None:
        raise invalid("This is not a cursor.", "after")
    return row_id
