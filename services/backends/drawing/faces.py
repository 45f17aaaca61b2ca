"""Heads: hair, construction lines and as much of a face as the size of the head allows.

Head coordinates run from the chin (0) to the crown (1); across is positive toward the look.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.backends.drawing.canvas import Point, curve, smooth
from services.backends.drawing.figures import CHIN, Body
from services.backends.drawing.palette import Colour, blend

FEATURE_UNIT = 46.0
"""From this head height in units on, a face has features."""
EYE_UNIT = 240.0
"""From this head height on, an eye has an iris, a lid and lashes."""
SKULL_TURNED: tuple[Point, ...] = (
    (0.02, 0.0),
    (0.17, 0.0),
    (0.27, 0.12),
    (0.33, 0.3),
    (0.36, 0.45),
    (0.36, 0.6),
    (0.35, 0.8),
    (0.22, 0.97),
    (-0.05, 1.01),
    (-0.3, 0.94),
    (-0.41, 0.72),
    (-0.4, 0.48),
    (-0.31, 0.28),
    (-0.16, 0.08),
)
SKULL_FRONT: tuple[Point, ...] = (
    (-0.1, 0.0),
    (0.1, 0.0),
    (0.24, 0.12),
    (0.34, 0.34),
    (0.37, 0.56),
    (0.36, 0.8),
    (0.2, 0.99),
    (-0.2, 0.99),
    (-0.36, 0.8),
    (-0.37, 0.56),
    (-0.34, 0.34),
    (-0.24, 0.12),
)


class Head:
    def __init__(self, body: Body, looks: frozenset[str]) -> None:
        self.body, self.looks = body, looks
        self.canvas, self.palette = body.canvas, body.palette
        self.turned = body.role.facing != 0
        self.middle = 0.1 if self.turned else 0.0
        """Where the axis of the face runs."""

    def at(self, points: Sequence[Point]) -> list[Point]:
        return [(x, CHIN + y) for x, y in points]

    def part(self, points: Sequence[Point], colour: Colour) -> None:
        self.body.part(self.at(points), colour=colour)

    def fill(self, points: Sequence[Point], colour: Colour, rounds: int = 2) -> None:
        path = smooth(points, rounds) if rounds else list(points)
        self.canvas.fill([self.body.at(*point) for point in self.at(path)], colour)

    def line(
        self, points: Sequence[Point], thick: float = 0.8, colour: Colour | None = None
    ) -> None:
        self.body.crease(self.at(points), colour, thick)

    def dot(self, centre: Point, radius: Point, colour: Colour) -> None:
        x, y = self.body.at(centre[0], CHIN + centre[1])
        self.canvas.ellipse(
            (x, y), (radius[0] * self.body.unit, radius[1] * self.body.unit), colour
        )


def draw_head(body: Body, looks: frozenset[str]) -> None:
    head = Head(body, looks)
    if body.role.back:
        _back_of_head(head)
        return
    head.part(SKULL_TURNED if head.turned else SKULL_FRONT, body.skin)
    if body.unit >= FEATURE_UNIT:
        _shade(head)
        _features(head)
    _hair(head, "woman" in looks)


def _back_of_head(head: Head) -> None:
    hair = [[(x * 1.06, y) for x, y in SKULL_FRONT if y > 0.1] + [(-0.2, 0.1), (0.2, 0.1)]]
    if "woman" in head.looks:
        hair.append(
            [(-0.38, 0.9), (0.38, 0.9), (0.46, 0.3), (0.5, -0.75), (-0.5, -0.75), (-0.46, 0.3)]
        )
    else:
        for side in (-1, 1):
            head.part(
                [
                    (side * 0.36, 0.56),
                    (side * 0.44, 0.56),
                    (side * 0.42, 0.34),
                    (side * 0.34, 0.34),
                ],
                head.body.skin,
            )
    head.body.part(*(head.at(outline) for outline in hair), colour=head.body.hair)
    _strands(head)


def _shade(head: Head) -> None:
    """The side of the face away from the light, and the shadow under the chin."""
    tone = blend(head.body.skin, head.palette.mid, 0.55)
    away = -head.body.stage.light * head.body.facing
    if away > 0:
        head.fill(
            [
                (0.33, 0.32),
                (0.35, 0.5),
                (0.34, 0.78),
                (0.24, 0.86),
                (0.26, 0.6),
                (0.2, 0.4),
                (0.22, 0.22),
                (0.16, 0.06),
                (0.26, 0.14),
            ],
            tone,
        )
    else:
        head.fill(
            [
                (-0.39, 0.72),
                (-0.39, 0.5),
                (-0.3, 0.29),
                (-0.15, 0.09),
                (-0.04, 0.05),
                (-0.14, 0.28),
                (-0.2, 0.5),
                (-0.18, 0.8),
            ],
            tone,
        )
    if head.turned and "woman" not in head.looks:
        ear = [(-0.27, 0.56), (-0.2, 0.56), (-0.2, 0.38), (-0.26, 0.36), (-0.3, 0.46)]
        head.fill(ear, blend(head.body.skin, head.palette.mid, 0.35))
        outline = smooth(ear)
        head.line([*outline, outline[0]], 0.6)


def _features(head: Head) -> None:
    middle = head.middle
    spread = 0.165
    eyes = ((middle - spread, 0.1), (middle + spread * 0.94, 0.085 if head.turned else 0.1))
    if head.body.unit < 90:
        for x, _ in eyes:
            head.dot((x, 0.47), (0.035, 0.03), head.palette.ink)
    for n, (x, half) in enumerate(eyes):
        if head.body.unit >= 90:
            _eye(head, x, half, n)
        _brow(head, x, half, n)
    nose = [(middle + 0.02, 0.44), (middle + 0.085, 0.29), (middle + 0.03, 0.255)]
    if not head.turned:
        nose = [(0.03, 0.42), (0.05, 0.3), (0.0, 0.262), (-0.04, 0.285)]
    head.line(curve(nose), 0.9)
    _mouth(head)


def _brow(head: Head, x: float, half: float, n: int) -> None:
    """Inner ends fall in anger and rise in grief."""
    inner = 0.0
    if head.looks & {"angry", "shout"}:
        inner = -0.05
    elif head.looks & {"tears", "afraid"}:
        inner = 0.045
    rise = (0.0, inner) if n == 0 else (inner, 0.0)
    ends = (x - half * 1.15, 0.565 + rise[0]), (x + half * 1.15, 0.565 + rise[1])
    arch = [ends[0], (x - half * 0.3, 0.61 + inner * 0.5), (x + half * 0.3, 0.61 + inner * 0.5)]
    head.line(curve([*arch, ends[1]]), 2.1 if head.body.unit > 120 else 1.4)


def _eye(head: Head, x: float, half: float, n: int) -> None:
    ink, y = head.palette.ink, 0.47
    open_to = 0.062 if head.looks & {"afraid", "shout"} else 0.046
    upper = [
        (x - half, y - 0.008),
        (x - half * 0.4, y + open_to),
        (x + half * 0.45, y + open_to),
        (x + half, y),
    ]
    lower = [(x + half * 0.4, y - 0.035), (x - half * 0.45, y - 0.035)]
    white = blend(head.body.skin, (255, 255, 255), 0.75)
    head.fill([*upper, *lower], white, 1)
    look = half * 0.22 if head.turned else 0.0
    if head.body.unit >= EYE_UNIT:
        iris = blend(head.palette.near, head.palette.accent, 0.25)
        head.dot((x + look, y + 0.006), (0.044, 0.044), iris)
        head.dot((x + look, y + 0.006), (0.022, 0.022), ink)
        head.dot((x + look + 0.014, y + 0.024), (0.010, 0.010), (255, 255, 255))
        crease = [(x - half * 0.95, y + 0.04), (x - half * 0.3, y + 0.085), (x + half, y + 0.045)]
        head.line(curve(crease), 0.6)
        side = -1 if n == 0 else 1
        for step in range(4):
            root = (x + side * half * (0.35 + 0.2 * step), y + open_to * (1 - 0.22 * step))
            head.line([root, (root[0] + side * 0.022, root[1] + 0.03)], 0.6)
    else:
        head.dot((x + look, y + 0.004), (0.034, 0.038), ink)
    head.line(curve(upper), 1.5)
    head.line(lower, 0.5)


def _mouth(head: Head) -> None:
    middle, ink = head.middle + 0.02, head.palette.ink
    if "shout" in head.looks:
        head.fill(
            [
                (middle - 0.08, 0.2),
                (middle + 0.08, 0.2),
                (middle + 0.06, 0.09),
                (middle - 0.06, 0.09),
            ],
            ink,
        )
        return
    bend = 0.03 if "smile" in head.looks else -0.02 if head.looks & {"tears", "angry"} else 0.0
    lips = [(middle - 0.11, 0.165 + bend), (middle - 0.04, 0.17 - bend * 0.4), (middle, 0.16)]
    lips += [(middle + 0.04, 0.17 - bend * 0.4), (middle + 0.1, 0.165 + bend)]
    head.line(curve(lips), 1.3)
    head.line([(middle - 0.04, 0.112), (middle + 0.04, 0.112)], 0.7)
    if "tears" in head.looks:
        for x in (head.middle - 0.17, head.middle + 0.15):
            head.line([(x, 0.41), (x - 0.01, 0.3), (x + 0.005, 0.2)], 1.3, head.palette.far)


def _hair(head: Head, long_hair: bool) -> None:
    hair = head.body.hair
    if "hat" in head.looks and head.body.role.lead:
        _hat(head)
        return
    if long_hair:
        fringe = [
            (-0.42, 0.4),
            (-0.46, 0.8),
            (-0.25, 1.06),
            (0.15, 1.07),
            (0.4, 0.9),
            (0.43, 0.5),
            (0.35, 0.72),
            (0.16, 0.86),
            (-0.1, 0.84),
            (-0.28, 0.72),
            (-0.33, 0.45),
        ]
    elif "samurai" in head.looks:
        head.part([(-0.2, 1.0), (-0.12, 1.22), (0.06, 1.24), (0.05, 1.0)], hair)
        fringe = [
            (-0.38, 0.42),
            (-0.44, 0.8),
            (-0.2, 1.05),
            (0.12, 1.05),
            (0.3, 0.93),
            (0.1, 0.93),
            (-0.16, 0.86),
            (-0.26, 0.62),
        ]
    elif "child" in head.looks:
        fringe = [
            (-0.41, 0.42),
            (-0.46, 0.8),
            (-0.22, 1.07),
            (0.16, 1.07),
            (0.39, 0.88),
            (0.39, 0.6),
            (0.28, 0.68),
            (0.05, 0.66),
            (-0.2, 0.64),
            (-0.28, 0.45),
        ]
    else:
        fringe = [
            (-0.39, 0.45),
            (-0.45, 0.8),
            (-0.22, 1.07),
            (0.14, 1.08),
            (0.38, 0.94),
            (0.36, 0.74),
            (0.26, 0.82),
            (0.02, 0.84),
            (-0.2, 0.76),
            (-0.27, 0.55),
        ]
    head.part(fringe, hair)
    _strands(head)


def _strands(head: Head) -> None:
    """A few light strokes that follow the skull."""
    if head.body.unit < FEATURE_UNIT:
        return
    light = blend(head.body.hair, head.palette.paper, 0.35)
    toward = head.body.stage.light * head.body.facing
    for n in range(4):
        x = toward * (0.06 + 0.06 * n)
        strand = [(x * 0.8, 1.02 - 0.012 * n), (x, 0.98 - 0.015 * n), (x * 1.12, 0.91 - 0.02 * n)]
        head.line(curve(strand), 0.6, light)


def _hat(head: Head) -> None:
    felt = blend(head.palette.near, head.palette.ink, 0.3)
    head.part([(-0.36, 0.78), (-0.32, 1.12), (-0.05, 1.2), (0.26, 1.14), (0.36, 0.8)], felt)
    head.part(
        [(-0.62, 0.82), (-0.3, 0.86), (0.3, 0.86), (0.7, 0.78), (0.3, 0.72), (-0.3, 0.72)], felt
    )
    band = [(-0.35, 0.86), (0.35, 0.86), (0.35, 0.93), (-0.34, 0.93)]
    head.fill(band, head.palette.ink, 0)
    head.fill(
        [(-0.33, 0.7), (0.36, 0.7), (0.36, 0.58), (0.0, 0.62), (-0.32, 0.56)],
        blend(head.body.skin, head.palette.near, 0.6),
    )
