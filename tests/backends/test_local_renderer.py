"""The embedded renderer, by looking at the pixels that come out of it."""

from __future__ import annotations

import asyncio
import io
import math
import os
import tempfile
import threading
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from PIL import Image, ImageChops, ImageFont, ImageStat

from services.backends.drawing.sheet import drawable, open_picture, wrap
from services.backends.drawing.words import Angle, Framing, Move, Place, read_brief, read_move
from services.backends.local_renderer import LocalRenderer
from services.backends.renderer import Canceled, ClipOrder, FrameOrder, RenderFailure

PROMPT = "A woman waits alone on the platform as the last train leaves"
DIFFERENT = 12.0
"""A mean difference per pixel, of 255, that nobody could overlook."""


class Heard:
    """A report that remembers, and cancels when it has heard enough."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.steps: list[tuple[str, int, int]] = []
        self.previews: list[bytes] = []
        self.cancel_at = cancel_at
        self.begun = threading.Event()

    def __call__(self, phase: str, step: int, total: int, preview: bytes | None = None) -> None:
        self.steps.append((phase, step, total))
        self.begun.set()
        if preview is not None:
            self.previews.append(preview)
        if self.cancel_at is not None and step >= self.cancel_at:
            raise Canceled


def an_order(prompt: str = PROMPT, variant: int = 1, framing: str | None = "WIDE") -> FrameOrder:
    return FrameOrder(
        prompt=prompt, label="SC 2 / SH 1", iteration=1, variant=variant, seed=7, framing=framing
    )


async def drawn(order: FrameOrder) -> bytes:
    return (await LocalRenderer().draw(order, Heard())).data


def difference(one: bytes, other: bytes) -> float:
    """The mean difference of two picture areas, 0..255."""
    pictures = [open_picture(data)[0].resize((320, 156)) for data in (one, other)]
    channels = ImageStat.Stat(ImageChops.difference(*pictures)).mean
    return sum(channels) / len(channels)


async def test_the_same_order_gives_the_same_bytes() -> None:
    order, again = an_order(), an_order()
    assert await drawn(order) == await drawn(again)


@pytest.mark.parametrize("size", [(1280, 720), (1024, 576), (720, 1280), (1920, 1080)])
async def test_a_frame_has_the_size_that_was_ordered(size: tuple[int, int]) -> None:
    media = await LocalRenderer().draw(replace(an_order(), width=size[0], height=size[1]), Heard())
    with Image.open(io.BytesIO(media.data)) as image:
        assert (image.format, image.size) == ("JPEG", size)
    assert (media.width, media.height) == size
    assert media.media_type == "image/jpeg"


@pytest.mark.parametrize("seed_step", [0, 1])
async def test_every_variant_is_another_composition(seed_step: int) -> None:
    """Whether all variants of a batch share a seed or count it up."""
    frames = [
        await drawn(replace(an_order(variant=n), seed=7 + n * seed_step)) for n in range(1, 5)
    ]
    pairs = [(a, b) for n, a in enumerate(frames) for b in frames[n + 1 :]]
    assert min(difference(a, b) for a, b in pairs) > DIFFERENT


@pytest.mark.parametrize("field", ["prompt", "framing", "angle"])
async def test_prompt_framing_and_angle_change_the_picture(field: str) -> None:
    changed = {
        "prompt": replace(an_order(), prompt="A samurai in a bamboo forest at night"),
        "framing": replace(an_order(), framing="CU"),
        "angle": replace(an_order(), angle="low angle"),
    }
    assert difference(await drawn(an_order()), await drawn(changed[field])) > DIFFERENT


@pytest.mark.parametrize("framing", [member.value for member in Framing])
@pytest.mark.parametrize("angle", [member.value for member in Angle])
async def test_every_framing_can_be_drawn_from_every_angle(framing: str, angle: str) -> None:
    order = replace(an_order("Two children with a lantern at a table"), framing=framing)
    data = await drawn(replace(order, angle=angle, width=640, height=360))
    area, notes = open_picture(data)
    assert notes is not None
    assert notes.framing.value == framing
    assert max(ImageStat.Stat(area).stddev) > 8, "an empty picture"


@pytest.mark.parametrize("place", list(Place))
async def test_every_place_looks_unlike_an_empty_field(place: Place) -> None:
    if place is Place.FIELD:
        return
    order = replace(an_order(f"establishing {place.value}"), framing=None, width=640, height=360)
    field = replace(order, prompt="establishing field")
    assert difference(await drawn(order), await drawn(field)) > DIFFERENT / 2


@pytest.mark.parametrize("words", ["night, rain", "fog", "a red umbrella", "at sunset"])
async def test_a_refinement_is_its_parent_restaged(words: str) -> None:
    parent = await drawn(an_order())
    child = await drawn(replace(an_order(words), iteration=2, parent=parent))
    stranger = await drawn(an_order("Mountains at noon", framing="ELS"))
    assert difference(child, parent) > 1.5, "nothing was changed"
    assert likeness(child, parent) > likeness(child, stranger) + 0.1


async def test_closer_moves_in_on_the_lead() -> None:
    parent = await drawn(an_order())
    child = await drawn(replace(an_order("closer, warmer"), iteration=2, parent=parent))
    before, after = open_picture(parent)[1], open_picture(child)[1]
    assert before is not None
    assert after is not None
    nobody = (0.0, 0.0, 0.0)
    (was_x, _, was_tall), (is_x, _, is_tall) = before.lead or nobody, after.lead or nobody
    assert was_tall > 0
    assert is_tall > 1.3 * was_tall
    assert abs(is_x - 0.5) < abs(was_x - 0.5)


def likeness(one: bytes, other: bytes) -> float:
    """How far light and dark are in the same places, whatever the exposure: 1 is everywhere."""
    values = [
        [float(v) for v in open_picture(data)[0].convert("L").resize((64, 32)).tobytes()]
        for data in (one, other)
    ]
    centred = [[v - sum(row) / len(row) for v in row] for row in values]
    product = sum(a * b for a, b in zip(centred[0], centred[1], strict=True))
    return product / (math.hypot(*centred[0]) * math.hypot(*centred[1]))


async def test_a_refinement_keeps_the_parents_framing_unless_another_is_said() -> None:
    parent = await drawn(an_order(framing="ELS"))
    night = replace(an_order("night", framing=None), iteration=2, parent=parent)
    framings = [
        (open_picture(await drawn(order))[1] or pytest.fail("no notes")).framing
        for order in (night, replace(night, framing="MS"))
    ]
    assert framings == [Framing.EXTREME_WIDE, Framing.MEDIUM]


async def test_a_refinement_of_an_image_from_elsewhere_keeps_all_of_it() -> None:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((900, 500)).save(out, "PNG")
    child = await drawn(replace(an_order("fog"), parent=out.getvalue()))
    assert likeness(child, out.getvalue()) > 0.7


@pytest.mark.parametrize("words", ["At night in the rain", "closer, warmer light"])
async def test_a_refinement_goes_as_far_from_its_parent_as_its_strength(words: str) -> None:
    parent = await drawn(an_order())
    order = replace(an_order(words, variant=2), iteration=2, parent=parent)
    steps = [await drawn(replace(order, strength=strength)) for strength in (0, 0.35, 0.7, 1)]

    away = [difference(parent, step) for step in steps]
    assert away[0] < 2.0
    assert all(after - before > 1.5 for before, after in pairwise(away)), away
    assert steps[-1] == await drawn(order)


async def test_variants_of_a_refinement_differ() -> None:
    parent = await drawn(an_order())
    order = replace(an_order("night"), iteration=2, parent=parent)
    one, other = await drawn(order), await drawn(replace(order, variant=2))
    assert difference(one, other) > 4


async def test_progress_is_told_in_order_with_one_small_preview() -> None:
    heard = Heard()
    await LocalRenderer().draw(an_order(), heard)
    assert [step for _, step, _ in heard.steps] == [1, 2, 3, 4, 5]
    assert {total for _, _, total in heard.steps} == {5}
    assert len(heard.previews) == 1
    assert len(heard.previews[0]) <= 4096
    with Image.open(io.BytesIO(heard.previews[0])) as image:
        assert (image.format, image.width) == ("JPEG", 160)


async def test_canceled_passes_through_a_drawing() -> None:
    heard = Heard(cancel_at=2)
    with pytest.raises(Canceled):
        await LocalRenderer().draw(an_order(), heard)
    assert heard.steps[-1][1] == 2


async def test_canceled_passes_through_a_clip_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    heard = Heard(cancel_at=16)
    with pytest.raises(Canceled):
        await LocalRenderer().animate(a_clip(await drawn(an_order()), 48), heard)
    assert heard.steps[-1][1] == 16
    assert not os.listdir(tmp_path)


async def test_a_cancelled_task_stops_the_thread_behind_it() -> None:
    heard = Heard()
    image = await drawn(an_order())
    task = asyncio.create_task(LocalRenderer().animate(a_clip(image, 1_000), heard))
    await asyncio.to_thread(heard.begun.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.2)
    told = len(heard.steps)
    await asyncio.sleep(0.3)
    assert len(heard.steps) == told < 100


def a_clip(image: bytes, frames: int, rate: Fraction = Fraction(24)) -> ClipOrder:
    return ClipOrder(image=image, frames=frames, rate=rate, seed=1, width=640, height=360)


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(24000, 1001)])
async def test_a_clip_has_exactly_its_frames_at_its_rate(rate: Fraction) -> None:
    order = a_clip(await drawn(an_order()), 37, rate)
    media = await LocalRenderer().animate(order, Heard())
    assert (media.media_type, media.width, media.height) == ("video/mp4", 640, 360)
    with av.open(io.BytesIO(media.data), "r") as container:
        stream = container.streams.video[0]
        tick = stream.time_base or Fraction(0)
        times = [(frame.pts or 0) * tick for frame in container.decode(stream)]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == rate
        assert (stream.duration or 0) * tick == 37 / rate
    assert times == [n / rate for n in range(37)]
    assert media.data.index(b"moov") < media.data.index(b"mdat"), "a browser cannot start early"


async def test_the_same_clip_order_gives_the_same_bytes() -> None:
    order = a_clip(await drawn(an_order()), 12)
    renderer = LocalRenderer()
    assert (await renderer.animate(order, Heard())) == (await renderer.animate(order, Heard()))


def picture(frame: VideoFrame) -> Image.Image:
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV
    return image


@pytest.mark.parametrize("movement", ["push in", "pan left", "tilt up", "dolly out", None])
async def test_the_camera_moves(movement: str | None) -> None:
    order = replace(a_clip(await drawn(an_order()), 24), movement=movement)
    media = await LocalRenderer().animate(order, Heard())
    with av.open(io.BytesIO(media.data), "r") as container:
        frames = [picture(frame) for frame in container.decode(video=0)]
    moved = ImageStat.Stat(ImageChops.difference(frames[0], frames[-1])).mean
    assert sum(moved) / 3 > 4


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(an_order(), width=100), "INVALID_SIZE"),
        (replace(an_order(), height=9_000), "INVALID_SIZE"),
        (replace(an_order(), width=1281), "INVALID_SIZE"),
        (replace(an_order(), parent=b"no image"), "INVALID_IMAGE"),
    ],
)
async def test_what_cannot_be_drawn_is_refused(order: FrameOrder, code: str) -> None:
    with pytest.raises(RenderFailure) as refusal:
        await drawn(order)
    assert (refusal.value.code, refusal.value.retryable) == (code, False)


async def test_a_clip_of_no_frames_is_refused() -> None:
    with pytest.raises(RenderFailure, match="frames"):
        await LocalRenderer().animate(a_clip(b"", 0), Heard())


@pytest.mark.parametrize(
    ("words", "framing"),
    [
        ("ELS", Framing.EXTREME_WIDE),
        ("Wide", Framing.WIDE),
        ("medium close-up", Framing.MEDIUM_CLOSE),
        ("close up", Framing.CLOSE_UP),
        ("extreme close-up", Framing.EXTREME_CLOSE_UP),
        ("O.T.S., over the shoulder", Framing.OVER_THE_SHOULDER),
        ("Two-shot", Framing.TWO_SHOT),
        ("FULL_SHOT", Framing.FULL),
        ("MEDIUM_SHOT", Framing.MEDIUM),
        ("drone", Framing.AERIAL),
    ],
)
def test_framings_are_read_as_film_people_write_them(words: str, framing: Framing) -> None:
    assert read_brief("anything", words).framing is framing


def test_people_are_counted() -> None:
    counts = {
        "An empty street at night": 0,
        "A samurai waits": 1,
        "Kira looks at the sea": 1,
        "The rooftops of Tokyo": 0,
        "Two men at a table": 2,
        "A crowd in the square": 12,
    }
    assert {text: read_brief(text, "WIDE").people for text in counts} == counts


def test_moves_are_read_from_a_directors_words() -> None:
    moves = {
        "slow dolly in": Move.PUSH,
        "Pull back": Move.PULL,
        "track left": Move.LEFT,
        "PAN RIGHT": Move.RIGHT,
        "crane up": Move.UP,
        "tilt down": Move.DOWN,
        "static": Move.STATIC,
        "interpretive dance": None,
    }
    assert {words: read_move(words) for words in moves} == moves


def test_a_long_prompt_is_cut_to_the_strip_and_says_so() -> None:
    font = ImageFont.load_default(20)
    rows = wrap("a very long sentence about a train " * 30, font, 700)
    assert len(rows) == 3
    assert rows[-1].endswith("...")
    assert max(font.getlength(row) for row in rows) <= 700


def test_letters_that_the_font_lacks_are_folded_or_admitted() -> None:
    assert drawable("Zoë’s café – naïve…") == "Zoe's cafe - naive..."
    assert "script" in drawable("東京の夜、雨")


def test_a_comment_from_elsewhere_is_not_believed() -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(
        out, "JPEG", comment=b'{"picture": [0, 0, 9000, 9000], "framing": "WIDE"}'
    )
    image, notes = open_picture(out.getvalue())
    assert (image.size, notes) == ((64, 64), None)
