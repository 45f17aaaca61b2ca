"""The camera's move over a still: where its window is at each moment, eased at both ends."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PIL import Image

from services.backends.drawing.words import Move

Window = tuple[float, float, float]
"""Middle across, middle down, and zoom. A zoom of 1 shows as much of the picture as fits.

The middle may lie too near an edge: `through` keeps the window inside the picture.
"""

PUSH_ZOOM = 1.32
GENTLE_ZOOM = 1.10
PAN_ZOOM = 1.22
TILT_ZOOM = 1.3
BREATH = 0.012
"""How much a locked camera still drifts; a picture that stands quite still looks broken."""


def windows(move: Move | None, frames: int, aim: tuple[float, float]) -> Iterator[Window]:
    """One window for each frame. A push ends nearer to `aim`, a pull starts there."""
    for n in range(frames):
        share = n / max(frames - 1, 1)
        yield _window(move, share, aim)


def _window(move: Move | None, share: float, aim: tuple[float, float]) -> Window:
    eased = share * share * (3 - 2 * share)
    if move in (Move.LEFT, Move.RIGHT):
        return 0.5 + (eased - 0.5) * (1 if move is Move.RIGHT else -1), 0.5, PAN_ZOOM
    if move in (Move.UP, Move.DOWN):
        return aim[0], 0.5 + (eased - 0.5) * (1 if move is Move.DOWN else -1), TILT_ZOOM
    if move is Move.STATIC:
        return aim[0], 0.5, 1 + BREATH * (1 + math.sin(2 * math.pi * share))
    near = 1 - eased if move is Move.PULL else eased
    zoom = 1 + ((GENTLE_ZOOM if move is None else PUSH_ZOOM) - 1) * near
    return 0.5 + (aim[0] - 0.5) * near, 0.5 + (aim[1] - 0.5) * near, zoom


def through(picture: Image.Image, window: Window, size: tuple[int, int]) -> Image.Image:
    """What the camera sees through the window, at the clip's size."""
    width, height = picture.size
    fit = min(width / size[0], height / size[1])
    see_width, see_height = size[0] * fit / window[2], size[1] * fit / window[2]
    left = min(max(window[0] * width - see_width / 2, 0.0), width - see_width)
    top = min(max(window[1] * height - see_height / 2, 0.0), height - see_height)
    box = (left, top, left + see_width, top + see_height)
    return picture.resize(size, Image.Resampling.BILINEAR, box=box)
