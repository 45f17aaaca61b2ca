"""Relay connections with keyset cursors: a page stays right while rows are added before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import strawberry

from .cursor import invalid, pack, unpack
from .view import View, view_of

PAGE_MAX = 200

Item = TypeVar("Item")


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
    edges: list[Edge[Item]] = strawberry.field(description="The items with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")


def page_size(first: int) -> int:
    """At most PAGE_MAX; a negative number is refused."""
    if first < 0:
        raise invalid("A page has no negative size.", "first")
    return min(first, PAGE_MAX)


async def paginate(
    read: Callable[[str | None, int], Awaitable[list[Any]]],
    scope: str,
    first: int,
    after: str | None,
) -> dict[str, Any]:
    """The fields of a connection. `read(after_id, count)` yields rows newest first."""
    size = page_size(first)
    after_id = unpack(after, scope) if after is not None else None
    if after_id is not None and not isinstance(after_id, str):
        raise invalid("This is not a cursor.", "after")
    rows = await read(after_id, size + 1)
    views: list[View[Any]] = [view_of(row) for row in rows[:size]]
    edges: list[Any] = [Edge(cursor=pack(scope, view.row.id), node=view) for view in views]
    info = PageInfo(
        has_next_page=len(rows) > size,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return {"edges": edges, "page_info": info}
