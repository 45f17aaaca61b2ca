"""What a snapshot's document may hold, what is counted of it, and how single scenes are replaced.

A document is `{"elements": [...], "scenes": [...]}`. Scenes and elements are JSON objects; the
`heading` and `elements` of a scene and the `type` and `text` of an element have a meaning here, all
else is kept as it came.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import Packed, Scene, pack

from . import limits
from .checks import document as json_document
from .checks import storable
from .errors import Conflict, InvalidInput, LimitExceeded, NotFound, Refusal

BYTES_PER_TOKEN = 4

Object = dict[str, Any]
Document = dict[str, list[Object]]


@dataclass(frozen=True)
class Content:
    """What one version holds, ready to be stored."""

    document: Document
    metadata: Object
    packed: Packed
    counts: Mapping[str, int]


def content_of(given: Mapping[str, Any]) -> Content:
    """`scenes`, `elements` and `metadata` of a request, checked, counted and packed."""
    scenes = _objects(given["scenes"], limits.SNAPSHOT_SCENES, "input.scenes")
    for index, scene in enumerate(scenes):
        check_scene(scene, f"input.scenes.{index}")
    storable(given.get("elements"), "input.elements")
    elements = _elements(given.get("elements"), "input.elements")
    metadata = metadata_of(given.get("metadata"), "input.metadata")
    return packed_content({"elements": elements, "scenes": scenes}, metadata)


def packed_content(document: Document, metadata: Object, path: str = "input.scenes") -> Content:
    """Of a document whose scenes and elements have been checked; `path` is where it came from."""
    if len(document["scenes"]) > limits.SNAPSHOT_SCENES:
        raise LimitExceeded(f"At most {limits.SNAPSHOT_SCENES:,} scenes.", path)
    counts = counts_of(document)
    if counts["element_count"] > limits.SNAPSHOT_ELEMENTS:
        raise LimitExceeded(f"At most {limits.SNAPSHOT_ELEMENTS:,} elements.", path)
    packed = pack(document)
    if packed.size > limits.SNAPSHOT_BYTES:
        most = f"At most {limits.SNAPSHOT_BYTES:,} bytes of JSON, not {packed.size:,}."
        raise LimitExceeded(most, path)
    return Content(document, metadata, packed, counts | {"stored_bytes": len(packed.data)})


def metadata_of(given: Any, path: str) -> Object:
    metadata: Object = {} if given is None else json_document(given, path)
    if not isinstance(metadata, dict):
        raise InvalidInput("This must be a JSON object.", path)
    return metadata


def counts_of(document: Document) -> dict[str, int]:
    """Scenes, elements, and the words and estimated tokens of headings and elements' texts.

    A token is taken to be 4 bytes of UTF-8: close for English, too many for most other scripts.
    """
    texts = list(_texts(document))
    in_scenes = sum(len(elements_of(scene)) for scene in document["scenes"])
    size = sum(len(text.encode()) for text in texts)
    return {
        "scene_count": len(document["scenes"]),
        "element_count": in_scenes + len(document["elements"]),
        "word_count": sum(len(text.split()) for text in texts),
        "estimated_tokens": math.ceil(size / BYTES_PER_TOKEN),
    }


def elements_of(scene: Object) -> list[Object]:
    return scene.get("elements") or []


def _texts(document: Document) -> Iterator[str]:
    for scene in document["scenes"]:
        yield scene.get("heading") or ""
        yield from (element.get("text") or "" for element in elements_of(scene))
    yield from (element.get("text") or "" for element in document["elements"])


def _objects(given: Any, most: int, path: str) -> list[Object]:
    if not isinstance(given, list):
        raise InvalidInput("This must be a list of JSON objects.", path)
    if len(given) > most:
        raise LimitExceeded(f"At most {most:,} of these, not {len(given):,}.", path)
    for index, item in enumerate(given):
        if not isinstance(item, dict):
            raise InvalidInput("This must be a JSON object.", f"{path}.{index}")
    return given


def check_scene(scene: Object, path: str) -> None:
    storable(scene, path)
    _check_text(scene, "heading", path)
    _elements(scene.get("elements"), f"{path}.elements")


def _elements(given: Any, path: str) -> list[Object]:
    elements = _objects([] if given is None else given, limits.SNAPSHOT_ELEMENTS, path)
    for index, element in enumerate(elements):
        _check_text(element, "type", f"{path}.{index}")
        _check_text(element, "text", f"{path}.{index}")
    return elements


def _check_text(holder: Object, name: str, path: str) -> None:
    if not isinstance(holder.get(name), str | None):
        raise InvalidInput("This must be text.", f"{path}.{name}")


def patched(scenes: Sequence[Object], patches: Sequence[Mapping[str, Any]]) -> list[Object]:
    """The scenes with each patch applied. All name scenes as they were before the first.

    A patch replaces the fields that it has; null removes one, and a null scene the whole scene. A
    patch that names no scene adds one at the end.
    """
    result: list[Object | None] = list(scenes)
    for index, patch in enumerate(patches):
        path = f"input.scenes.{index}"
        fields = patch.get("scene")
        if "scene" not in patch:
            raise InvalidInput("Say what becomes of the scene; null removes it.", f"{path}.scene")
        if fields is not None and not isinstance(fields, dict):
            raise InvalidInput("This must be a JSON object, or null.", f"{path}.scene")
        place = place_of(scenes, patch, path)
        if place is None and fields is None:
            raise InvalidInput("A scene that is added cannot be null.", f"{path}.scene")
        old = result[place] if place is not None else {}
        if old is None:
            raise Conflict("Another patch removes this scene.", path)
        new = None if fields is None else _laid_over(old, fields, f"{path}.scene")
        if place is None:
            result.append(new)
        else:
            result[place] = new
    return [scene for scene in result if scene is not None]


def _laid_over(old: Object, fields: Object, path: str) -> Object:
    new = {name: value for name, value in (old | fields).items() if value is not None}
    check_scene(new, path)
    return new


def place_of(scenes: Sequence[Object], patch: Mapping[str, Any], path: str) -> int | None:
    """Where the scene stands that a patch names by `number`, `id` or `heading`; None for none."""
    given = [name for name in ("number", "id", "heading") if patch.get(name) is not None]
    if not given:
        return None
    if len(given) > 1:
        raise InvalidInput("Name the scene by its number, its id or its heading.", path)
    [name] = given
    value, at = patch[name], f"{path}.{name}"
    found = [
        place
        for place, scene in enumerate(scenes)
        if (place + 1 if name == "number" else scene.get(name)) == value
    ]
    if not found:
        raise NotFound("There is no such scene in the snapshot.", at)
    if len(found) > 1:
        raise Conflict("Several scenes are called so; name it by its number.", at)
    return found[0]


def overlap(
    base: Document | None, newest: Document, patches: Sequence[Mapping[str, Any]]
) -> list[str]:
    """The scenes, by path, that patches touch and that are not as they were at the base.

    Where the base is kept no longer, every scene that they touch.
    """
    touched = []
    for index, patch in enumerate(patches):
        place = place_of(newest["scenes"], patch, f"input.scenes.{index}")
        if place is not None and _at(base, patch) != newest["scenes"][place]:
            touched.append(f"scenes.{place}")
    return touched


def _at(base: Document | None, patch: Mapping[str, Any]) -> Object | None:
    if base is None:
        return None
    try:
        place = place_of(base["scenes"], patch, "")
    except Refusal:  # it was not there, or not alone
        return None
    return base["scenes"][place] if place is not None else None


def differences(one: Document, other: Document) -> list[str]:
    """Where two documents differ, scene by scene."""
    first, second = one["scenes"], other["scenes"]
    shared = min(len(first), len(second))
    places = [place for place in range(shared) if first[place] != second[place]]
    places += range(shared, max(len(first), len(second)))
    elements = ["elements"] if one["elements"] != other["elements"] else []
    return elements + [f"scenes.{place}" for place in places]


def document_of_scenes(scenes: Sequence[Scene]) -> Document:
    """What a project's own scenes say, as a document."""
    return {"elements": [], "scenes": [_scene_of(scene) for scene in scenes]}


def _scene_of(scene: Scene) -> Object:
    told = [{"type": "action", "text": scene.description}] if scene.description else []
    label = {"label": scene.label} if scene.label else {}
    return {"id": scene.id, "heading": scene.title, "elements": told} | label
