"""What the first version says of the camera: in fields of their own, in an object, or in words."""

from __future__ import annotations

import re
from typing import Any

from .loose import Fields, Found, blank, text

NAMES = {
    "movement": ("movement", "cameramovement", "cameramotion", "motion"),
    "framing": ("framing", "shotsize", "shottype"),
    "angle": ("angle", "cameraangle"),
}
WORDS = {
    "movement": re.compile(
        r"\b(static|still|locked|pan|tilt|dolly|zoom|push|pull|track|crane|handheld|hand-held"
        r"|orbit|truck|boom|follow|steadicam|drone|mov)",
        re.IGNORECASE,
    ),
    "angle": re.compile(r"\b(low|high|eye|dutch|overhead|bird|worm|top|angle)", re.IGNORECASE),
    "framing": re.compile(
        r"\b(wide|close|medium|long|full|establishing|over|two|insert|master|detail)",
        re.IGNORECASE,
    ),
}
BETWEEN = re.compile(r"[,;/|\n]+")
NOT_KNOWN = "What this says of the camera is not known here; it is in the original document."


def camera_of(fields: Fields, longest: int) -> dict[str, Any]:
    """Takes all that tells of the camera: framing, angle and movement, in the words of the shot."""
    said: dict[str, list[str]] = {slot: [] for slot in NAMES}
    found = fields.take("camera")
    if found is not None and isinstance(found.value, dict):
        inner = Fields(found, fields.problems)
        _take(inner, said, longest)
        inner.tell_of_left(NOT_KNOWN)
    elif found is not None:
        _read_words(found, said, fields)
    _take(fields, said, longest)
    whole = {slot: ", ".join(dict.fromkeys(some)) for slot, some in said.items() if some}
    words: dict[str, Any] = {
        slot: text(Found(some, fields.path), longest, fields.problems)
        for slot, some in whole.items()
    }
    return words | ({"movement": {"type": words["movement"]}} if "movement" in words else {})


def _take(fields: Fields, said: dict[str, list[str]], longest: int) -> None:
    for slot, names in NAMES.items():
        nested = fields.take(*names, fits=lambda value: isinstance(value, dict))
        if nested is not None:
            inner = Fields(nested, fields.problems)
            said[slot] += filter(None, [inner.text(longest, "type", "name", slot)])
            inner.tell_of_left(NOT_KNOWN)
        said[slot] += filter(None, [fields.text(longest, *names)])


def _read_words(found: Found, said: dict[str, list[str]], fields: Fields) -> None:
    if not isinstance(found.value, str):
        fields.problems.note(found.path, NOT_KNOWN)
        return
    for piece in BETWEEN.split(found.value):
        slot = next((slot for slot, words in WORDS.items() if words.search(piece)), None)
        if slot is not None:
            said[slot].append(piece.strip())
        elif not blank(piece):
            fields.problems.note(found.path, NOT_KNOWN)
