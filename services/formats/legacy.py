"""Projects of the first version: a flat list of scenes, each with a prompt, pictures and a video.

Nobody specified them, so this takes every shape that makes sense; docs/LEGACY.md lists them. A
scene becomes a scene with one shot, or with the shots that it lists. Whatever has no place in the
second version is noted with its JSON path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .legacy_camera import camera_of
from .legacy_media import TIMES, Media, MediaBounds, media_of
from .loose import NO_PLACE, Fields, Found, Problem, Problems, blank, items, many, number, text

SCENES = ("scenes", "storyboard", "shots", "frames", "panels")
SHOTS = ("shots", "frames", "panels")
WRAPPERS = ("project", "data", "storyboard")
WRAPPED = 3
"""How many wrappers may be around a project."""

ID = ("id", "projectid", "uuid")
TITLE = ("title", "name", "heading", "slugline")
TEXT = ("description", "text", "summary", "action", "content")
PROMPT = ("prompt", "imageprompt", "visualprompt")
PREMISE = ("prompt", "idea", "logline", "premise", "description", "synopsis", "summary")
ORDER = ("order", "sortorder", "position", "index")
NUMBER = ("scenenumber", "shotnumber", "sceneno", "shotno", "number")
SILENT = (*TIMES, *ID, "sceneid", "shotid", "version", "schemaversion", "workflowversion")
"""Of use within the first version only: not told of where they have no place."""

SEED = 2**31 - 1
UNTITLED = "Untitled"
NOTHING = "No project of the first version can be seen here: neither scenes nor a title or prompt."


class NotLegacy(ValueError):
    """No project of the first version can be seen in this."""


class TooLarge(ValueError):
    """There is more of something than a project may have."""


@dataclass(frozen=True)
class Bounds(MediaBounds):
    """Longest texts in characters, longest shot in seconds, most scenes, shots of a scene, pictures
    of a shot, things in all and problems listed."""

    title: int
    label: int
    name: int
    seconds: float
    scenes: int
    shots: int
    pictures: int
    things: int
    problems: int
    is_frame_rate: Callable[[str], bool]


@dataclass(frozen=True)
class LegacyShot:
    """`given` is in the words of the contract, as of all that follows."""

    given: dict[str, Any]
    media: Media


@dataclass(frozen=True)
class LegacyScene:
    given: dict[str, Any]
    shots: list[LegacyShot]


@dataclass(frozen=True)
class LegacyProject:
    """`id` is the document's own, if it has one."""

    id: str | None
    given: dict[str, Any]
    scenes: list[LegacyScene]
    problems: list[Problem]

    @property
    def shots(self) -> Iterator[LegacyShot]:
        return (shot for scene in self.scenes for shot in scene.shots)


def read_legacy(document: object, bounds: Bounds) -> LegacyProject:
    """The project in a JSON document. Raises NotLegacy or TooLarge, whatever the JSON holds."""
    problems = Problems(bounds.problems)
    levels, listed = _unwrapped(Found(document, "$"), problems)
    reading = _Reading(bounds, problems)
    own_id, given = reading.about(levels[::-1])
    scenes = reading.scenes(listed) if listed is not None else []
    for fields in levels:
        fields.drop(*SILENT)
        fields.tell_of_left()
    if not scenes and not given.keys() & {"title", "prompt"}:
        raise NotLegacy(NOTHING)
    given.setdefault("prompt", given.get("title", UNTITLED))
    return LegacyProject(own_id, given, scenes, problems.all())


def _unwrapped(found: Found, problems: Problems) -> tuple[list[Fields], Found | None]:
    """The objects around the list of scenes, the outermost first, and the list if there is one."""
    levels: list[Fields] = []
    at: Found | None = found
    while at is not None and len(levels) <= WRAPPED:
        if many(at.value):
            return levels, at
        if not isinstance(at.value, dict):
            raise NotLegacy(NOTHING)
        levels.append(Fields(at, problems))
        listed = levels[-1].take(*SCENES, fits=many)
        if listed is not None:
            beside = levels[-1].take(*WRAPPERS, fits=lambda value: isinstance(value, dict))
            return levels + ([Fields(beside, problems)] if beside else []), listed
        at = levels[-1].take(*WRAPPERS, fits=lambda value: isinstance(value, dict | list))
    return levels, None


