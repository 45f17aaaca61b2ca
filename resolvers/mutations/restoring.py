from typing import Annotated

import strawberry
from strawberry import ID

from schema.results import Restoration
from services import restoring

from ..context import Info

RestoreId = Annotated[ID, strawberry.argument(description="As the deletion answered.")]


@strawberry.type
class RestoringMutations:
    @strawberry.mutation(
        description="Bring back everything that one deletion took, with ids, order and selections."
    )
    async def restore(self, info: Info, restore_id: RestoreId) -> Restoration:
        answer = await info.context.do(restoring.restore, restore_id)
        return Restoration(id=ID(answer.id), restored=[ID(back) for back in answer.restored])
