from typing import Annotated

import strawberry

from schema.inputs import ImportScreenplayInput
from schema.screenplay import Screenplay
from services import screenplays

from ..arguments import Input
from ..context import Info, document, keyed


@strawberry.type
class ScreenplayMutations:
    @strawberry.mutation(
        description="Make scenes of a screenplay, Final Draft's or Fountain: all of them or none."
    )
    async def import_screenplay(
        self, info: Info, input: Annotated[ImportScreenplayInput, Input]
    ) -> Screenplay:
        context, once = info.context, keyed("importScreenplay", input)
        body = document(input, "idempotencyKey", "file")
        data = input.file.data if input.file else None
        received = await screenplays.receive_screenplay(
            context.actor, context.world, once, body, data
        )
        return Screenplay.of(await context.do_once(once, screenplays.import_screenplay, received))
