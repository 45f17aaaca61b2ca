"""What lies between the lens and the scene: light, weather and the tooth of the paper.

Works on a finished picture at its final size, so that a refinement can change it too.
"""

from __future__ import annotations

from random import Random

from PIL import Image, ImageChops, ImageDraw

from services.backends.drawing.palette import Colour
from services.backends.drawing.words import Hour, Weather

RAIN_STREAKS = 420
SNOW_FLAKES = 380
GRAIN_LEVELS = 6
FOG_BANDS = 64
"""How far the paper's tooth moves a value up or down, of 255."""


def light_from(picture: Image.Image, side: int, paper: Colour, strength: float) -> Image.Image:
    """Lifts the side the light comes from and lets the other one fall off."""
    ramp = Image.linear_gradient("L").rotate(90 if side < 0 else 270)
    lift = ramp.point([round(max(0, 128 - v) * strength) for v in range(256)])
    fall = ramp.point([round(max(0, v - 150) * strength * 1.1) for v in range(256)])
    bright = lift.resize(picture.size, Image.Resampling.BILINEAR)
    dark = fall.resize(picture.size, Image.Resampling.BILINEAR)
    lit = picture.copy()
    lit.paste(paper, (0, 0), bright)
    lit.paste((14, 14, 22), (0, 0), dark)
    return lit


def vignette(picture: Image.Image, strength: float = 0.5) -> Image.Image:
    corner = Image.radial_gradient("L").point(
        [round(max(0, v - 120) * strength) for v in range(256)]
    )
    shaded = picture.copy()
    shaded.paste((16, 16, 22), (0, 0), corner.resize(picture.size, Image.Resampling.BILINEAR))
    return shaded


def weathered(
    picture: Image.Image, weather: Weather, rng: Random, paper: Colour, horizon: float
) -> Image.Image:
    """`horizon` is where fog is thickest, as a share of the height."""
    if weather is Weather.FOG:
        return _fog(picture, paper, horizon)
    draw_mask = _rain if weather is Weather.RAIN else _snow
    mask = draw_mask(picture.size, rng)
    wet = picture.copy()
    wet.paste(paper, (0, 0), mask)
    return wet


def fog_levels(horizon: float) -> list[int]:
    """How thick fog is, 0..255 from the top of a picture down: most at the horizon."""
    middle = min(max(horizon, 0.15), 0.85)
    levels: list[int] = []
    for band in range(FOG_BANDS):
        off = band / (FOG_BANDS - 1) - middle
        clear = min(1.0, abs(off) / (0.62 if off > 0 else 0.5))
        levels.append(round(205 * max(0.12, 1 - clear) ** 1.2))
    return levels


def _fog(picture: Image.Image, paper: Colour, horizon: float) -> Image.Image:
    column = Image.new("L", (1, FOG_BANDS))
    column.putdata(fog_levels(horizon))
    veiled = picture.copy()
    veiled.paste(paper, (0, 0), column.resize(picture.size, Image.Resampling.BILINEAR))
    return veiled


def _rain(size: tuple[int, int], rng: Random) -> Image.Image:
    """Slanting streaks, the near ones long and strong, the far ones short and faint."""
    width, height = size
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    slant = rng.choice((-1, 1)) * rng.uniform(0.12, 0.26)
    for n in range(RAIN_STREAKS):
        near = (n / RAIN_STREAKS) ** 2
        x, y = rng.uniform(-0.1, 1.1) * width, rng.uniform(-0.1, 1.0) * height
        long = height * (0.035 + 0.10 * near)
        draw.line(
            [(x, y), (x + slant * long, y + long)],
            fill=round(70 + 110 * near),
            width=2 if near > 0.45 else 1,
        )
    return mask


def _snow(size: tuple[int, int], rng: Random) -> Image.Image:
    width, height = size
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    for n in range(SNOW_FLAKES):
        near = (n / SNOW_FLAKES) ** 3
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        radius = height * (0.0018 + 0.007 * near)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=round(235 - 70 * near))
    return mask


def grained(picture: Image.Image, rng: Random) -> Image.Image:
    """The tooth of the paper, seeded: Pillow's own noise cannot be repeated."""
    width, height = picture.size
    coarse = (max(1, width // 2), max(1, height // 2))
    noise = Image.frombytes("L", coarse, rng.randbytes(coarse[0] * coarse[1]))
    levels = [128 + round((v - 128) / 128 * GRAIN_LEVELS) for v in range(256)]
    tooth = noise.point(levels).resize(picture.size, Image.Resampling.BILINEAR)
    return ImageChops.add(picture, Image.merge("RGB", (tooth, tooth, tooth)), 1, -128)


def graded(picture: Image.Image, old: Hour, new: Hour) -> Image.Image:
    """The same picture at another hour: undo what the old hour did, then apply the new one."""
    curves: list[int] = []
    for before, after in zip(GRADES[old], GRADES[new], strict=True):
        for value in range(256):
            neutral = (value - before[1]) / before[0]
            curves.append(min(255, max(0, round(neutral * after[0] + after[1]))))
    return picture.point(curves)


GRADES = {
    Hour.DAY: ((1.0, 0.0), (1.0, 0.0), (1.0, 0.0)),
    Hour.OVERCAST: ((0.82, 14.0), (0.84, 14.0), (0.87, 16.0)),
    Hour.DAWN: ((0.97, 10.0), (0.90, 8.0), (0.92, 20.0)),
    Hour.SUNSET: ((0.99, 8.0), (0.82, 4.0), (0.68, 8.0)),
    Hour.NIGHT: ((0.40, 2.0), (0.45, 6.0), (0.54, 22.0)),
}
"""Per channel, the factor and the lift that turn a neutral picture into one at that hour."""


def leaning(picture: Image.Image, factors: tuple[float, float, float]) -> Image.Image:
    """Colour balance by one factor for each channel."""
    curves = [min(255, round(value * factor)) for factor in factors for value in range(256)]
    return picture.point(curves)