@dataclass
class _Entry:
    """A scene or a shot in the list, and what it says of its number."""

    fields: Fields
    place: float | None
    number: Found | None


@dataclass
class _Reading:
    """Of one document; `things` counts what came of it so far."""

    bounds: Bounds
    problems: Problems
    things: int = 0

    def about(self, levels: Sequence[Fields]) -> tuple[str | None, dict[str, Any]]:
        """The document's own id, and what it says of the project, the innermost first."""
        own_id = self._first(levels, self._own_id)
        given = {
            "title": self._first(levels, lambda fields: fields.text(self.bounds.title, *TITLE)),
            "prompt": self._first(levels, lambda fields: fields.text(self.bounds.text, *PREMISE)),
            "frameRate": self._first(levels, self._frame_rate),
            "promptPlannerData": self._first(levels, self._planner_data),
        }
        return own_id, _without_none(given)

    def scenes(self, listed: Found) -> list[LegacyScene]:
        entries = self._entries(listed, self.bounds.scenes)
        return [self._scene(entry, place) for place, entry in enumerate(entries, 1)]

    @staticmethod
    def _first(levels: Sequence[Fields], read: Callable[[Fields], Any]) -> Any:
        return next((found for fields in levels if (found := read(fields)) is not None), None)

    def _own_id(self, fields: Fields) -> str | None:
        found = fields.take(*ID, fits=lambda value: not isinstance(value, dict))
        if found is None:
            found = fields.take("id", fits=lambda value: list(value) == ["$oid"])
            found = found and Found(found.value["$oid"], found.path)
        longest = self.bounds.external_id
        if found is not None and isinstance(found.value, str) and len(found.value) > longest:
            self.problems.note(found.path, "This is too long for an id; the content stands for it.")
            return None
        return text(found, longest, self.problems) if found else None

    def _frame_rate(self, fields: Fields) -> str | None:
        rate = fields.take("framerate", "fps")
        said = text(rate, self.bounds.name, self.problems) if rate else None
        if rate is not None and said is not None and not self.bounds.is_frame_rate(said):
            self.problems.note(rate.path, "This is no frame rate that a film can have.")
            return None
        return said

    def _planner_data(self, fields: Fields) -> Any:
        data = fields.take("promptplannerdata", "plannerdata", fits=self.bounds.is_free_data)
        return data.value if data else None

    def _entries(self, listed: Found, most: int) -> list[_Entry]:
        """What is in a list of scenes or shots, by number where they have one."""
        if len(listed.value) > most:
            raise TooLarge(f"{listed.path}: at most {most:,}, not {len(listed.value):,}.")
        keyed = list(listed.value) if isinstance(listed.value, dict) else None
        entries = []
        for index, found in enumerate(items(listed)):
            if isinstance(found.value, str) and not blank(found.value):
                found = Found({"text": found.value}, found.path)
            if not isinstance(found.value, dict):
                self.problems.note(found.path, "This is neither an object nor a text.")
                continue
            fields = Fields(found, self.problems)
            order, counted = fields.take(*ORDER), fields.take(*NUMBER)
            says = [found.value for found in (order, counted) if found]
            place = next((n for value in says if (n := number(value)) is not None), None)
            if order is not None and number(order.value) is None:
                self.problems.note(order.path, "This is no number.")
            if place is None and keyed is not None:
                place = number(keyed[index])
            entries.append(_Entry(fields, place, counted))
        return self._in_order(entries)

    def _in_order(self, entries: list[_Entry]) -> list[_Entry]:
        """What has no number follows what stands before it; equal ones stay as they stand."""
        last, taken, placed = float("-inf"), set[float](), []
        for entry in entries:
            if entry.place is not None:
                last = entry.place
                if last in taken:
                    path = entry.fields.path
                    self.problems.note(path, "Its number is taken; it follows who has it.")
                taken.add(last)
            placed.append((last, entry))
        return [entry for _, entry in sorted(placed, key=lambda pair: pair[0])]

    def _label(self, entry: _Entry, place: int) -> str | None:
        """Its number on paper, where that is not its place."""
        label = entry.fields.text(self.bounds.label, "label")
        if label is None and entry.number is not None:
            label = text(entry.number, self.bounds.label, self.problems)
        elif entry.number is not None and number(entry.number.value) is None:
            self.problems.note(entry.number.path, NO_PLACE)
        return label if label is not None and label.lstrip("0") != str(place) else None

    def _joined(self, fields: Fields, *texts: str | None) -> str | None:
        whole = "\n\n".join(filter(None, texts))
        return text(Found(whole, fields.path), self.bounds.text, self.problems) if whole else None

    def _scene(self, entry: _Entry, place: int) -> LegacyScene:
        fields, bounds = entry.fields, self.bounds
        label = self._label(entry, place)
        title = fields.text(bounds.title, *TITLE)
        said, prompt = fields.text(bounds.text, *TEXT), fields.text(bounds.text, *PROMPT)
        listed = fields.take(*SHOTS, fits=many)
        heading = title or f"Scene {label or place}"
        media = media_of(fields, bounds)
        entries = self._entries(listed, bounds.shots - bool(media.pictures)) if listed else []
        shots = []
        if media.pictures or not entries:
            shots.append(self._shot(fields, said or prompt or heading, prompt, media))
        else:
            said = self._joined(fields, said, prompt)
        for each in entries:
            shots.append(self._listed_shot(each, len(shots) + 1))
        fields.drop(*SILENT)
        fields.tell_of_left()
        self._count(fields, 1)
        given = {"title": heading, "label": label, "description": said}
        return LegacyScene(_without_none(given), shots)

    def _listed_shot(self, entry: _Entry, place: int) -> LegacyShot:
        fields, bounds = entry.fields, self.bounds
        label = self._label(entry, place)
        title = fields.text(bounds.title, *TITLE)
        said, prompt = fields.text(bounds.text, *TEXT), fields.text(bounds.text, *PROMPT)
        description = self._joined(fields, title, said) or prompt or f"Shot {label or place}"
        shot = self._shot(fields, description, prompt, media_of(fields, bounds))
        if label is not None:
            shot.given["label"] = label
        fields.drop(*SILENT)
        fields.tell_of_left()
        return shot

    def _shot(
        self, fields: Fields, description: str, prompt: str | None, media: Media
    ) -> LegacyShot:
        bounds = self.bounds
        if len(media.pictures) > bounds.pictures:
            raise TooLarge(f"{fields.path}: at most {bounds.pictures:,} images.")
        self._count(fields, 1 + len(media.pictures) + bool(media.pictures))
        seed = fields.number("seed", low=0, high=SEED)
        given = {
            "description": description,
            "initialPrompt": prompt,
            "generation": {
                "negativePrompt": fields.text(bounds.text, "negativeprompt"),
                "model": fields.text(bounds.external_id, "model"),
                "parameters": {"seed": None if seed is None else int(seed)},
            },
            "timing": {
                "duration": self._seconds(fields),
                "transition": fields.text(bounds.name, "transition"),
            },
            "camera": camera_of(fields, bounds.name),
            "type": fields.text(bounds.name, "type"),
            "status": fields.text(bounds.name, "status"),
        }
        return LegacyShot(given, media)

    def _seconds(self, fields: Fields) -> float | None:
        longest = self.bounds.seconds
        seconds = fields.number("duration", "durationseconds", "seconds", low=0, high=longest)
        if seconds is not None:
            return seconds
        milliseconds = fields.number("durationms", low=0, high=longest * 1_000)
        return None if milliseconds is None else milliseconds / 1_000

    def _count(self, fields: Fields, more: int) -> None:
        self.things += more
        if self.things > self.bounds.things:
            most = self.bounds.things
            raise TooLarge(f"{fields.path}: at most {most:,} scenes, shots and images in all.")


def _without_none(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}
