"""Reading everything back, as anybody else could, and saying whether it is as it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from storyreel.importing.bringing import Imported

from ..demo import documents, story
from .client import Client, Download
from .follower import Follower
from .making import Board

PAGE = 200


@dataclass(frozen=True)
class ReadBack:
    """What the server tells after the show: the board, the log, the jobs and the film's file."""

    project: dict[str, Any]
    log: list[str]
    head: str
    jobs: list[dict[str, Any]]
    film: dict[str, Any]


@dataclass(frozen=True)
class Script:
    """What came of the screenplay when it went in, and what it was when it came out."""

    imported: Imported
    written: bytes

    def checks(self) -> dict[str, bool]:
        told, came = self.imported.told, story.SCREENPLAY.read_bytes()
        before, after = (heading.encode() for heading in story.RETITLED)
        omitted = came[: came.index(story.OMITTED)].count(b"\n") + 1
        return {
            "script_read_back_unharmed": not self.imported.differences,
            "every_scene_of_the_script": tuple(s["label"] for s in told["scenes"]) == story.SCENES,
            "omitted_scene_told": [p["line"] for p in told["problems"]] == [omitted],
            "script_back_byte_for_byte": self.written == came.replace(before, after),
        }


@dataclass(frozen=True)
class Footage:
    """A film as it decodes, frame by frame."""

    frames: int
    seconds: float
    width: int
    height: int


async def read_back(client: Client, board: Board) -> ReadBack:
    log, head = await _log(client, board)
    return ReadBack(
        project=await client.ask(documents.BOARD, project=board.project_id),
        log=log,
        head=head,
        jobs=await _jobs(client, board),
        film=(await client.ask(documents.FILM, job=board.film_job_id))["asset"],
    )


def footage(path: Path) -> Footage:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        rate = stream.average_rate or 1
        return Footage(frames, round(float(frames / rate), 3), stream.width, stream.height)


def summary(
    board: Board, told: ReadBack, follower: Follower, film: Download, script: Script
) -> dict[str, Any]:
    """What was made and counted. `checks`: each a sentence's short name, and whether it holds."""
    images = Counter(image["status"] for image in _images(told.project))
    jobs = Counter(job["status"] for job in told.jobs)
    seen = footage(film.path)
    shots = [shot for scene in told.project["scenes"] for shot in scene["shots"]]
    refined = sum(1 for shot in board.shots if shot.story.refinement)
    expected_images = (len(shots) + refined) * board.variants
    expected_jobs = expected_images + len(shots) + 1
    missed, doubled = set(told.log) - set(follower.arrived), _repeats(follower.arrived)
    return {
        "project": board.project_id,
        "scenes": [scene["id"] for scene in told.project["scenes"]],
        "shots": [shot["id"] for shot in shots],
        "counts": {"variants": board.variants, "images": images, "jobs": jobs},
        "events": {
            "in_log": len(told.log),
            "received": len(follower.arrived),
            "missed": len(missed),
            "doubled": doubled,
            "broken_off_after": follower.breaks,
            "caught_up_with": follower.caught_up,
        },
        "film": {
            "path": film.path.name,
            "size": film.size,
            "sha256": film.sha256,
            **vars(seen),
        },
        "checks": {
            "every_event_in_order": follower.arrived == told.log,
            "no_event_missed": not missed,
            "no_event_doubled": not doubled,
            "connection_lost_once_and_resumed": len(follower.breaks) == 1
            and sum(follower.caught_up) > 0,
            "progress_never_went_back": board.went_back == 0,
            "every_image_complete": images == {"COMPLETE": expected_images},
            "every_job_complete": jobs == {"COMPLETE": expected_jobs},
            "every_shot_animated": told.project["redesignStatus"] == "ANIMATION_COMPLETE",
            "board_as_planned": _planned(told.project, board),
            "film_unharmed": (film.size, film.sha256) == (told.film["size"], told.film["sha256"]),
            "film_as_long_as_its_shots": seen.frames
            == sum(shot["timing"]["durationFrames"] for shot in shots),
        }
        | script.checks(),
    }


def _planned(project: dict[str, Any], board: Board) -> bool:
    """Whether the shots are those of the story, in its order: their scenes, words and lengths."""
    told = [
        (scene["label"], shot["description"], shot["timing"]["duration"])
        for scene in project["scenes"]
        for shot in scene["shots"]
    ]
    return told == [(shot.story.scene, shot.beat, shot.story.seconds) for shot in board.shots]


def _images(project: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for scene in project["scenes"]:
        for shot in scene["shots"]:
            for iteration in shot["iterations"]:
                yield from iteration["images"]


def _repeats(cursors: list[str]) -> int:
    return len(cursors) - len(set(cursors))


async def _log(client: Client, board: Board) -> tuple[list[str], str]:
    """Every cursor of the log after the board's, and the log's head."""
    cursors: list[str] = []
    head = board.cursor
    while True:
        project = await client.ask(documents.LOG, project=board.project_id, after=head, first=PAGE)
        head = project["events"]["cursor"]
        page = [event["cursor"] for event in project["events"]["events"]]
        cursors += page
        if len(page) < PAGE:
            return cursors, head


async def _jobs(client: Client, board: Board) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = []
    after = None
    while True:
        project = await client.ask(
            documents.JOBS, project=board.project_id, after=after, first=PAGE
        )
        page = project["jobs"]
        jobs += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return jobs
