from typing import Annotated

import strawberry

from schema.inputs import CreateSceneInput, ScenePatch
from schema.results import Deletion, UpdateSceneResult
from schema.scene import Scene
from services import scenes

from ..answers import deletion, edited
from ..arguments import ExpectedVersion, Id, Input, Patch, Place
from ..context import Info, document, keyed


@strawberry.type
class SceneMutations:
    @strawberry.mutation(description="Create a scene with its shots: all of it or nothing.")
    async def create_scene(self, info: Info, input: Annotated[CreateSceneInput, Input]) -> Scene:
        body = document(input, "idempotencyKey", "projectId")
        place, shots = body.pop("sceneNumber", None), body.pop("shots", None)
        scene = await info.context.do_once(
            keyed("createScene", input),
            scenes.create_scene,
            input.project_id,
            body,
            place,
            shots,
        )
        return Scene.of(scene)

    @strawberry.mutation(description="Change a scene's fields.")
    async def update_scene(
        self,
        info: Info,
        id: Id,
        patch: Annotated[ScenePatch, Patch],
        expected_version: ExpectedVersion = None,
    ) -> UpdateSceneResult:
        act = scenes.update_scene
        return edited(Scene, await info.context.do(act, id, document(patch), expected_version))

    @strawberry.mutation(description="Move a scene to a place in its project.")
    async def move_scene(self, info: Info, id: Id, scene_number: Place) -> Scene:
        return Scene.of(await info.context.do(scenes.move_scene, id, scene_number))

    @strawberry.mutation(description="Delete a scene with its shots and their images.")
    async def delete_scene(self, info: Info, id: Id) -> Deletion:
        return deletion(await info.context.do(scenes.delete_scene, id))
