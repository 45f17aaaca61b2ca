"""Notes that say which scene of a board a scene of a screenplay is.

Such a note holds the id of the scene and nothing else. It hangs on the heading or stands below it,
and survives what an editor does to numbers, headings, words and order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from services.formats.screenplay import UNPRINTED, Aside, Kind, Paragraph

SCENE_ID = re.compile(r"scn_[0-7][0-9a-hjkmnp-tv-z]{25}")


def scene_id_in(note: Aside) -> str | None:
    text = note.text.strip()
    return text if not note.boneyard and SCENE_ID.fullmatch(text) else None


def scene_ids_in(scene: Sequence[Paragraph]) -> tuple[str, ...]:
    """Those that a scene, its heading first, is said to be; each once, in order."""
    found = filter(None, map(scene_id_in, _notes_of_heading(scene)))
    return tuple(dict.fromkeys(found))


def _notes_of_heading(scene: Sequence[Paragraph]) -> Iterator[Aside]:
    yield from scene[0].asides
    for paragraph in scene[1:]:
        if paragraph.kind not in UNPRINTED:
            return
        if paragraph.kind is Kind.NOTE:
            yield from paragraph.asides


def noted(scene_id: str) -> Paragraph:
    """The note of a scene, to stand below its heading."""
    return Paragraph(Kind.NOTE, asides=(Aside(scene_id),))


def names_scene(paragraph: Paragraph) -> bool:
    return paragraph.kind is Kind.NOTE and any(map(scene_id_in, paragraph.asides))


def claimed(named: Sequence[Sequence[str]], scenes: Collection[str]) -> dict[int, str]:
    """Which of the scenes of a board each scene of a draft is, by place, as far as its notes say.

    An id that the board does not have says nothing, nor does one that several scenes of the draft
    claim of which no more is known.
    """
    found: dict[int, str] = {}
    left = {place: [one for one in ids if one in scenes] for place, ids in enumerate(named)}
    while left:
        claims = Counter(scene_id for ids in left.values() for scene_id in ids)
        clear = {
            place: own[0]
            for place, ids in left.items()
            if (own := [one for one in ids if claims[one] == 1])
        }
        if not clear:
            break
        found |= clear
        taken = {*found.values()}
        left = {
            place: [one for one in ids if one not in taken]
            for place, ids in left.items()
            if place not in found
        }
    return found
