from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

import models

from .loading import Info
from .node import Node
from .user import User
from .view import View, up, view_of


async def _by_any_id(ids: Sequence[str]) -> list[Any]:
    found = await models.by_any_id(ids)
    return [found.get(row_id) for row_id in ids]


@strawberry.type(description="Somebody who is at a project now.")
class Presence(View[models.Presence]):
    user: User | None = up(
        models.User, by="user_id", may_be_gone=True, description="Who; null once they are deleted."
    )
    since: datetime = strawberry.field(description="When they came.")

    @strawberry.field(description="What they look at; null if nothing, or once it is deleted.")
    async def focus(self, info: Info) -> Node | None:
        if self.row.focus_id is None:
            return None
        row = await info.context.load(_by_any_id, self.row.focus_id)
        node: Node | None = view_of(row) if row is not None else None
        return node

    @strawberry.field(description="Whether they are changing it: an intent, not a lock.")
    def editing(self) -> bool:
        return self.row.editing_until is not None
