"""The pictures and the video of a scene of the first version, however they are written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .loose import Fields, Found, Problems, blank, items, many, number

PICTURE = ("image", "imageurl", "img", "imgurl", "picture", "pictureurl")
PICTURES = ("images", "imageurls", "pictures", "variants", "generatedimages")
CHOICE = (
    *("selectedimage", "selectedimageurl", "selectedimageid"),
    *("selectedimageindex", "selectedindex", "chosenimage"),
)
VIDEO = (
    *("video", "videourl", "animatedvideourl", "animation", "animationurl", "clip", "clipurl"),
    *("videos", "videourls"),
)
ADDRESS = ("url", "imageurl", "videourl", "src", "href", "uri", "link")
CHOSEN = ("selected", "isselected", "chosen", "ischosen", "master", "ismaster")
FAVORITE = ("favorite", "isfavorite", "starred")
TIMES = ("createdat", "updatedat", "created", "updated")

PIXELS = 100_000
KEPT = "This is kept in the metadata of the image."
NO_ADDRESS = "This is no absolute http or https URL; it is in the original document."
NO_PICTURE = "A video needs an image to stand by; it is in the original document."
ONE_VIDEO = "A shot has one video; this one is in the original document."


@dataclass(frozen=True)
class MediaBounds:
    """What there is room for, and what passes for an address and for free data."""

    text: int
    external_id: int
    is_address: Callable[[str], bool]
    is_free_data: Callable[[object], bool]


@dataclass
class Picture:
    """`prompt` and `metadata` are its own, if it has any."""

    url: str
    prompt: str | None = None
    external_id: str | None = None
    is_favorite: bool = False
    width: int | None = None
    height: int | None = None
    metadata: dict[str, Any] | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Clip:
    url: str
    external_id: str | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Media:
    """In the order of the document, each picture once. `chosen` is an index, if there are any."""

    pictures: list[Picture] = field(default_factory=list)
    chosen: int = 0
    clip: Clip | None = None


def media_of(fields: Fields, bounds: MediaBounds) -> Media:
    """Takes all that tells of pictures and videos from a scene or a shot."""
    reading = _Reading(bounds, fields.problems)
    reading.read_pictures(fields)
    pictures = list(reading.known.values())
    return Media(pictures, reading.chosen(fields), reading.clip(fields))


def _each(found: Found) -> Iterator[Found]:
    """The one, or each of many."""
    for one in items(found) if many(found.value) else [found]:
        if not blank(one.value):
            yield one


class _Reading:
    def __init__(self, bounds: MediaBounds, problems: Problems) -> None:
        self.bounds = bounds
        self.problems = problems
        self.known: dict[str, Picture] = {}
        self.listed: list[Picture | None] = []
        """By place in the list of the document, where what is no picture has a place too."""
        self.first_is_shown = False

    def read_pictures(self, fields: Fields) -> None:
        while found := fields.take(*PICTURE):
            for one in _each(found):
                self._picture(one)
        self.first_is_shown = bool(self.known)
        while found := fields.take(*PICTURES):
            for one in items(found) if many(found.value) else [found]:
                self.listed.append(None if blank(one.value) else self._picture(one))
        while found := fields.take(*CHOICE):
            self._choose(found)

    def chosen(self, fields: Fields) -> int:
        marked = [place for place, one in enumerate(self.known.values()) if one.chosen]
        if len(marked) > 1:
            self.problems.note(fields.path, "Several images are chosen here; the first of them is.")
        elif not marked and not self.first_is_shown and len(self.known) > 1:
            self.problems.note(fields.path, "No image is chosen here; the first one is.")
        return marked[0] if marked else 0

    def clip(self, fields: Fields) -> Clip | None:
        clips: list[tuple[str, Clip]] = []
        while found := fields.take(*VIDEO):
            for one in _each(found):
                clip = self._clip(one)
                if clip is not None and clip.url not in [known.url for _, known in clips]:
                    clips.append((one.path, clip))
        best = next((clip for _, clip in clips if clip.chosen), clips[0][1] if clips else None)
        for path, clip in clips:
            if not self.known:
                self.problems.note(path, NO_PICTURE)
            elif clip is not best:
                self.problems.note(path, ONE_VIDEO)
        return best if self.known else None

    def _choose(self, found: Found) -> None:
        value = found.value
        by_id = {one.external_id: one for one in self.known.values() if one.external_id}
        place = number(value)
        picture: Picture | None = None
        if isinstance(value, dict):
            picture = self._picture(found)
        elif isinstance(value, str | int) and (value in self.known or str(value) in by_id):
            picture = self.known.get(str(value)) or by_id[str(value)]
        elif isinstance(value, str) and self.bounds.is_address(value):
            picture = self._picture(found)
        elif place is not None and place in range(len(self.listed)):
            picture = self.listed[int(place)]
        if picture is not None:
            picture.chosen = True
        else:
            self.problems.note(found.path, "This names no image of the shot.")

    def _picture(self, found: Found) -> Picture | None:
        """The picture that is written here, the same one if its address was met before."""
        if not isinstance(found.value, dict):
            url = self._address(found)
            return self.known.setdefault(url, Picture(url)) if url else None
        fields = Fields(found, self.problems)
        url = self._address(fields.take(*ADDRESS) or found)
        if url is None:
            return None
        picture = self.known.setdefault(url, Picture(url))
        picture.prompt = fields.text(self.bounds.text, "prompt") or picture.prompt
        external_id = fields.text(self.bounds.external_id, "id", "imageid", "externalid")
        picture.external_id = external_id or picture.external_id
        picture.is_favorite |= fields.flag(*FAVORITE)
        picture.chosen |= fields.flag(*CHOSEN)
        picture.width = self._side(fields, "width") or picture.width
        picture.height = self._side(fields, "height") or picture.height
        self._keep_left(fields, picture)
        return picture

    def _keep_left(self, fields: Fields, picture: Picture) -> None:
        metadata = (picture.metadata or {}) | fields.left()
        if self.bounds.is_free_data(metadata):
            picture.metadata = metadata or None
            fields.drop(*TIMES)
            fields.tell_of_left(KEPT)
        else:
            fields.tell_of_left()

    def _side(self, fields: Fields, name: str) -> int | None:
        pixels = fields.number(name, low=1, high=PIXELS)
        return None if pixels is None else round(pixels)

    def _clip(self, found: Found) -> Clip | None:
        if not isinstance(found.value, dict):
            url = self._address(found)
            return Clip(url) if url else None
        fields = Fields(found, self.problems)
        url = self._address(fields.take(*ADDRESS) or found)
        external_id = fields.text(self.bounds.external_id, "id", "videoid", "externalid")
        clip = Clip(url, external_id, fields.flag(*CHOSEN)) if url else None
        fields.drop(*TIMES)
        fields.tell_of_left()
        return clip

    def _address(self, found: Found) -> str | None:
        if isinstance(found.value, str) and self.bounds.is_address(found.value.strip()):
            return found.value.strip()
        self.problems.note(found.path, NO_ADDRESS)
        return None
