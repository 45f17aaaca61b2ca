from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

import models

from .image import Image
from .job import Job
from .loading import Info
from .node import Node
from .personal import personal
from .view import View, up

if TYPE_CHECKING:
    from .shot import Shot


@strawberry.type(description="A shot's place on the storyboard: its chosen image and animation.")
class StoryboardSelection(View[models.StoryboardSelection], Node):
    shot: Annotated["Shot", strawberry.lazy(".shot")] = up(
        models.Shot, by="shot_id", description="The shot."
    )
    selected_image: Image = up(models.Image, by="image_id", description="Its master shot.")
    animation_status: models.MediaStatus | None = strawberry.field(
        description="How far its animation is; null until one is asked for."
    )
    animation_job: Job | None = up(
        models.Job, by="animation_job_id", description="The job that animates it."
    )
    external_video_id: str | None = strawberry.field(
        description="The animation's id where it was made."
    )
    version: int = strawberry.field(description="Counts its changes, from 1.")
    created_at: datetime = strawberry.field(description="When an image was first chosen.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @strawberry.field(
        metadata=personal(), description="A link to the animation; one to a file of ours expires."
    )
    def animated_video_url(self, info: Info) -> str | None:
        video = self.row.video_id
        return info.context.asset_url(video) if video is not None else self.row.video_url
