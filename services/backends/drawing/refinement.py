"""The parent restaged: its composition stays; new words change light, weather and detail."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from PIL import Image, ImageEnhance, ImageOps

from services.backends.drawing.atmosphere import (
    graded,
    grained,
    leaning,
    light_from,
    vignette,
    weathered,
)
from services.backends.drawing.canvas import HEIGHT, Canvas
from services.backends.drawing.palette import PALETTES
from services.backends.drawing.props import canopy
from services.backends.drawing.sheet import Notes
from services.backends.drawing.stage import HEIGHTS, composition
from services.backends.drawing.words import Brief, Framing, Hour

ZOOM_MAX = 3.0
CLOSER = 1.45
FACE_ZOOM = 1.6
"""From here on the camera goes for the face."""
FACE = 0.2
HALFWAY = 0.5
"""From here on a picture counts as restaged."""
BREATH = (1.0, 1.035, 1.02, 1.05, 1.01)
"""How much each variant moves in, so that no two crop the parent alike."""
BALANCE = (
    (1.0, 1.0, 1.0),
    (1.06, 1.0, 0.92),
    (0.94, 1.0, 1.06),
    (1.03, 0.97, 1.02),
    (0.98, 1.03, 0.97),
)
WARM, COOL = (1.10, 1.0, 0.84), (0.88, 0.98, 1.12)


def framed(
    parent: Image.Image, notes: Notes, brief: Brief, take: int, strength: float
) -> tuple[Image.Image, Notes]:
    """The parent's picture, moved in toward the lead where the new words ask for it.

    At a strength of 0 the camera stays where it was, at 1 it goes all the way.
    """
    zoom = BREATH[take % len(BREATH)]
    if "closer" in brief.looks:
        zoom *= CLOSER
    tighter = HEIGHTS[brief.framing] / max(HEIGHTS[notes.framing], 1.0)
    if tighter > 1.3 and notes.lead:
        zoom *= min(tighter, ZOOM_MAX)
    zoom = 1 + (min(zoom, ZOOM_MAX) - 1) * strength
    width, height = parent.size
    x, y = aim(notes) if zoom > max(BREATH) else (0.5, 0.5)
    if zoom > FACE_ZOOM and notes.lead:
        y = notes.lead[1] + notes.lead[2] * FACE
    left = min(max(x * width - width / zoom / 2, 0.0), width - width / zoom)
    top = min(max(y * height - height / zoom / 2, 0.0), height - height / zoom)
    box = (left, top, left + width / zoom, top + height / zoom)
    moved = replace(
        notes,
        framing=brief.framing if tighter > 1.3 and strength >= HALFWAY else notes.framing,
        horizon=(notes.horizon - top / height) * zoom,
        lead=notes.lead
        and (
            (notes.lead[0] - left / width) * zoom,
            (notes.lead[1] - top / height) * zoom,
            notes.lead[2] * zoom,
        ),
    )
    return parent.resize(parent.size, Image.Resampling.BICUBIC, box=box), moved


def aim(notes: Notes) -> tuple[float, float]:
    """The middle of what is seen of the lead, as shares of the picture."""
    if notes.lead is None:
        return 0.5, 0.5
    x, top, height = notes.lead
    return x, (max(top, 0.0) + min(top + height, 1.0)) / 2


def relit(picture: Image.Image, notes: Notes, brief: Brief, take: int) -> tuple[Image.Image, Notes]:
    """Another hour, another mood, and for each variant another side the light comes from."""
    hour = brief.hour or notes.hour
    if hour is not notes.hour:
        picture = graded(picture, notes.hour, hour)
    for look, balance in (("warmer", WARM), ("cooler", COOL)):
        if look in brief.looks:
            picture = leaning(picture, balance)
    if "brighter" in brief.looks:
        picture = ImageEnhance.Brightness(picture).enhance(1.16)
    if "darker" in brief.looks:
        picture = ImageEnhance.Contrast(ImageEnhance.Brightness(picture).enhance(0.8)).enhance(1.15)
    picture = leaning(picture, BALANCE[take % len(BALANCE)])
    strength = 0.2 if hour is Hour.NIGHT else 0.34
    return light_from(picture, composition(take).light, PALETTES[hour].paper, strength), replace(
        notes, hour=hour
    )


def dressed(picture: Image.Image, notes: Notes, brief: Brief, rng: Random) -> Image.Image:
    """Things the new words add. Without a known lead only light can be added."""
    palette = PALETTES[notes.hour]
    canvas = Canvas(picture.size, palette, rng)
    canvas.image.paste(picture.resize(canvas.image.size, Image.Resampling.BILINEAR))
    colour = brief.colour or palette.accent
    lead = notes.lead
    if "umbrella" in brief.looks and lead and lead[2] < 3.5:
        x, top, unit = lead[0] * canvas.width, lead[1] * HEIGHT, lead[2] * HEIGHT / 7.5
        canvas.line(
            [(x + unit * 0.95, top + unit * 2.0), (x + unit * 0.5, top - unit)],
            palette.ink,
            max(3.0, unit * 0.05),
        )
        canopy(canvas, (x + unit * 0.4, top - unit * 0.1), unit * 1.95, colour)
    elif brief.hour is Hour.NIGHT and lead and not brief.colour:
        at = (lead[0] * canvas.width, (lead[1] + lead[2] * 0.25) * HEIGHT)
        canvas.glow(at, (lead[2] * HEIGHT, lead[2] * HEIGHT * 0.8), palette.paper, 0.22)
    elif "lantern" in brief.looks or "neon" in brief.looks or brief.colour:
        at = (canvas.width * 0.5, HEIGHT * 0.4)
        if lead:
            at = (lead[0] * canvas.width, (lead[1] + lead[2] * 0.3) * HEIGHT)
        canvas.glow(at, (620, 520), colour, 0.42)
    else:
        return picture
    return canvas.finished()


def refined(
    picture: Image.Image, notes: Notes, brief: Brief, rng: Random, take: int
) -> tuple[Image.Image, Notes]:
    """The new weather over the restaged picture, and fresh paper."""
    paper = PALETTES[notes.hour].paper
    if brief.weather and brief.weather is not notes.weather:
        picture = weathered(picture, brief.weather, rng, paper, notes.horizon)
        notes = replace(notes, weather=brief.weather)
    return grained(vignette(picture, 0.08 + 0.05 * (take % 3)), rng), notes


def between(
    kept: tuple[Image.Image, Notes], restaged: tuple[Image.Image, Notes], strength: float
) -> tuple[Image.Image, Notes]:
    """The restaged picture as far as the strength lets it take over from the same view before."""
    picture = Image.blend(kept[0], restaged[0], strength)
    return picture, (restaged if strength >= HALFWAY else kept)[1]


def assumed_notes(brief: Brief) -> Notes:
    """What is taken for granted about an image that was drawn elsewhere."""
    known = brief.framing if brief.framing is not Framing.INSERT else Framing.WIDE
    return Notes(known, Hour.DAY, None, 0.5, None)


def fitted(parent: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The parent cropped to the shape of the new picture, never stretched."""
    if parent.size == size:
        return parent
    return ImageOps.fit(parent, size, Image.Resampling.LANCZOS)
