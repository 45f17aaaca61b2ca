"""Making the film: from a sentence to an MP4, by what any client of the API can ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any

from ..demo import documents, story
from .client import Client
from .failure import DemoFailed
from .follower import Follower
from .screen import Bars, Screen

ENDED = ("COMPLETE", "FAILED", "CANCELED", "UNKNOWN")
BEAT_CHARACTERS = 60


@dataclass
class Board:
    """What was made, by id."""

    project_id: str
    cursor: str
    """Of the moment after the project was created."""
    variants: int
    shots: list[PlannedShot] = field(default_factory=list)
    film_job_id: str = ""
    went_back: int = 0
    """How often a job's progress was lower than before."""


@dataclass
class PlannedShot:
    """`place` is the number of its scene in the script and its own; `beat` is what happens;
    `image_id` is the variant that is chosen so far."""

    id: str
    place: str
    beat: str
    story: story.Shot
    image_id: str = ""

    @property
    def title(self) -> str:
        return f"{self.place:<4}  {self.story.framing:<17}"


async def open_board(client: Client, variants: int) -> Board:
    given = {"title": story.TITLE, "prompt": story.LOGLINE, "frameRate": story.FRAME_RATE}
    made = await client.ask(documents.CREATE_PROJECT, input=given)
    return Board(made["id"], made["cursor"], variants)


class Making:
    """The acts of the show, to be called in this order: plan, generate, refine, choose, cut."""

    def __init__(self, client: Client, screen: Screen, board: Board) -> None:
        self._client, self._screen, self._board = client, screen, board

    async def plan(self) -> None:
        """A shot of each beat that the story shows, in the words of the script."""
        project = await self._client.ask(documents.SCRIPT, project=self._board.project_id)
        scenes = {scene["label"]: scene for scene in project["scenes"]}
        for shot in story.SHOTS:
            scene = scenes[shot.scene]
            beat = scene["description"].split("\n\n")[shot.beat]
            given = {"sceneId": scene["id"], "description": beat} | _shot_input(shot)
            row = await self._client.ask(documents.CREATE_SHOT, input=given)
            place = f"{shot.scene}.{row['shotNumber']}"
            self._board.shots.append(PlannedShot(row["id"], place, beat, shot))
        self._screen.table(_rows(self._board), "Shot", "What happens", "Framing", "Camera", "s")

    async def generate(self, follower: Follower) -> None:
        """All shots at once; halfway the events' connection breaks, on purpose."""
        orders = {}
        for shot in self._board.shots:
            given = {"shotId": shot.id, "count": self._board.variants}
            batch = await self._client.ask(documents.GENERATE, input=given)
            orders[shot.title] = _job_ids(batch)
            shot.image_id = self._pick(batch, shot.story.take)
        half = sum(map(len, orders.values())) // 2

        def ended(count: int) -> None:
            if count >= half and not follower.breaks:
                follower.cut()

        await self._watch(orders, ended)
        await follower.resume()

    async def refine(self) -> None:
        """Some favorites once more, with words of their own."""
        orders = {}
        for shot in self._board.shots:
            refinement = shot.story.refinement
            if refinement is None:
                continue
            await self._client.ask(documents.FAVORITE, id=shot.image_id)
            given = {
                "imageId": shot.image_id,
                "prompt": refinement.prompt,
                "count": self._board.variants,
            }
            batch = await self._client.ask(documents.REFINE, input=given)
            orders[shot.title] = _job_ids(batch)
            shot.image_id = self._pick(batch, refinement.take)
        await self._watch(orders)

    async def choose(self) -> None:
        for shot in self._board.shots:
            given = {"shotId": shot.id, "imageId": shot.image_id}
            await self._client.ask(documents.SELECT, input=given)

    async def animate(self) -> None:
        given = {"projectId": self._board.project_id}
        batch = await self._client.ask(documents.ANIMATE, input=given)
        await self._watch({"clips": _job_ids(batch)})

    async def cut(self) -> None:
        given = {"projectId": self._board.project_id, "format": "MP4"}
        job = await self._client.ask(documents.EXPORT, input=given)
        self._board.film_job_id = job["id"]
        await self._watch({"film": [job["id"]]})

    def _pick(self, batch: Mapping[str, Any], take: int) -> str:
        """The variant that the story asks for, or the last one there is."""
        image_id: str = batch["images"][min(take, self._board.variants) - 1]["id"]
        return image_id

    async def _watch(
        self, orders: Mapping[str, Sequence[str]], ended: Callable[[int], None] = lambda count: None
    ) -> None:
        """Show the jobs of each order until all have ended. Raises DemoFailed if one failed."""
        with self._screen.bars(list(orders)) as bars:
            watch = _Watch(orders, bars)
            job_ids = list(watch.order_of)
            async with self._client.subscription(documents.PROGRESS, jobs=job_ids) as stream:
                async for job in stream:
                    self._board.went_back += watch.take(job)
                    ended(watch.ended)
        watch.check()


class _Watch:
    """The latest snapshot of each job."""

    def __init__(self, orders: Mapping[str, Sequence[str]], bars: Bars) -> None:
        self.order_of = {job_id: order for order, job_ids in orders.items() for job_id in job_ids}
        self._orders, self._bars = orders, bars
        self._jobs: dict[str, dict[str, Any]] = {}

    @property
    def ended(self) -> int:
        return sum(job["status"] in ENDED for job in self._jobs.values())

    def take(self, job: dict[str, Any]) -> bool:
        """Show a snapshot, and tell whether the job is less far than before."""
        before = self._jobs.get(job["id"], job)
        self._jobs[job["id"]] = job
        order = self.order_of[job["id"]]
        siblings = self._orders[order]
        known = [self._jobs[i] for i in siblings if i in self._jobs]
        done = sum(sibling["status"] in ENDED for sibling in known)
        share = sum(sibling["progress"] for sibling in known) / len(siblings)
        if done == len(siblings):
            self._bars.finish(order, f"{done}/{done}")
        else:
            self._bars.show(order, share, f"{done}/{len(siblings)}  {job['phase'] or ''}")
        return bool(job["progress"] < before["progress"])

    def check(self) -> None:
        for job_id, order in self.order_of.items():
            job = self._jobs.get(job_id, {"status": "never told of", "error": None})
            if job["status"] != "COMPLETE":
                why = job["error"]["message"] if job["error"] else "no reason is given"
                raise DemoFailed(f"A job of {order.strip()} is {job['status']}: {why}")


def _rows(board: Board) -> Iterator[Sequence[str]]:
    for shot in board.shots:
        told, beat = shot.story, shorten(shot.beat, BEAT_CHARACTERS, placeholder=" …")
        yield shot.place, beat, told.framing, told.movement, f"{told.seconds}"


def _shot_input(shot: story.Shot) -> dict[str, Any]:
    return {
        "initialPrompt": shot.prompt,
        "generation": {"parameters": {"seed": shot.seed}},
        "timing": {"duration": shot.seconds},
        "camera": {
            "framing": shot.framing,
            "angle": shot.angle,
            "movement": {"type": shot.movement},
        },
    }


def _job_ids(batch: Mapping[str, Any]) -> list[str]:
    return [job["id"] for job in batch["jobs"]]
