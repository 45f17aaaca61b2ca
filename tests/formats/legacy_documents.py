"""Documents of the first version, and what is read of them."""

from __future__ import annotations

from services.formats.legacy import LegacyProject, LegacyShot, read_legacy
from services.legacy import BOUNDS

A, B, C = (f"https://example.org/{name}.png" for name in "abc")
V, W = "https://example.org/v.mp4", "https://example.org/w.mp4"


def read(document: object) -> LegacyProject:
    return read_legacy(document, BOUNDS)


def told(project: LegacyProject) -> dict[str, str]:
    return {problem.path: problem.message for problem in project.problems}


def the_shot(project: LegacyProject) -> LegacyShot:
    [scene] = project.scenes
    [shot] = scene.shots
    return shot


SCENE = {"title": "Roof", "prompt": "A roof at night", "imageUrl": A, "videoUrl": V}
