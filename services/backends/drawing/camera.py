"""The camera's move over a still: where its window is at each moment, eased at both ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from PIL import Image

from services.backends.drawing.words import Move

Window = tuple[float, float, float]
"""Middle across, middle down, and zoom. A zoom of 1 shows as much of the picture as fits."""

PUSH_ZOOM = 1.28
GENTLE_ZOOM = 1.10
PAN_ZOOM = 1.22
BREATH = 0.012
"""How much a locked camera still drifts; a picture that stands quite still looks broken."""


def windows(move: Move | None, frames: int, seed: int) -> Iterator[Window]:
    """One window for each frame, always inside the picture once clamped by `through`."""
    rng = Random(seed)
    drift = rng.uniform(-0.02, 0.02)
    for n in range(frames):
        share = n / max(frames - 1, 1)
        eased = share * share * (3 - 2 * share)
        yield _window(move, eased, share, drift)


def _window(move: Move | None, eased: float, share: float, drift: float) -> Window:
    along = -0.5 + eased
    if move is Move.PUSH:
        return 0.5 + drift * eased, 0.5 - 0.03 * eased, 1 + (PUSH_ZOOM - 1) * eased
    if move is Move.PULL:
        return 0.5 + drift * (1 - eased), 0.5, PUSH_ZOOM - (PUSH_ZOOM - 1) * eased
    if move in (Move.LEFT, Move.RIGHT):
        side = 1 if move is Move.RIGHT else -1
        return 0.5 + side * along, 0.5, PAN_ZOOM
    if move in (Move.UP, Move.DOWN):
        side = 1 if move is Move.DOWN else -1
        return 0.5 + drift, 0.5 + side * along, PAN_ZOOM + 0.1
    if move is Move.STATIC:
        return 0.5, 0.5, 1 + BREATH * (1 + math.sin(2 * math.pi * share))
    return 0.5, 0.5, 1 + (GENTLE_ZOOM - 1) * eased


def through(picture: Image.Image, window: Window, size: tuple[int, int]) -> Image.Image:
    """What the camera sees through the window, at the clip's size."""
    width, height = picture.size
    fit = min(width / size[0], height / size[1])
    see_width, see_height = size[0] * fit / window[2], size[1] * fit / window[2]
    left = min(max(window[0] * width - see_width / 2, 0.0), width - see_width)
    top = min(max(window[1] * height - see_height / 2, 0.0), height - see_height)
    box = (left, top, left + see_width, top + see_height)
    return picture.resize(size, Image.Resampling.BILINEAR, box=box)
