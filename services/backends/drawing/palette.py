"""The few markers a frame is drawn with. Values carry the picture, hue only tints it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from services.backends.drawing.words import Hour

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """From light to dark: paper, far, mid, near, ink; beside them sky, ground and one accent."""

    paper: Colour
    sky_top: Colour
    sky_low: Colour
    far: Colour
    mid: Colour
    near: Colour
    ink: Colour
    ground: Colour
    accent: Colour


PALETTES = {
    Hour.DAY: Palette(
        paper=(250, 246, 236),
        sky_top=(205, 217, 222),
        sky_low=(241, 240, 231),
        far=(198, 205, 206),
        mid=(150, 157, 159),
        near=(92, 97, 102),
        ink=(36, 36, 40),
        ground=(218, 212, 198),
        accent=(204, 78, 48),
    ),
    Hour.OVERCAST: Palette(
        paper=(240, 240, 236),
        sky_top=(166, 173, 179),
        sky_low=(212, 215, 214),
        far=(180, 185, 188),
        mid=(134, 140, 145),
        near=(80, 85, 92),
        ink=(32, 34, 38),
        ground=(184, 186, 184),
        accent=(186, 74, 58),
    ),
    Hour.DAWN: Palette(
        paper=(254, 242, 230),
        sky_top=(158, 172, 196),
        sky_low=(250, 221, 200),
        far=(196, 190, 200),
        mid=(146, 140, 156),
        near=(86, 82, 100),
        ink=(38, 34, 48),
        ground=(206, 192, 188),
        accent=(226, 112, 84),
    ),
    Hour.SUNSET: Palette(
        paper=(255, 238, 210),
        sky_top=(134, 112, 130),
        sky_low=(248, 194, 130),
        far=(204, 154, 128),
        mid=(142, 104, 100),
        near=(80, 60, 66),
        ink=(36, 26, 32),
        ground=(188, 146, 122),
        accent=(226, 84, 44),
    ),
    Hour.NIGHT: Palette(
        paper=(216, 224, 234),
        sky_top=(34, 44, 68),
        sky_low=(94, 110, 138),
        far=(78, 92, 120),
        mid=(56, 68, 94),
        near=(36, 45, 66),
        ink=(12, 15, 25),
        ground=(74, 85, 108),
        accent=(246, 190, 92),
    ),
}
TINTS: tuple[Colour, ...] = ((214, 160, 92), (96, 136, 180), (168, 150, 122), (110, 150, 128))


def blend(one: Colour, other: Colour, share: float) -> Colour:
    """`share` 0 gives `one`, 1 gives `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def tinted(palette: Palette, tint: Colour, share: float) -> Palette:
    """Every marker but ink and accent leans to `tint`, keeping its own lightness roughly."""
    changed: dict[str, Colour] = {}
    for field in fields(palette):
        if field.name not in ("ink", "accent"):
            own: Colour = getattr(palette, field.name)
            level = sum(own) / max(sum(tint), 1)
            toward = tuple(min(255, round(channel * level)) for channel in tint)
            changed[field.name] = blend(own, (toward[0], toward[1], toward[2]), share)
    return replace(palette, **changed)
