from typing import Annotated

import strawberry

from schema.inputs import MigrateLegacyInput
from schema.legacy import LegacyMigration
from services import legacy

from ..arguments import Input
from ..context import Info, document, keyed


@strawberry.type
class LegacyMutations:
    @strawberry.mutation(
        description="Make a project of a document of the first version. Again: the same project."
    )
    async def migrate_legacy_project(
        self, info: Info, input: Annotated[MigrateLegacyInput, Input]
    ) -> LegacyMigration:
        context, once = info.context, keyed("migrateLegacyProject", input)
        body = document(input, "idempotencyKey")
        received = await legacy.receive_document(context.actor, context.world, once, body)
        migration = await context.do_once(once, legacy.migrate_legacy_project, received)
        answer = LegacyMigration.of(migration)
        answer.differs = received.differs_from(migration)
        return answer
