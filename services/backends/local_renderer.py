"""The embedded renderer: draws storyboard frames and moves a camera over them, on this machine.

The same order gives the same bytes. Needs no network, no model and no graphics card.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import TypeVar

from av.video.frame import VideoFrame
from PIL import Image

from services.backends.drawing import picture as drawn
from services.backends.drawing import refinement
from services.backends.drawing.camera import through, windows
from services.backends.drawing.sheet import (
    Caption,
    Notes,
    encode,
    framing_words,
    open_picture,
    picture_box,
    preview,
)
from services.backends.drawing.stage import set_stage
from services.backends.drawing.words import read_brief, read_move
from services.backends.renderer import (
    Canceled,
    ClipOrder,
    FrameOrder,
    Media,
    RenderFailure,
    Report,
)
from services.formats.film import encode_shot, video_picture

SIDE_MIN, SIDE_MAX = 320, 2_560
CLIP_FRAMES_MAX = 60 * 120  # a minute at the highest rate
REPORT_EVERY_FRAMES = 8
PHASES = ("layout", "setting", "subjects", "light", "caption")
Result = TypeVar("Result")


class LocalRenderer:
    @property
    def name(self) -> str:
        return "local"

    async def draw(self, order: FrameOrder, report: Report) -> Media:
        _check_size(order.width, order.height)
        return await _in_thread(lambda heard: _draw(order, heard), report)

    async def animate(self, order: ClipOrder, report: Report) -> Media:
        _check_size(order.width, order.height)
        if not 1 <= order.frames <= CLIP_FRAMES_MAX or not 1 <= order.rate <= 120:
            raise RenderFailure(
                "INVALID_LENGTH",
                f"A clip has 1 to {CLIP_FRAMES_MAX} frames at 1 to 120 frames a second.",
                retryable=False,
            )
        return await _in_thread(lambda heard: _animate(order, heard), report)


async def _in_thread(work: Callable[[Report], Result], report: Report) -> Result:
    """Runs the work beside the event loop; a cancelled caller stops it at its next report."""
    abandoned = threading.Event()

    def heard(phase: str, step: int, total: int, preview: bytes | None = None) -> None:
        if abandoned.is_set():
            raise Canceled
        report(phase, step, total, preview)

    try:
        return await asyncio.to_thread(work, heard)
    except asyncio.CancelledError:
        abandoned.set()
        raise


def _check_size(width: int, height: int) -> None:
    if not all(SIDE_MIN <= side <= SIDE_MAX and side % 2 == 0 for side in (width, height)):
        raise RenderFailure(
            "INVALID_SIZE",
            f"Width and height are even numbers from {SIDE_MIN} to {SIDE_MAX}.",
            retryable=False,
        )


def _draw(order: FrameOrder, report: Report) -> Media:
    rng = Random(f"{order.seed}/{order.iteration}/{order.variant}/{order.prompt}")
    take = order.seed + order.variant + order.iteration - 1
    if order.parent is None:
        data = _draw_new(order, report, rng, take)
    else:
        data = _draw_refined(order, order.parent, report, rng, take)
    report(PHASES[4], 5, len(PHASES))
    return Media(data, "image/jpeg", order.width, order.height)


def _draw_new(order: FrameOrder, report: Report, rng: Random, take: int) -> bytes:
    size = (order.width, order.height)
    left, top, right, bottom = picture_box(size)
    area = (right - left, bottom - top)
    brief = read_brief(order.prompt, order.framing, order.angle, order.movement)
    stage = set_stage(brief, take, rng, area[0] / area[1] * 1000)
    canvas = drawn.new_canvas(stage, area, rng)
    report(PHASES[0], 1, len(PHASES))
    drawn.draw_setting(canvas, stage)
    report(PHASES[1], 2, len(PHASES))
    drawn.draw_cast(canvas, stage)
    picture = canvas.finished()
    report(PHASES[2], 3, len(PHASES), preview(picture))
    picture = drawn.finish(picture, canvas, stage)
    report(PHASES[3], 4, len(PHASES))
    caption = _caption(order, framing_words(brief))
    return encode(picture, size, caption, drawn.notes_of(stage, canvas))


def _draw_refined(
    order: FrameOrder, parent: bytes, report: Report, rng: Random, take: int
) -> bytes:
    size = (order.width, order.height)
    left, top, right, bottom = picture_box(size)
    picture, notes = _opened(parent)
    before = notes.framing if notes else None
    brief = read_brief(order.prompt, order.framing, order.angle, order.movement, before)
    notes = notes or refinement.assumed_notes(brief)
    picture = refinement.fitted(picture, (right - left, bottom - top))
    strength = 1.0 if order.strength is None else order.strength
    picture, notes = refinement.framed(picture, notes, brief, take, strength)
    kept = picture, notes
    report(PHASES[0], 1, len(PHASES))
    picture, notes = refinement.relit(picture, notes, brief, take)
    report(PHASES[1], 2, len(PHASES))
    picture = refinement.dressed(picture, notes, brief, rng)
    report(PHASES[2], 3, len(PHASES), preview(picture))
    picture, notes = refinement.refined(picture, notes, brief, rng, take)
    picture, notes = refinement.between(kept, (picture, notes), strength)
    report(PHASES[3], 4, len(PHASES))
    return encode(picture, size, _caption(order, framing_words(brief)), notes)


def _caption(order: FrameOrder, framing: str) -> Caption:
    return Caption(
        order.label,
        framing,
        order.prompt,
        order.iteration,
        order.variant,
        read_move(order.movement),
    )


def _opened(data: bytes) -> tuple[Image.Image, Notes | None]:
    try:
        return open_picture(data)
    except ValueError as error:
        raise RenderFailure("INVALID_IMAGE", str(error), retryable=False) from error


def _animate(order: ClipOrder, report: Report) -> Media:
    """The clip is written to a folder of its own, because its index moves to the front last."""
    picture, notes = _opened(order.image)
    aim = refinement.aim(notes) if notes else (0.5, 0.5)
    size = (order.width, order.height)

    def pictures() -> Iterator[VideoFrame]:
        moves = windows(read_move(order.movement), order.frames, aim)
        for count, window in enumerate(moves):
            if count % REPORT_EVERY_FRAMES == 0:
                report("camera", count, order.frames)
            yield video_picture(through(picture, window, size))

    with tempfile.TemporaryDirectory(prefix="storyreel-clip-") as folder:
        path = Path(folder) / "clip.mp4"
        encode_shot(pictures(), path, order.rate, size)
        data = path.read_bytes()
    report("camera", order.frames, order.frames)
    return Media(data, "video/mp4", *size)
