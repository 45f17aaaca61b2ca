"""Builders that tests read like English, and the queue that waits for the test."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image as Picture
from tortoise import Tortoise

from models import Image, Job, Project, Scene, Shot, Snapshot, StoryboardSelection, job_of
from services import generation, images, projects, scenes, shots, snapshots, storyboard
from services.actor import Actor, Role
from services.assets import File, Made
from services.backends.renderer import ClipOrder, FrameOrder, Media, Report
from services.progress import Meter
from services.running import Runner
from services.work import perform
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
            run_id = self.waiting.pop(0)
            outcome = await runner.produce(run_id)
            while outcome.get("again"):
                outcome = await runner.produce(run_id)
            await runner.conclude(run_id, outcome)
            ran += await Job.filter(id=job_of(run_id))  # unless it is deleted by now
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


async def a_snapshot(home: Home, project: Project, *headings: str, **given: Any) -> Snapshot:
    """A version with a scene for each heading."""
    given = {"scenes": [a_document_scene(heading) for heading in headings]} | given
    act = snapshots.store_snapshot
    answer = await perform(home.world, home.owner, act, project.id, given)
    assert isinstance(answer, Snapshot)
    return answer


def a_document_scene(heading: str, *texts: str) -> dict[str, Any]:
    told = [{"type": "action", "text": text} for text in texts or ("Rain on the water.",)]
    return {"heading": heading, "elements": told}


def a_viewer(project: Project) -> Actor:
    return Actor("usr_viewer", "Vi", {project.client_id: Role.VIEWER})


def an_outsider() -> Actor:
    return Actor("usr_outsider", "Otto", {})


def a_picture(color: str = "teal") -> bytes:
    """A small PNG."""
    file = io.BytesIO()
    Picture.new("RGB", (64, 36), color).save(file, "PNG")
    return file.getvalue()


MADE = Made(
    File("a" * 64, 10, "image/png"),
    File("b" * 64, 4, "image/webp"),
    blurhash="LEHV6nWB",
    width=64,
    height=36,
)
"""What a job that drew reports; of the files only the rows will know."""


class Studio:
    """A renderer that draws one flat picture and, before it does, whatever the test wants."""

    name = "studio"

    def __init__(self) -> None:
        self.orders: list[FrameOrder | ClipOrder] = []
        self.act: Callable[[Report], Awaitable[None]] | None = None
        self.picture = a_picture()

    async def draw(self, order: FrameOrder, report: Report) -> Media:
        await self._work(order, report)
        return Media(self.picture, "image/png", 64, 36)

    async def animate(self, order: ClipOrder, report: Report) -> Media:
        await self._work(order, report)
        return Media(b"a clip", "video/mp4", order.width, order.height)

    async def _work(self, order: FrameOrder | ClipOrder, report: Report) -> None:
        self.orders.append(order)
        if self.act is not None:
            await self.act(report)


async def ordered(home: Home, shot: Shot, count: int = 1, **given: Any) -> list[Job]:
    """The queued jobs of a batch of images."""
    act = generation.generate_images
    batch = await perform(home.world, home.owner, act, shot.id, {"count": count} | given)
    return await Job.filter(batch_id=batch.id).order_by("id")


async def a_drawn_image(home: Home, shot: Shot) -> Image:
    """A complete image whose picture is ours, drawn by the first renderer of the world."""
    [job] = await ordered(home, shot)
    await home.queue.run(home.world)
    return await Image.get(job_id=job.id)


async def all_that_is_kept(home: Home, folder: Path) -> dict[str, int]:
    """How many rows each table has, and files the folder, and jobs the queue."""
    models = Tortoise.apps["models"]
    counts = {name: await model.all().count() for name, model in models.items()}
    paths = folder.rglob("*")  # noqa: ASYNC240  # a handful in a folder of the test
    files = sum(path.is_file() for path in paths)
    return counts | {"files": files, "waiting": len(home.queue.waiting)}


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> None:
    """Wait for what shows only by looking."""
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110  # another process may be the one who changes it
            await asyncio.sleep(0.02)


def in_a_studio(home: Home) -> Home:
    """The same home, whose pictures are drawn in no time."""
    studio = Studio()
    return replace(home, world=replace(home.world, renderers={studio.name: studio}))
