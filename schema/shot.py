from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import strawberry

import models

from .image import Image, Iteration
from .loading import Info
from .node import Node
from .selection import StoryboardSelection
from .size import expected
from .view import ById, Children, Filter, View, many, one, up

if TYPE_CHECKING:
    from .project import Project
    from .scene import Scene

IN_ORDER = ("iteration_number", "variant_number")


@strawberry.type(description="Numbers for the renderer; null leaves the choice to it.")
class GenerationParameters:
    steps: int | None = strawberry.field(description="Sampling steps.")
    cfg_scale: float | None = strawberry.field(description="How closely to follow the prompt.")
    width: int | None = strawberry.field(description="Width in pixels.")
    height: int | None = strawberry.field(description="Height in pixels.")
    seed: int | None = strawberry.field(description="Seed of the first variant.")


@strawberry.type(description="How to generate images of a shot.")
class Generation:
    prompt: str | None = strawberry.field(description="Overrides the initial prompt.")
    negative_prompt: str | None = strawberry.field(description="What to keep out.")
    model: str | None = strawberry.field(description="The model to ask for.")
    parameters: GenerationParameters = strawberry.field(description="Numbers for the renderer.")


@strawberry.type(description="How long a shot is. Stored in frames, given in seconds.")
class Timing:
    duration: float | None = strawberry.field(description="Length in seconds.")
    duration_frames: int | None = strawberry.field(description="Length in frames.")
    in_point: float | None = strawberry.field(description="Where it begins in its clip.")
    out_point: float | None = strawberry.field(description="Where it ends in its clip.")
    transition: str | None = strawberry.field(description="How it leads to the next, by name.")


@strawberry.type(description="How the camera moves.")
class CameraMovement:
    type: str | None = strawberry.field(description="Such as `dolly in`, `pan left` or `static`.")


@strawberry.type(description="The camera setup.")
class Camera:
    framing: str | None = strawberry.field(description="Such as `WIDE` or `CLOSE-UP`.")
    angle: str | None = strawberry.field(description="Such as `low` or `dutch`.")
    movement: CameraMovement | None = strawberry.field(description="How it moves.")


@strawberry.type(description="One camera setup of a scene.")
class Shot(View[models.Shot], Node):
    shot_number: int = strawberry.field(description="Its place in the scene, from 1.")
    rank: str = strawberry.field(description="Sorts the shots of a scene, compared as text.")
    label: str | None = strawberry.field(description="Its number on paper, such as `12A`.")
    description: str = strawberry.field(description="What is to be seen.")
    initial_prompt: str | None = strawberry.field(description="What to generate at first.")
    type: str | None = strawberry.field(description="What kind of shot it is, in your own words.")
    status: str | None = strawberry.field(description="How far it is, in your own words.")
    version: int = strawberry.field(description="Counts its changes, from 1.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    scene: Annotated["Scene", strawberry.lazy(".scene")] = up(
        models.Scene, by="scene_id", description="The scene it belongs to."
    )
    project: Annotated["Project", strawberry.lazy(".project")] = up(
        models.Project, by="project_id", description="The project it belongs to."
    )
    images: list[Image] = many(
        models.Image,
        on="shot_id",
        order=IN_ORDER,
        items=12,
        description="Its images by iteration, then variant; at most 2,000.",
        filters={
            "iteration": Filter("iteration_number", int, "Only those of this iteration."),
            "favorites": Filter("is_favorite", bool, "Only those that are, or are not, favorites."),
        },
    )
    selection: StoryboardSelection | None = one(
        models.StoryboardSelection, on="shot_id", description="Its place on the storyboard."
    )

    @strawberry.field(description="The image chosen as its master shot.")
    async def selected_image(self, info: Info) -> Image | None:
        load = info.context.load
        chosen = await load(Children(models.StoryboardSelection, "shot_id", ("id",)), self.row.id)
        image = await load(ById(models.Image), chosen[0].image_id) if chosen else None
        return Image.of(image) if image is not None else None

    @strawberry.field(description="The number of its last iteration.")
    async def latest_iteration_number(self, info: Info) -> int | None:
        images = await self._images(info)
        return images[-1].iteration_number if images else None

    @strawberry.field(metadata=expected(3), description="Its images, batch by batch.")
    async def iterations(self, info: Info) -> list[Iteration]:
        batches = groupby(await self._images(info), key=lambda image: image.iteration_number)
        return [Iteration(iteration_number=n, images=Image.all(some)) for n, some in batches]

    async def _images(self, info: Info) -> list[models.Image]:
        return await info.context.load(Children(models.Image, "shot_id", IN_ORDER), self.row.id)

    @strawberry.field(description="How to generate its images.")
    def generation(self) -> Generation:
        stored = self.row.generation
        numbers = stored.get("parameters", {})
        return Generation(
            prompt=stored.get("prompt"),
            negative_prompt=stored.get("negativePrompt"),
            model=stored.get("model"),
            parameters=GenerationParameters(
                steps=numbers.get("steps"),
                cfg_scale=numbers.get("cfgScale"),
                width=numbers.get("width"),
                height=numbers.get("height"),
                seed=numbers.get("seed"),
            ),
        )

    @strawberry.field(description="How long it is.")
    async def timing(self, info: Info) -> Timing:
        stored = self.row.timing
        project: models.Project = await info.context.load(ById(models.Project), self.row.project_id)

        def seconds(name: str) -> float | None:
            return round(float(stored[name] / project.rate), 6) if name in stored else None

        return Timing(
            duration=seconds("duration"),
            duration_frames=stored.get("duration"),
            in_point=seconds("inPoint"),
            out_point=seconds("outPoint"),
            transition=stored.get("transition"),
        )

    @strawberry.field(description="Its camera setup.")
    def camera(self) -> Camera:
        stored = self.row.camera
        moves = stored.get("movement")
        return Camera(
            framing=stored.get("framing"),
            angle=stored.get("angle"),
            movement=CameraMovement(type=moves.get("type")) if moves else None,
        )
