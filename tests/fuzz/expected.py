"""What a board must be after each step, in plain Python and without a database.

Ids, ranks and iteration numbers come from the answers; everything else is worked out here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

COMPLETE, CANCELED, PENDING, QUEUED = "COMPLETE", "CANCELED", "PENDING", "QUEUED"
WAITING = (PENDING, "PROCESSING")


@dataclass
class Image:
    id: str
    iteration: int
    variant: int
    status: str
    origin: str | None = None
    """The image it was made from, whether that is still there or not."""
    job: str | None = None
    favorite: bool = False

    @property
    def drawn_here(self) -> bool:
        return self.job is not None and self.status == COMPLETE


@dataclass
class Selection:
    id: str
    image: str
    animation: str | None = None
    job: str | None = None


@dataclass
class Shot:
    id: str
    description: str
    camera: dict[str, str | None] = field(default_factory=dict)
    rank: str = ""
    images: dict[str, Image] = field(default_factory=dict)
    selection: Selection | None = None


@dataclass
class Scene:
    id: str
    title: str
    rank: str = ""
    shots: list[Shot] = field(default_factory=list)


@dataclass
class Job:
    id: str
    subject: str
    status: str = QUEUED


Thing = Scene | Shot | Image | Selection


@dataclass
class Deleted:
    """A thing that can be brought back with all that was in it, and the choice of it."""

    restore_id: str
    thing: Thing
    parent: str
    """The shot of an image or a selection, the scene of a shot; empty for a scene."""
    selection: Selection | None = None
    restored: bool = False


@dataclass
class Board:
    scenes: list[Scene] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    deleted: list[Deleted] = field(default_factory=list)

    @property
    def shots(self) -> list[Shot]:
        return [shot for scene in self.scenes for shot in scene.shots]

    @property
    def images(self) -> list[Image]:
        return [image for shot in self.shots for image in shot.images.values()]

    @property
    def selections(self) -> list[Selection]:
        return [shot.selection for shot in self.shots if shot.selection is not None]

    def scene_of(self, shot: Shot) -> Scene:
        return next(scene for scene in self.scenes if shot in scene.shots)

    def shot_of(self, thing: Image | Selection) -> Shot:
        return next(s for s in self.shots if thing.id in s.images or thing is s.selection)

    def insert(self, thing: Scene | Shot, parent: Scene | None, place: int | None) -> None:
        """At a place from 1; a taken one inserts before, none or one past the end appends."""
        siblings: list[Any] = self.scenes if parent is None else parent.shots
        siblings.insert(len(siblings) if place is None else place - 1, thing)

    def delete(self, thing: Thing, restore_id: str) -> set[str]:
        """Take a thing away with all below; what they wait for is canceled. Answers the ids."""
        record = Deleted(restore_id, thing, parent="")
        if isinstance(thing, Scene):
            self.scenes.remove(thing)
        elif isinstance(thing, Shot):
            record.parent = self.scene_of(thing).id
            self.scene_of(thing).shots.remove(thing)
        else:
            shot = self.shot_of(thing)
            record.parent = shot.id
            shot.images.pop(thing.id, None)
            if shot.selection and thing.id in (shot.selection.id, shot.selection.image):
                record.selection, shot.selection = shot.selection, None
        self.deleted.append(record)
        gone = {one.id: one for one in [*parts_of(record.thing), record.selection] if one}
        self._end_jobs_for(gone)
        return set(gone)

    def put_away(self) -> None:
        """Delete the project, and bring it back: nothing is waited for any more."""
        everything = [part for scene in self.scenes for part in parts_of(scene)]
        self._end_jobs_for({one.id: one for one in everything if one})

    def _end_jobs_for(self, gone: dict[str, Thing]) -> None:
        for job in self.jobs.values():
            if job.subject in gone and job.status == QUEUED:
                job.status = CANCELED
        for one in gone.values():
            if isinstance(one, Image) and one.job and one.status in WAITING:
                one.status = CANCELED
            if isinstance(one, Selection) and one.job and one.animation in WAITING:
                one.animation = CANCELED

    def fits(self, record: Deleted) -> bool:
        """Whether it can come back: what it was in is there, and nobody took its place."""
        if record.restored:
            return False
        if isinstance(record.thing, Scene):
            return True
        if isinstance(record.thing, Shot):
            return any(scene.id == record.parent for scene in self.scenes)
        shot = next((shot for shot in self.shots if shot.id == record.parent), None)
        if shot is None or (record.selection and shot.selection):
            return False
        if isinstance(record.thing, Selection):
            return record.thing.image in shot.images
        numbers = {(image.iteration, image.variant) for image in shot.images.values()}
        return (record.thing.iteration, record.thing.variant) not in numbers

    def restore(self, record: Deleted) -> set[str]:
        """Bring it back, before whoever stands at its rank now. Answers the ids."""
        record.restored, thing = True, record.thing
        if isinstance(thing, Scene):
            _insert_by_rank(self.scenes, thing)
        elif isinstance(thing, Shot):
            _insert_by_rank(next(s for s in self.scenes if s.id == record.parent).shots, thing)
        else:
            shot = next(shot for shot in self.shots if shot.id == record.parent)
            if isinstance(thing, Image):
                shot.images[thing.id] = thing
            shot.selection = record.selection or shot.selection
        return {one.id for one in [*parts_of(thing), record.selection] if one}

    def run_jobs(self) -> None:
        """Every job that waits ends well."""
        making = {job.subject for job in self.jobs.values() if job.status == QUEUED}
        for job in self.jobs.values():
            job.status = COMPLETE if job.status == QUEUED else job.status
        for image in self.images:
            image.status = COMPLETE if image.id in making else image.status
        for selection in self.selections:
            selection.animation = COMPLETE if selection.id in making else selection.animation

    def end_animation(self, selection: Selection) -> None:
        """Its job, if it runs, is canceled; nothing of it stays."""
        for job in self.jobs.values():
            if job.subject == selection.id and job.status == QUEUED:
                job.status = CANCELED
        selection.animation = selection.job = None

    def shown(self) -> dict[str, Any]:
        """As a query shows it, in order and with everything that is derived."""
        there = {image.id for image in self.images}
        return {
            "scenes": [
                {
                    "id": scene.id,
                    "number": number,
                    "title": scene.title,
                    "complete": bool(scene.shots) and all(shot.selection for shot in scene.shots),
                    "shots": [_shown(shot, n, there) for n, shot in enumerate(scene.shots, 1)],
                }
                for number, scene in enumerate(self.scenes, 1)
            ],
            "jobs": {job.id: job.status for job in self.jobs.values()},
            "counts": (len(self.scenes), len(self.shots), len(self.selections), self._animated),
            "status": self._stage,
        }

    @property
    def _animated(self) -> int:
        return sum(selection.animation == COMPLETE for selection in self.selections)

    @property
    def _stage(self) -> str:
        shots = len(self.shots)
        if shots and self._animated == shots:
            return "ANIMATION_COMPLETE"
        if shots and len(self.selections) == shots:
            return "STORYBOARD_FINAL"
        if self.images:
            return "SHOT_ITERATION"
        return "SCENES_SETUP" if self.scenes else "PROMPT_PLANNING"


def parts_of(thing: Thing) -> Iterator[Thing | None]:
    """The thing and all below it."""
    yield thing
    if isinstance(thing, Scene):
        for shot in thing.shots:
            yield from parts_of(shot)
    elif isinstance(thing, Shot):
        yield from thing.images.values()
        yield thing.selection


def _insert_by_rank(siblings: list[Any], thing: Scene | Shot) -> None:
    siblings.insert(bisect_left([each.rank for each in siblings], thing.rank), thing)


def _shown(shot: Shot, number: int, there: set[str]) -> dict[str, Any]:
    chosen = shot.selection
    in_order = sorted(shot.images.values(), key=lambda image: (image.iteration, image.variant))
    return {
        "id": shot.id,
        "number": number,
        "description": shot.description,
        "camera": shot.camera,
        "images": [
            (
                *(image.id, image.iteration, image.variant, image.status, image.favorite),
                image.origin if image.origin in there else None,
                image.job,
            )
            for image in in_order
        ],
        "selection": chosen and (chosen.id, chosen.image, chosen.animation, chosen.job),
    }


def answered(project: dict[str, Any]) -> dict[str, Any]:
    """The answer of a query, in the form of `Board.shown`."""
    counts = ("totalScenes", "totalShots", "shotsWithSelections", "shotsWithAnimations")
    return {
        "scenes": [
            {
                "id": scene["id"],
                "number": scene["sceneNumber"],
                "title": scene["title"],
                "complete": scene["storyboardComplete"],
                "shots": [_answered(shot) for shot in scene["shots"]],
            }
            for scene in project["scenes"]
        ],
        "jobs": {job["id"]: job["status"] for job in project["jobs"]},
        "counts": tuple(project["progress"][name] for name in counts),
        "status": project["redesignStatus"],
    }


def _answered(shot: dict[str, Any]) -> dict[str, Any]:
    chosen, camera = shot["selection"], shot["camera"]
    return {
        "id": shot["id"],
        "number": shot["shotNumber"],
        "description": shot["description"],
        "camera": {name: camera[name] for name in ("framing", "angle") if camera[name]},
        "images": [
            (
                *(image["id"], image["iterationNumber"], image["variantNumber"]),
                *(image["status"], image["isFavorite"]),
                (image["parentImage"] or {}).get("id"),
                (image["job"] or {}).get("id"),
            )
            for image in shot["images"]
        ],
        "selection": chosen
        and (
            *(chosen["id"], chosen["selectedImage"]["id"], chosen["animationStatus"]),
            (chosen["animationJob"] or {}).get("id"),
        ),
    }
