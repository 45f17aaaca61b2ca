from typing import Annotated

import strawberry

from schema.inputs import ImportScreenplayInput, ReimportMode, ReimportScreenplayInput
from schema.screenplay import RevisionAction, RevisionStep, Screenplay, ScreenplayRevision
from services import screenplay_revising, screenplays

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

    @strawberry.mutation(
        description="Lay a revised screenplay over the board, or only tell what that would do."
    )
    async def reimport_screenplay(
        self, info: Info, input: Annotated[ReimportScreenplayInput, Input]
    ) -> ScreenplayRevision:
        context, once = info.context, keyed("reimportScreenplay", input)
        received = await screenplay_revising.receive_revision(
            context.actor,
            context.world,
            once,
            document(input, "idempotencyKey", "file", "mode"),
            input.file.data if input.file else None,
            apply=input.mode is ReimportMode.APPLY,
        )
        told = await context.do_once(once, screenplay_revising.reimport_screenplay, received)
        steps = (step | {"action": RevisionAction[step["action"]]} for step in told["plan"])
        return ScreenplayRevision(
            applied=told["applied"], plan=[RevisionStep(**step) for step in steps]
        )
