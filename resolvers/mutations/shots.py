from typing import Annotated

import strawberry

from schema.inputs import CreateShotInput, ShotPatch
from schema.results import Deletion, UpdateShotResult
from schema.shot import Shot
from services import shots

from ..answers import deletion, edited
from ..arguments import ExpectedVersion, Id, Input, Patch, Place
from ..context import Info, document, keyed


@strawberry.type
class ShotMutations:
    @strawberry.mutation(description="Create a shot in a scene.")
    async def create_shot(self, info: Info, input: Annotated[CreateShotInput, Input]) -> Shot:
        body = document(input, "idempotencyKey", "sceneId")
        place = body.pop("shotNumber", None)
        shot = await info.context.do_once(
            keyed("createShot", input), shots.create_shot, input.scene_id, body, place
        )
        return Shot.of(shot)

    @strawberry.mutation(description="Change a shot's fields; nested ones are merged.")
    async def update_shot(
        self,
        info: Info,
        id: Id,
        patch: Annotated[ShotPatch, Patch],
        expected_version: ExpectedVersion = None,
    ) -> UpdateShotResult:
        act = shots.update_shot
        return edited(Shot, await info.context.do(act, id, document(patch), expected_version))

    @strawberry.mutation(description="Move a shot within its scene or to another of its project.")
    async def move_shot(
        self,
        info: Info,
        id: Id,
        shot_number: Place,
        scene_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Its scene, if another.")
        ] = None,
    ) -> Shot:
        return Shot.of(await info.context.do(shots.move_shot, id, shot_number, scene_id))

    @strawberry.mutation(description="Delete a shot with its images.")
    async def delete_shot(self, info: Info, id: Id) -> Deletion:
        return deletion(await info.context.do(shots.delete_shot, id))
