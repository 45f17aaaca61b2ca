"""Builders that tests read like English, and the queue that waits for the test."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models import Image, Job, Project, Scene, Shot, StoryboardSelection
from services import images, projects, scenes, shots, storyboard
from services.progress import Meter
from services.running import Runner
from services.work import Actor, Role, perform
from services.world import World

if TYPE_CHECKING:
    from tests.conftest import Home


class HeldQueue:
    """A queue that keeps what it is given until the test runs it."""

    def __init__(self) -> None:
        self.waiting: list[str] = []

    async def enqueue_inside(self, job_ids: Sequence[str]) -> None:
        pass

    async def enqueue(self, job_ids: Sequence[str]) -> None:
        self.waiting += [job_id for job_id in job_ids if job_id not in self.waiting]

    async def known(self, job_ids: Collection[str]) -> dict[str, bool]:
        return {job_id: True for job_id in job_ids if job_id in self.waiting}

    async def run(self, world: World) -> list[Job]:
        """Run all that waits, one after the other, as a worker would."""
        runner = Runner(world, Meter(world))
        ran = []
        while self.waiting:
            job_id = self.waiting.pop(0)
            outcome = await runner.produce(job_id)
            while outcome.get("again"):
                outcome = await runner.produce(job_id)
            await runner.conclude(job_id, outcome)
            ran.append(await Job.get(id=job_id))
        return ran


async def a_project(home: Home, **given: Any) -> Project:
    act = projects.create_project
    return await perform(home.world, home.owner, act, {"prompt": "A night in Tokyo"} | given)


async def a_scene(home: Home, project: Project, *shots: str, **given: Any) -> Scene:
    """A scene with a shot for each description."""
    documents: list[Mapping[str, Any]] = [{"description": text} for text in shots]
    given = {"title": "EXT. ROOFTOP - NIGHT"} | given
    act = scenes.create_scene
    return await perform(home.world, home.owner, act, project.id, given, None, documents)


async def a_shot(home: Home, scene: Scene, place: int | None = None, **given: Any) -> Shot:
    given = {"description": "A woman looks at the city"} | given
    return await perform(home.world, home.owner, shots.create_shot, scene.id, given, place)


async def an_image(home: Home, shot: Shot, **given: Any) -> Image:
    """A complete image registered in the next iteration of a shot."""
    given = {"variantNumber": 1, "imageUrl": "https://example.org/a.png"} | given
    act = images.register_images
    return (await perform(home.world, home.owner, act, shot.id, "Dusk", [given]))[0]


async def a_selection(home: Home, image: Image) -> StoryboardSelection:
    act = storyboard.select_master_shot
    return await perform(home.world, home.owner, act, image.shot_id, image.id)


def a_viewer(project: Project) -> Actor:
    return Actor("usr_viewer", "Vi", {project.client_id: Role.VIEWER})


def an_outsider() -> Actor:
    return Actor("usr_outsider", "Otto", {})
