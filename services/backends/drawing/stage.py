"""Where things stand: horizon, light and cast, from the brief and the variant's own choices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from services.backends.drawing.words import Angle, Brief, Framing, Hour, Place

UNSAID_PLACES = (Place.STREET, Place.FIELD, Place.ROOM)
"""The indoor one comes last: weather needs a sky."""
HORIZONS = {
    Angle.EYE_LEVEL: 470.0,
    Angle.LOW: 760.0,
    Angle.HIGH: 215.0,
    Angle.DUTCH: 520.0,
    Angle.BIRDS_EYE: -400.0,
}
AERIAL_HORIZON = 150.0
DUTCH_DEGREES = 9.0
HEIGHTS = {
    Framing.AERIAL: 62.0,
    Framing.EXTREME_WIDE: 150.0,
    Framing.WIDE: 420.0,
    Framing.FULL: 800.0,
    Framing.TWO_SHOT: 1350.0,
    Framing.OVER_THE_SHOULDER: 1500.0,
    Framing.POV: 380.0,
    Framing.MEDIUM: 1580.0,
    Framing.MEDIUM_CLOSE: 2450.0,
    Framing.CLOSE_UP: 4300.0,
    Framing.EXTREME_CLOSE_UP: 11000.0,
    Framing.INSERT: 0.0,
}
"""How tall a standing adult would be, in units of which the picture is 1000 high."""
HEAD_ROOM = {
    Framing.TWO_SHOT: 150.0,
    Framing.OVER_THE_SHOULDER: 150.0,
    Framing.MEDIUM: 130.0,
    Framing.MEDIUM_CLOSE: 130.0,
    Framing.CLOSE_UP: 150.0,
    Framing.EXTREME_CLOSE_UP: -260.0,
}
"""Where the top of the head is, for framings that cut the body."""
DEPTH_OF_FIELD = {
    Framing.TWO_SHOT: 1.25,
    Framing.OVER_THE_SHOULDER: 1.3,
    Framing.MEDIUM: 1.3,
    Framing.MEDIUM_CLOSE: 1.55,
    Framing.CLOSE_UP: 1.9,
    Framing.EXTREME_CLOSE_UP: 2.6,
    Framing.INSERT: 2.0,
}
"""How much larger, and softer, the background is behind a subject that is near."""
ANGLE_GROUND = {Angle.LOW: 0.30, Angle.HIGH: 1.35}
CLOSE_FRAMINGS = {
    Framing.MEDIUM_CLOSE: 0.8,
    Framing.CLOSE_UP: 0.6,
    Framing.EXTREME_CLOSE_UP: 0.0,
}
"""Framings for one face, and how much of its place off the middle that face keeps."""
CHILD = 0.66
CROWD_MAX = 12


@dataclass(frozen=True, slots=True)
class Composition:
    """What a variant decides for itself."""

    third: float
    """Where the lead stands, as a share of the width."""
    size: float
    level: float
    """How far the horizon is moved, in units."""
    light: int
    """-1 when the light comes from the left, 1 from the right."""
    hour: Hour
    """The hour, when no word says it."""


COMPOSITIONS = (
    Composition(0.33, 1.00, 0.0, -1, Hour.DAY),
    Composition(0.64, 1.22, -60.0, 1, Hour.DAY),
    Composition(0.48, 0.80, 55.0, -1, Hour.OVERCAST),
    Composition(0.28, 0.94, -25.0, 1, Hour.DAWN),
    Composition(0.71, 1.12, 30.0, -1, Hour.DAY),
)
"""Five, because variants may count up by one or by two: either way neighbours differ."""


def composition(take: int) -> Composition:
    """The compositions in turn, and every other round mirrored."""
    chosen = COMPOSITIONS[take % len(COMPOSITIONS)]
    if take // len(COMPOSITIONS) % 2 == 0:
        return chosen
    return replace(chosen, third=1 - chosen.third, light=-chosen.light)


@dataclass(frozen=True, slots=True)
class Role:
    """One figure. `foot` is where the sole would be, even below the picture."""

    x: float
    foot: float
    height: float
    facing: int
    """-1 looks left, 1 right, 0 at the camera."""
    back: bool
    lead: bool
    child: bool = False
    right: bool = False
    """Whether it stands in the right half of the picture."""


@dataclass(frozen=True, slots=True)
class Stage:
    brief: Brief
    place: Place
    hour: Hour
    horizon: float
    light: int
    """-1 when the light comes from the left, 1 from the right."""
    tilt_degrees: float
    cast: tuple[Role, ...]
    take: int
    """Which of the possible compositions this variant is."""

    @property
    def away(self) -> int:
        """The side that the lead leaves free, where the setting may put something heavy."""
        lead = next((role for role in self.cast if role.lead), None)
        if lead is None:
            return self.light
        return -1 if lead.right else 1

    @property
    def dark(self) -> bool:
        return self.hour is Hour.NIGHT


def set_stage(brief: Brief, take: int, rng: Random, width: float) -> Stage:
    """`take` walks through compositions, so that neighbouring variants never look alike."""
    chosen = composition(take)
    level = HORIZONS[brief.angle]
    if brief.framing is Framing.EXTREME_WIDE and brief.angle is Angle.EYE_LEVEL:
        level += 110
    horizon = level + chosen.level + rng.uniform(-14, 14)
    if brief.framing is Framing.AERIAL:
        horizon = AERIAL_HORIZON + rng.uniform(-25, 25)
    return Stage(
        brief=brief,
        place=brief.place or rng.choice(UNSAID_PLACES[: 2 if brief.weather else 3]),
        hour=brief.hour or (Hour.OVERCAST if brief.weather else chosen.hour),
        horizon=horizon,
        light=chosen.light,
        tilt_degrees=DUTCH_DEGREES * chosen.light if brief.angle is Angle.DUTCH else 0.0,
        cast=tuple(_cast(brief, chosen, rng, horizon, width)),
        take=take,
    )


def _cast(
    brief: Brief, chosen: Composition, rng: Random, horizon: float, width: float
) -> list[Role]:
    if brief.people == 0:
        return []
    if brief.framing is Framing.OVER_THE_SHOULDER:
        return _over_the_shoulder(chosen.light, width)
    height = HEIGHTS[brief.framing] * (1.08 if brief.angle is Angle.LOW else 1.0)
    height *= chosen.size if height < 700 else 1 + (chosen.size - 1) * 0.3
    x = width * (chosen.third + rng.uniform(-0.02, 0.02))
    if brief.framing in CLOSE_FRAMINGS:
        x = width / 2 + (x - width / 2) * CLOSE_FRAMINGS[brief.framing]
    elif brief.people == 2:
        x = width / 2 + (0.5 if x > width / 2 else -0.5) * _gap(brief, height)
    child = "child" in brief.looks and brief.people == 1
    facing = 1 if x < width / 2 else -1
    lead = Role(
        x=x,
        foot=_foot(brief, height, horizon),
        height=height * (CHILD if child and brief.framing not in HEAD_ROOM else 1.0),
        facing=0 if brief.framing is Framing.EXTREME_CLOSE_UP else facing,
        back="back" in brief.looks,
        lead=True,
        child=child,
        right=x > width / 2,
    )
    others = [] if brief.framing in CLOSE_FRAMINGS else _others(brief, lead, rng, width)
    return [*others, lead]


def _gap(brief: Brief, height: float) -> float:
    return max(height * (0.75 if "sword" in brief.looks else 0.42), 110.0)


def _foot(brief: Brief, height: float, horizon: float) -> float:
    if brief.framing in HEAD_ROOM:
        return HEAD_ROOM[brief.framing] + height
    if brief.framing is Framing.FULL:
        return 940.0
    foot = horizon + height * ANGLE_GROUND.get(brief.angle, 0.93)
    return min(max(foot, horizon + 90), 945.0)


def _over_the_shoulder(side: int, width: float) -> list[Role]:
    """The listener's back fills one edge; the speaker faces the camera beyond."""
    near = width / 2 + side * width * 0.30
    far = width / 2 - side * width * 0.13
    return [
        Role(far, 150 + 1650, 1650, side, False, True),
        Role(near, 60 + 3900, 3900, 0, True, False),
    ]


