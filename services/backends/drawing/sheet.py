"""The paper around a picture: border, caption strip, and what the next artist must know.

A JPEG comment remembers where on the sheet the picture is and how it was staged, so that a
refinement and a camera move work on the picture and never on its caption.
"""

from __future__ import annotations

import io
import json
import unicodedata
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from services.backends.drawing.words import Brief, Framing, Hour, Move, Weather

PAPER = (246, 243, 235)
INK = (40, 40, 44)
PENCIL = (108, 108, 112)
JPEG_QUALITY = 90
PROMPT_LINES = 3
UNDRAWABLE = "(the prompt is in a script that this font cannot draw)"
PIXELS_MAX = 40_000_000
READABLE = ("JPEG", "PNG", "WEBP")
PREVIEW_WIDTH = 160
PREVIEW_QUALITY = 40

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Notes:
    """How a picture was staged. `lead` is head x, head top and body height, as shares of it."""

    framing: Framing
    hour: Hour
    weather: Weather | None
    horizon: float
    lead: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Caption:
    label: str
    framing: str
    prompt: str
    iteration: int
    variant: int
    move: Move | None


def picture_box(size: tuple[int, int]) -> Box:
    """Where the picture is on a sheet of this size: left, top, right, bottom."""
    unit = _unit(size)
    margin, strip = round(20 * unit), round(100 * unit)
    return margin, margin, size[0] - margin, size[1] - strip


def _unit(size: tuple[int, int]) -> float:
    """The sheet is laid out for 1280 x 720; this is how much larger it is."""
    return min(size[0] / 1280, size[1] / 720)


def encode(picture: Image.Image, size: tuple[int, int], caption: Caption, notes: Notes) -> bytes:
    """The finished sheet as a JPEG without colour subsampling."""
    box = picture_box(size)
    sheet = Image.new("RGB", size, PAPER)
    sheet.paste(picture, box[:2])
    draw = ImageDraw.Draw(sheet)
    line = max(2, round(2.5 * _unit(size)))
    draw.rectangle(
        [box[0] - line, box[1] - line, box[2] + line - 1, box[3] + line - 1], None, INK, line
    )
    _write_caption(draw, size, caption)
    out = io.BytesIO()
    sheet.save(
        out, "JPEG", quality=JPEG_QUALITY, subsampling=0, comment=_remember(box, notes).encode()
    )
    return out.getvalue()


def _remember(box: Box, notes: Notes) -> str:
    return json.dumps(
        {
            "picture": box,
            "framing": notes.framing.value,
            "hour": notes.hour.value,
            "weather": notes.weather.value if notes.weather else None,
            "horizon": round(notes.horizon, 4),
            "lead": [round(share, 4) for share in notes.lead] if notes.lead else None,
        }
    )


def open_picture(data: bytes) -> tuple[Image.Image, Notes | None]:
    """The picture alone, without its sheet. An image from elsewhere is all picture, unannotated.

    Raises ValueError for what is not a JPEG, PNG or WebP of reasonable size.
    """
    try:
        with Image.open(io.BytesIO(data), formats=READABLE) as image:
            if image.width * image.height > PIXELS_MAX:
                raise ValueError(f"The image has more than {PIXELS_MAX} pixels.")
            comment = image.info.get("comment", b"")
            picture = image.convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("The image cannot be read.") from error
    return _recall(picture, comment)


def _recall(picture: Image.Image, comment: bytes) -> tuple[Image.Image, Notes | None]:
    """A comment that was not written here, or was tampered with, counts as none."""
    try:
        known = json.loads(comment)
        left, top, right, bottom = (int(edge) for edge in known["picture"])
        weather, lead = known["weather"], known["lead"]
        notes = Notes(
            Framing(known["framing"]),
            Hour(known["hour"]),
            Weather(weather) if weather else None,
            float(known["horizon"]),
            (float(lead[0]), float(lead[1]), float(lead[2])) if lead else None,
        )
    except (ValueError, KeyError, TypeError, IndexError):
        return picture, None
    if not (0 <= left < right <= picture.width and 0 <= top < bottom <= picture.height):
        return picture, None
    return picture.crop((left, top, right, bottom)), notes


def preview(picture: Image.Image) -> bytes:
    """A tiny JPEG of unfinished work."""
    height = max(1, round(PREVIEW_WIDTH * picture.height / picture.width))
    out = io.BytesIO()
    small = picture.resize((PREVIEW_WIDTH, height), Image.Resampling.BILINEAR, reducing_gap=1.0)
    small.save(out, "JPEG", quality=PREVIEW_QUALITY)
    return out.getvalue()


def framing_words(brief: Brief) -> str:
    if brief.angle.name == "EYE_LEVEL":
        return brief.framing.value
    return f"{brief.framing.value}, {brief.angle.value}"


