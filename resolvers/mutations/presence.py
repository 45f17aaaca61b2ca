from typing import Annotated

import strawberry

from schema.inputs import SetPresenceInput
from schema.presence import Presence
from services import presence

from ..arguments import Input
from ..context import Info


@strawberry.type
class PresenceMutations:
    @strawberry.mutation(
        description="Say what you look at, for 30 seconds or while you follow `presence`. No event."
    )
    async def set_presence(self, info: Info, input: Annotated[SetPresenceInput, Input]) -> Presence:
        entry = await info.context.do(
            presence.set_presence, input.project_id, input.focus_id, input.editing
        )
        return Presence.of(entry)
