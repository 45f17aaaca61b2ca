"""A screenplay as one document of plain values, for who reads it as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.formats.breakdown import Part
from services.formats.screenplay import TitleField
from services.formats.screenplay_board import Board, Read

Object = dict[str, Any]


def document_of(board: Board, ids: Sequence[str]) -> dict[str, list[Object]]:
    """All that is printed, scene by scene and paragraph by paragraph, in full.

    `ids` are those of the scenes on the board, in order. What was omitted is not in it.
    """
    scenes = zip(board.scenes, ids, strict=True)
    return {
        "elements": _elements(board.opening),
        "scenes": [_scene(read, scene_id) for read, scene_id in scenes],
    }


def title_page_of(fields: Iterable[TitleField]) -> dict[str, str]:
    """The lines of each field, of all fields with its name."""
    found: dict[str, list[str]] = {}
    for entry in fields:
        found.setdefault(entry.key, []).extend(entry.lines)
    return {key: "\n".join(lines) for key, lines in found.items()}


def _scene(read: Read, scene_id: str) -> Object:
    told = read.told
    known = {
        "label": (told.number or "").strip(),
        "synopsis": told.synopsis,
        "notes": [*told.notes],
    }
    return {
        "id": scene_id,
        "heading": told.heading,
        "elements": _elements(told.parts),
        **{name: value for name, value in known.items() if value},
    }


def _elements(parts: Iterable[Part]) -> list[Object]:
    return [
        {"type": part.kind.lower(), "text": part.text} | ({"dual": True} if part.dual else {})
        for part in parts
    ]
