"""The renderer port: what is ordered from a picture maker, and what it owes while it works.

A renderer keeps nothing between orders and writes no row. Whoever calls it decides about
attempts, storage and cancellation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FrameOrder:
    """One still. With `parent` (an encoded image) it is a refinement: the parent restaged."""

    prompt: str
    label: str
    """What the frame is called on paper, such as "SC 2 / SH 1"."""
    iteration: int
    variant: int
    seed: int
    negative_prompt: str | None = None
    framing: str | None = None
    angle: str | None = None
    movement: str | None = None
    width: int = 1280
    height: int = 720
    parent: bytes | None = None
    strength: float | None = None
    """How far a refinement may go from its parent: 0 stays with it, 1 is as far as it can be."""
    model: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """One moving shot made from a still: exactly `frames` frames at the rational `rate`."""

    image: bytes
    frames: int
    rate: Fraction
    seed: int
    movement: str | None = None
    """In a director's words, such as "dolly in" or "static". None is a gentle push in."""
    width: int = 1280
    height: int = 720


@dataclass(frozen=True, slots=True)
class Media:
    """An encoded result. Width and height are those of the encoded picture, in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


class Report(Protocol):
    """Hears how far the work is. Cheap, safe to call from any thread, and may raise `Canceled`.

    `step` counts finished steps of `total`. `preview` is a small JPEG of the unfinished picture.
    """

    def __call__(self, phase: str, step: int, total: int, preview: bytes | None = None) -> None: ...


class Canceled(Exception):
    """Raised by a report to stop the work. The renderer lets it pass and leaves nothing behind."""


class RenderFailure(Exception):
    """The renderer could not deliver. `retryable` says whether the same order may yet succeed."""

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable


class Renderer(Protocol):
    """Draws stills and animates them. Raises `RenderFailure`, or whatever the report raised."""

    @property
    def name(self) -> str: ...

    async def draw(self, order: FrameOrder, report: Report) -> Media: ...

    async def animate(self, order: ClipOrder, report: Report) -> Media: ...