def _others(brief: Brief, lead: Role, rng: Random, width: float) -> list[Role]:
    """The rest of the cast, farthest first, on the far side of the picture from the lead."""
    if brief.people == 2:
        child = "child" in brief.looks
        size = lead.height * (CHILD if child else 0.97)
        foot = lead.foot if lead.foot < 950 else lead.foot - (lead.height - size) * 0.4
        x = lead.x + lead.facing * _gap(brief, lead.height)
        return [Role(x, foot, size, -lead.facing, lead.back, False, child)]
    roles: list[Role] = []
    count = min(brief.people - 1, CROWD_MAX)
    for n in range(count):
        share = (n + 0.5) / count
        depth = 0.52 + 0.40 * (n % 3) / 2 if lead.foot < 950 else 0.82 + 0.06 * (n % 3)
        x = width * (0.06 + 0.88 * share) + rng.uniform(-25, 25)
        if abs(x - lead.x) < lead.height * 0.16:
            x += lead.height * (0.2 if x >= lead.x else -0.2)
        ground = lead.foot - (lead.foot - 470) * (1 - depth) * 0.9 if lead.foot < 950 else lead.foot
        roles.append(Role(x, ground, lead.height * depth, rng.choice((-1, 1)), lead.back, False))
    return sorted(roles, key=lambda role: role.height)
