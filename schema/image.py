from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

import models

from .job import Job
from .loading import Info
from .node import Node
from .personal import personal
from .size import expected
from .view import ById, View, up

if TYPE_CHECKING:
    from .shot import Shot

strawberry.enum(
    models.MediaStatus, name="MediaStatus", description="How far a picture or an animation is."
)


@strawberry.type(description="One variant of one iteration of a shot.")
class Image(View[models.Image], Node):
    iteration_number: int = strawberry.field(
        description="0 for the first batch, one more for each batch after it."
    )
    variant_number: int = strawberry.field(description="Its number within the iteration.")
    iteration_prompt: str = strawberry.field(description="What was asked for.")
    status: models.MediaStatus = strawberry.field(description="How far it is.")
    blurhash: str | None = strawberry.field(description="What to show until it has loaded.")
    width: int | None = strawberry.field(description="Width in pixels.")
    height: int | None = strawberry.field(description="Height in pixels.")
    external_id: str | None = strawberry.field(description="Its id where it was made.")
    is_favorite: bool = strawberry.field(description="Marked by somebody as a favorite.")
    metadata: JSON | None = strawberry.field(description="Free data of whoever made it.")
    version: int = strawberry.field(description="Counts its changes, from 1.")
    created_at: datetime = strawberry.field(description="When it was ordered or registered.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    parent_image: "Image | None" = up(
        models.Image, by="parent_image_id", description="The image it refines."
    )
    shot: Annotated["Shot", strawberry.lazy(".shot")] = up(
        models.Shot, by="shot_id", description="The shot it is of."
    )
    job: Job | None = up(models.Job, by="job_id", description="The job that makes it.")

    @strawberry.field(
        metadata=personal(), description="A link to the picture; one to a file of ours expires."
    )
    def image_url(self, info: Info) -> str | None:
        asset = self.row.asset_id
        return info.context.asset_url(asset) if asset is not None else self.row.source_url

    @strawberry.field(
        metadata=personal(), description="A link to a small WebP of it, at most 480 pixels wide."
    )
    def thumbnail_url(self, info: Info) -> str | None:
        thumbnail = self.row.thumbnail_id
        return info.context.asset_url(thumbnail) if thumbnail is not None else None


@strawberry.type(description="The images of one batch.")
class Iteration:
    iteration_number: int = strawberry.field(description="0 for the first batch.")
    images: list[Image] = strawberry.field(
        metadata=expected(4), description="Its images, by variant."
    )

    @strawberry.field(description="What was asked for.")
    def prompt(self) -> str:
        return self.images[0].row.iteration_prompt

    @strawberry.field(description="The image that the batch refines.")
    async def parent_image(self, info: Info) -> Image | None:
        parents = (image.row.parent_image_id for image in self.images)
        parent_id = min((parent for parent in parents if parent is not None), default=None)
        row = await info.context.load(ById(models.Image), parent_id) if parent_id else None
        return Image.of(row) if row is not None else None
