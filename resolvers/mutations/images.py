from typing import Annotated

import strawberry

from schema.image import Image
from schema.inputs import ImagePatch, RegisterImagesInput
from schema.results import Deletion
from schema.size import expected
from services import images

from ..answers import deletion
from ..arguments import Id, Input, Patch
from ..context import Info, document, keyed


@strawberry.type
class ImageMutations:
    @strawberry.mutation(
        metadata=expected(12), description="Register images made elsewhere: all of them or none."
    )
    async def register_images(
        self, info: Info, input: Annotated[RegisterImagesInput, Input]
    ) -> list[Image]:
        body = document(input)
        registered = await info.context.do_once(
            keyed("registerImages", input),
            images.register_images,
            input.shot_id,
            input.iteration_prompt,
            body["images"],
            iteration=body.get("iterationNumber"),
            parent_id=body.get("parentImageId"),
        )
        return Image.all(registered)

    @strawberry.mutation(description="Report on an image made elsewhere.")
    async def update_image(self, info: Info, id: Id, patch: Annotated[ImagePatch, Patch]) -> Image:
        return Image.of(await info.context.do(images.update_image, id, document(patch)))

    @strawberry.mutation(description="Mark an image as a favorite, or no longer.")
    async def set_favorite(
        self,
        info: Info,
        image_id: Id,
        is_favorite: Annotated[bool, strawberry.argument(description="Whether it is one.")],
    ) -> Image:
        return Image.of(await info.context.do(images.set_favorite, image_id, is_favorite))

    @strawberry.mutation(description="Delete an image. Its refinements stay.")
    async def delete_image(self, info: Info, id: Id) -> Deletion:
        return deletion(await info.context.do(images.delete_image, id))
