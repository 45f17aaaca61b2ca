"""People, built as an artist blocks them in: seven and a half heads, parts that overlap.

Body coordinates count heads: across from the middle axis (positive is where the figure looks),
up from the sole. The crown of a standing adult is at 7.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from services.backends.drawing.canvas import Canvas, Point, smooth
from services.backends.drawing.palette import Colour, blend
from services.backends.drawing.stage import Role, Stage
from services.backends.drawing.words import Angle, Framing

HEADS = 7.5
CHIN = 6.5
CHILD_LIMBS = 0.70
"""A child's body below the chin, against an adult's, for a head of the same size."""
DETAIL_HEIGHT = 230.0
"""Below this height in units a figure is a gesture: no outline, no inner line."""
TAPER = {Angle.LOW: -0.34, Angle.HIGH: 0.40}
SEAT_DROP = 1.75
LONG_HAIR = (
    (-0.3, 7.48),
    (0.3, 7.48),
    (0.45, 7.1),
    (0.46, 6.5),
    (0.58, 5.9),
    (-0.62, 5.85),
    (-0.54, 6.5),
    (-0.47, 7.1),
)
"""Falls behind the neck onto the shoulders, so it is drawn before them."""


class Body:
    """Maps body coordinates to the picture and inks parts as one silhouette each."""

    def __init__(self, canvas: Canvas, stage: Stage, role: Role) -> None:
        self.canvas, self.stage, self.role = canvas, stage, role
        self.palette = canvas.palette
        self.heads = CHIN * CHILD_LIMBS + 1 if role.child else HEADS
        self.unit = role.height / self.heads
        self.detailed = role.height >= DETAIL_HEIGHT
        self.facing = role.facing or 1
        self.taper = TAPER.get(stage.brief.angle, 0.0) if role.height < 1200 else 0.0
        self.drop = 0.0
        self.garment, self.skin, self.hair = self._markers()

    def _markers(self) -> tuple[Colour, Colour, Colour]:
        palette, brief = self.palette, self.stage.brief
        garment = blend(palette.near, palette.ink, 0.0 if self.stage.dark else 0.42)
        if not self.role.lead:
            garment = palette.near if self.stage.dark else blend(palette.mid, palette.near, 0.4)
        elsewhere = brief.looks & {"umbrella", "neon", "car"} and "worn" not in brief.looks
        if brief.colour and not elsewhere and self.role.lead:
            garment = blend(brief.colour, palette.ink, 0.35 if self.stage.dark else 0.1)
        if self.role.back and self.role.height > 3000:
            garment = blend(palette.near, palette.ink, 0.65)
        skin = blend(palette.paper, palette.far, 0.35) if self.stage.dark else palette.paper
        hair = blend(palette.near, palette.ink, 0.75 if self.role.lead else 0.35)
        return garment, skin, hair

    @property
    def weight(self) -> float:
        """How thick its outline is, in units: it grows with the figure, but slowly."""
        return min(2.2 + self.unit * 0.012, 9.0)

    def at(self, across: float, up: float) -> Point:
        up -= self.drop
        if self.role.child:
            up = up * CHILD_LIMBS if up < CHIN else CHIN * CHILD_LIMBS + up - CHIN
        lean = 1 + self.taper * (up / HEADS - 0.5)
        return (
            self.role.x + across * self.facing * self.unit * lean,
            self.role.foot - up * self.unit,
        )

    def part(self, *outlines: Sequence[Point], colour: Colour, rounds: int = 2) -> None:
        """Outlines in body coordinates, inked around their union and filled."""
        paths = [
            [self.at(*point) for point in (smooth(outline, rounds) if rounds else outline)]
            for outline in outlines
        ]
        if self.detailed:
            for path in paths:
                self.canvas.line([*path, path[0], path[1]], self.palette.ink, self.weight * 2)
        for path in paths:
            self.canvas.fill(path, colour)

    def crease(
        self, points: Sequence[Point], colour: Colour | None = None, thick: float = 0.8
    ) -> None:
        """An inner pencil line."""
        if self.detailed:
            path = [self.at(*point) for point in points]
            self.canvas.line(path, colour or self.palette.ink, self.weight * thick)

    def both(self, half: Sequence[Point], colour: Colour) -> None:
        """A symmetric part from its outer half (top to bottom), with its shaded side."""
        mirrored = [(-x, y) for x, y in reversed(half)]
        self.part([*half, *mirrored], colour=colour)
        side = -self.stage.light * self.facing
        shade = [(x * side * 0.97, y) for x, y in half[1:]]
        inner = [(x * side * 0.38, y) for x, y in reversed(half[1:])]
        if self.detailed:
            outline = [self.at(*point) for point in smooth([*shade, *inner])]
            self.canvas.fill(outline, blend(colour, self.palette.ink, 0.38))


def limb(points: Sequence[tuple[float, float, float]]) -> list[Point]:
    """An outline around joints (across, up, half width), such as shoulder, elbow, wrist."""
    left: list[Point] = []
    right: list[Point] = []
    for n, (x, y, half) in enumerate(points):
        ax, ay, _ = points[max(0, n - 1)]
        bx, by, _ = points[min(len(points) - 1, n + 1)]
        length = math.hypot(bx - ax, by - ay) or 1.0
        nx, ny = -(by - ay) / length * half, (bx - ax) / length * half
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return [*left, *reversed(right)]


def shadow(canvas: Canvas, stage: Stage, role: Role) -> None:
    """Cast on the ground, away from the light; what fixes a figure to the floor."""
    if role.foot > 1040:
        return
    palette = canvas.palette
    reach = -stage.light * role.height * 0.42
    flat = max(role.height * 0.035, (role.foot - stage.horizon) * 0.05)
    tone = blend(palette.ground, palette.ink, 0.5)
    half = role.height * 0.10
    x, y = role.x, role.foot
    outline = [
        (x - half, y),
        (x, y - flat * 0.5),
        (x + half, y),
        (x + reach * 0.9, y + flat * 1.3),
        (x + reach, y + flat * 0.9),
    ]
    canvas.fill(smooth([(x - half, y + flat * 0.4), *outline]), tone)


def draw_figure(canvas: Canvas, stage: Stage, role: Role, looks: frozenset[str]) -> Body:
    """Everything from the shoes to the shoulders; the head is a drawing of its own."""
    body = Body(canvas, stage, role)
    seated = "seated" in looks and stage.brief.framing in (Framing.FULL, Framing.WIDE)
    shadow(canvas, stage, role)
    if seated:
        _seat(body)
    elif role.foot - role.height * 0.55 < 1000:
        _legs(body, looks)
    _torso(body, looks)
    return body


def _seat(body: Body) -> None:
    body.part([(-0.9, 2.0), (0.5, 2.0), (0.5, 0), (-0.9, 0)], colour=body.palette.mid, rounds=0)
    body.drop = SEAT_DROP
    dark = blend(body.garment, body.palette.ink, 0.25)
    thigh = limb([(-0.2, 4.0, 0.4), (1.25, 4.0, 0.33)])
    shin = limb([(1.2, 4.1, 0.3), (1.28, 1.95, 0.2)])
    shoe = [(1.05, 2.05), (1.5, 2.05), (1.95, 1.75), (1.05, 1.75)]
    body.part(thigh, shin, shoe, colour=dark)


def _legs(body: Body, looks: frozenset[str]) -> None:
    dark = blend(body.garment, body.palette.ink, 0.45)
    if "walking" in looks:
        back = limb([(-0.1, 4.0, 0.42), (-0.35, 2.1, 0.3), (-1.0, 0.5, 0.19)])
        front = limb([(0.1, 4.0, 0.42), (0.55, 2.1, 0.3), (0.75, 0.25, 0.19)])
        heel = [(-1.2, 0.55), (-0.85, 0.3), (-0.6, 0.05), (-0.85, 0.02), (-1.25, 0.3)]
        sole = [(0.55, 0.3), (0.95, 0.35), (1.3, 0.05), (0.55, 0.0)]
        body.part(back, heel, colour=blend(dark, body.palette.ink, 0.3))
        body.part(front, sole, colour=dark)
        return
    wide = 0.62 if "samurai" in looks else 0.4
    for side in (-1, 1):
        leg = limb(
            [
                (side * 0.3, 4.0, 0.42),
                (side * 0.36, 2.0, wide * 0.75),
                (side * 0.40, 0.25, wide * 0.55),
            ]
        )
        toe = 0.12 if body.role.facing else side * 0.05
        shoe = [
            (side * 0.4 - 0.24, 0.3),
            (side * 0.4 + 0.24, 0.3),
            (side * 0.4 + 0.3 + toe, 0.0),
            (side * 0.4 - 0.28, 0.0),
        ]
        body.part(leg, shoe, colour=dark)


def _torso(body: Body, looks: frozenset[str]) -> None:
    narrow = 0.84 if "woman" in looks else 1.0
    if "samurai" in looks:
        half = [(0.2, 6.42), (0.95, 6.15), (1.2, 5.6), (0.75, 4.5), (0.8, 3.9), (1.0, 1.5)]
    elif "woman" in looks:
        half = [(0.18, 6.4), (0.72, 6.15), (0.86, 5.7), (0.56, 4.75), (0.78, 3.9), (1.02, 2.3)]
    else:
        half = [(0.2, 6.42), (0.85, 6.2), (1.02, 5.7), (0.8, 4.6), (0.84, 3.8), (0.92, 2.7)]
    _arm(body, -1, narrow, looks)
    if "woman" in looks and not body.role.back:
        body.part(LONG_HAIR, colour=body.hair)
    neck = [(-0.21, 6.1), (0.23, 6.1), (0.22, 6.85), (-0.2, 6.85)]
    body.part(neck, colour=blend(body.skin, body.palette.mid, 0.4), rounds=0)
    body.both(half, body.garment)
    collar = blend(body.garment, body.palette.paper, 0.55)
    if not body.role.back:
        chest = [(-0.2, 6.34), (0.06, 5.55), (0.3, 6.34)]
        body.canvas.fill([body.at(*point) for point in chest], collar)
        body.crease([(-0.26, 6.38), (0.06, 5.5), (0.34, 6.38)], thick=1.0)
        body.crease([(0.06, 5.5), (0.04, 3.0)], thick=0.7)
    if "samurai" in looks:
        body.part([(-0.78, 4.6), (0.78, 4.6), (0.8, 4.2), (-0.8, 4.2)], colour=collar, rounds=0)
    _arm(body, 1, narrow, looks)


def _arm(body: Body, side: int, narrow: float, looks: frozenset[str]) -> None:
    sleeve = 0.17 if "samurai" not in looks else 0.34
    shoulder = (side * 0.84 * narrow, 6.0, 0.24)
    raised = side > 0 and bool(looks & {"umbrella", "lantern"})
    if raised:
        joints = [shoulder, (1.12 * narrow, 5.0, 0.22), (0.98, 5.7, 0.17)]
        hand = (0.98, 5.85)
    else:
        swing = 0.35 * side if "walking" in looks else 0.06
        elbow = (side * 1.06 * narrow, 4.85, 0.2)
        wrist = (side * 0.98 * narrow + swing, 3.75, sleeve)
        joints, hand = [shoulder, elbow, wrist], (wrist[0], 3.5)
    body.part(
        [
            (hand[0] + dx, hand[1] + dy)
            for dx, dy in ((-0.15, 0.2), (0.15, 0.2), (0.17, -0.1), (0.0, -0.24), (-0.16, -0.1))
        ],
        colour=body.skin,
    )
    lit = side * body.facing == body.stage.light
    tone = body.garment if lit else blend(body.garment, body.palette.ink, 0.3)
    body.part(limb(joints), colour=tone)
    if lit:
        rim = blend(tone, body.palette.paper, 0.7 if body.stage.dark else 0.35)
        body.crease([(x + side * half * 0.55, y) for x, y, half in joints], rim, 1.1)


def draw_from_above(canvas: Canvas, stage: Stage, role: Role, size: float) -> None:
    """A figure in plan: shoulders, arms, head, and the long shadow that tells who it is."""
    palette, body = canvas.palette, Body(canvas, stage, role)
    x, y = role.x, min(max(role.foot, 340.0), 680.0)
    ahead = role.facing or 1
    reach = -stage.light * size * 2.1
    tail = [(x, y - size * 0.3), (x + reach * 0.7, y + size * 0.35), (x + reach, y + size * 0.3)]
    tail += [(x + reach * 1.2, y + size * 0.62), (x + reach, y + size * 0.95)]
    tail += [(x + reach * 0.7, y + size * 0.85), (x, y + size * 0.4)]
    canvas.fill(smooth(tail), blend(palette.ground, palette.ink, 0.5))
    if "umbrella" in stage.brief.looks and role.lead:
        colour = stage.brief.colour or palette.accent
        canvas.ellipse((x, y), (size, size), colour, palette.ink, 4)
        for n in range(8):
            turn = n * math.pi / 4
            rib = (x + size * math.cos(turn), y + size * math.sin(turn))
            canvas.line([(x, y), rib], blend(colour, palette.ink, 0.6), 3)
        return
    for side, stride in ((-1, 0.36), (1, -0.1)):
        foot = (x + ahead * size * stride, y + side * size * 0.2)
        canvas.ellipse(foot, (size * 0.2, size * 0.1), palette.ink)
        hand = (x + ahead * size * (0.12 - stride * 0.6), y + side * size * 0.62)
        canvas.ellipse(hand, (size * 0.18, size * 0.13), body.skin, palette.ink, 3)
    canvas.ellipse((x, y), (size * 0.27, size * 0.6), body.garment, palette.ink, 4)
    nose = (x + ahead * size * 0.24, y)
    canvas.ellipse(nose, (size * 0.08, size * 0.08), body.skin, palette.ink, 3)
    canvas.ellipse(
        (x + ahead * size * 0.04, y), (size * 0.25, size * 0.23), body.hair, palette.ink, 3
    )