def _write_caption(draw: ImageDraw.ImageDraw, size: tuple[int, int], caption: Caption) -> None:
    unit = _unit(size)
    left, _, right, bottom = picture_box(size)
    top = bottom + round(11 * unit)
    strip = size[1] - top - round(10 * unit)
    label, small, text = (ImageFont.load_default(size * unit) for size in (30, 16, 21))
    column = round(300 * unit)
    draw.text((left, top), _fit(caption.label, label, column), INK, label)
    framing = _fit(caption.framing, small, column)
    draw.text((left, top + round(42 * unit)), framing, PENCIL, small)
    stamp = f"ITERATION {caption.iteration}   VARIANT {caption.variant}"
    draw.text((left, top + round(62 * unit)), stamp, PENCIL, small)
    edge = right
    if caption.move is not None:
        edge -= round(150 * unit)
        _draw_move(draw, (edge, top, right, top + strip), caption.move, unit)
    start = left + column + round(24 * unit)
    draw.line([(start - round(12 * unit), top), (start - round(12 * unit), top + strip)], PENCIL, 1)
    lines = wrap(caption.prompt, text, edge - start - round(16 * unit))
    for n, row in enumerate(lines):
        draw.text((start, top + round((1 + 27 * n) * unit)), row, INK, text)


Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def drawable(text: str) -> str:
    """Plain letters: the built-in font knows ASCII and little else; accents are left off."""
    for odd, plain in (("–", "-"), ("—", "-"), ("’", "'"), ("‘", "'"), ("…", "...")):
        text = text.replace(odd, plain)
    folded = unicodedata.normalize("NFKD", text)
    letters = [c for c in folded if not unicodedata.combining(c)]
    plain = " ".join("".join(c if " " <= c <= "~" else " " for c in letters).split())
    lost = sum(1 for c in letters if c.isalpha() and not c.isascii())
    return UNDRAWABLE if lost > len(plain) else plain


def _fit(text: str, font: Font, width: float) -> str:
    text = drawable(text)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip() + "..."


def wrap(text: str, font: Font, width: float) -> list[str]:
    """At most `PROMPT_LINES` rows that fit; what is left over ends in an ellipsis."""
    rows: list[str] = []
    words = drawable(text).split()
    while words and len(rows) < PROMPT_LINES:
        row = words.pop(0)
        while words and font.getlength(f"{row} {words[0]}") <= width:
            row = f"{row} {words.pop(0)}"
        rows.append(_fit(row, font, width))
    if words:
        rows[-1] = _fit(f"{rows[-1]} {words[0]}" + " " * 4 + "." * 400, font, width)
    return rows


def _draw_move(draw: ImageDraw.ImageDraw, box: Box, move: Move, unit: float) -> None:
    """A pictogram of the camera's move: a small frame with arrows, and its name."""
    left, top, right, bottom = box
    small = ImageFont.load_default(16 * unit)
    name = move.value.upper()
    draw.text(((left + right) / 2, bottom - 1 * unit), name, PENCIL, small, anchor="md")
    width, height = 78 * unit, 44 * unit
    x, y = (left + right) / 2, top + 6 * unit + height / 2
    frame = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    draw.rectangle(frame, None, INK, max(1, round(2 * unit)))
    for start, end in ARROWS[move]:
        _arrow(
            draw,
            (x + start[0] * width, y + start[1] * height),
            (x + end[0] * width, y + end[1] * height),
            unit,
        )


def _arrow(
    draw: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float], unit: float
) -> None:
    length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
    dx, dy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    head, half = min(11 * unit, length * 0.7), 6.5 * unit
    neck = (end[0] - dx * head, end[1] - dy * head)
    draw.line([start, neck], INK, max(2, round(4 * unit)))
    draw.polygon(
        [
            end,
            (neck[0] - dy * half, neck[1] + dx * half),
            (neck[0] + dy * half, neck[1] - dx * half),
        ],
        INK,
    )


Arrow = tuple[tuple[float, float], tuple[float, float]]
CORNERS = ((-1, -1), (1, -1), (-1, 1), (1, 1))
ARROWS: dict[Move, tuple[Arrow, ...]] = {
    Move.STATIC: (),
    Move.PUSH: tuple(((x * 0.5, y * 0.5), (x * 0.17, y * 0.12)) for x, y in CORNERS),
    Move.PULL: tuple(((x * 0.14, y * 0.1), (x * 0.46, y * 0.44)) for x, y in CORNERS),
    Move.LEFT: (((0.38, 0.0), (-0.72, 0.0)),),
    Move.RIGHT: (((-0.38, 0.0), (0.72, 0.0)),),
    Move.UP: (((0.0, 0.4), (0.0, -0.62)),),
    Move.DOWN: (((0.0, -0.4), (0.0, 0.62)),),
}
"""From and to, in widths and heights of the pictogram's frame, from its middle."""
