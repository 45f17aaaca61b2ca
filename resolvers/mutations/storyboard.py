from typing import Annotated

import strawberry

from schema.inputs import AnimationPatch, SelectMasterShotInput
from schema.results import Deletion
from schema.selection import StoryboardSelection
from services import storyboard

from ..answers import deletion
from ..arguments import Id, Input, Patch
from ..context import Info, document, keyed


@strawberry.type
class StoryboardMutations:
    @strawberry.mutation(description="Choose a complete image as its shot's master.")
    async def select_master_shot(
        self, info: Info, input: Annotated[SelectMasterShotInput, Input]
    ) -> StoryboardSelection:
        selection = await info.context.do_once(
            keyed("selectMasterShot", input),
            storyboard.select_master_shot,
            input.shot_id,
            input.image_id,
        )
        return StoryboardSelection.of(selection)

    @strawberry.mutation(description="Take a shot off the storyboard.")
    async def clear_master_shot(self, info: Info, shot_id: Id) -> Deletion:
        return deletion(await info.context.do(storyboard.clear_master_shot, shot_id))

    @strawberry.mutation(description="Report on an animation made elsewhere.")
    async def update_storyboard_animation(
        self, info: Info, selection_id: Id, patch: Annotated[AnimationPatch, Patch]
    ) -> StoryboardSelection:
        act = storyboard.update_storyboard_animation
        return StoryboardSelection.of(await info.context.do(act, selection_id, document(patch)))
