"""Streets and buildings, in one-point perspective or stacked in three depths."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from services.backends.drawing.canvas import BLEED, HEIGHT, Canvas, Point
from services.backends.drawing.palette import Colour, blend
from services.backends.drawing.stage import Stage
from services.backends.drawing.words import Weather

LEFT = -BLEED
FLOOR = HEIGHT + BLEED


@dataclass(frozen=True, slots=True)
class Perspective:
    """A box of space seen from inside: `at` maps side, height and depth to the picture.

    Across and up are in units at depth 1; up is counted from eye level; depth grows away.
    """

    vanishing: Point

    def at(self, across: float, up: float, depth: float) -> Point:
        return self.vanishing[0] + across / depth, self.vanishing[1] - up / depth

    def wall(
        self, across: float, depths: tuple[float, float], heights: tuple[float, float]
    ) -> list[Point]:
        """A piece of a side wall between two depths and two heights."""
        near, far = depths
        low, high = heights
        return [
            self.at(across, low, near),
            self.at(across, high, near),
            self.at(across, high, far),
            self.at(across, low, far),
        ]


def perspective(canvas: Canvas, stage: Stage) -> Perspective:
    return Perspective((canvas.width * (0.5 - stage.light * 0.07), stage.horizon))


def lit(canvas: Canvas, stage: Stage, wall: Colour) -> Colour:
    """The colour of one window in a wall: some glow after dark, by day they are plain glass."""
    palette, rng = canvas.palette, canvas.rng
    if not stage.dark:
        return blend(wall, palette.ink, 0.3)
    if rng.random() < 0.42:
        return blend(palette.accent, palette.paper, rng.uniform(0, 0.35))
    return blend(wall, palette.ink, 0.45)


def skyline(canvas: Canvas, stage: Stage, base: float, tall: float) -> None:
    """Three rows of buildings standing on `base`, the tallest `tall` units."""
    palette, rng = canvas.palette, canvas.rng
    rows = ((palette.far, 1.0, 74.0), (palette.mid, 0.72, 100.0), (palette.near, 0.4, 140.0))
    for row, (colour, share, wide) in enumerate(rows):
        x = LEFT + rng.uniform(0, 60)
        while x < canvas.width + BLEED:
            width = wide * rng.uniform(0.7, 1.5)
            top = base - tall * share * rng.uniform(0.42, 1.0)
            _building(canvas, stage, (x, top, x + width, base + 4), colour)
            x += width + rng.choice((0.0, 0.0, 10.0, 34.0))
        if row == 0:
            _mast(canvas, (canvas.width * (0.5 + stage.away * 0.21), base), tall * 1.18)


def _building(
    canvas: Canvas, stage: Stage, box: tuple[float, float, float, float], colour: Colour
) -> None:
    left, top, right, base = box
    canvas.box(left, top, right, base, colour)
    shade = blend(colour, canvas.palette.near, 0.4)
    side = (right - left) * 0.26
    edge = (left, left + side) if stage.light > 0 else (right - side, right)
    canvas.box(edge[0], top, edge[1], base, shade)
    canvas.line(
        [(left, base), (left, top), (right, top), (right, base)],
        blend(colour, canvas.palette.ink, 0.5),
        2,
    )
    if canvas.rng.random() < 0.3:
        middle = (left + right) / 2
        canvas.line([(middle, top), (middle, top - 36)], shade, 3)
    y = top + 18
    while y < base - 14:
        x = left + 14
        while x < right - 16:
            if canvas.rng.random() < 0.62:
                canvas.box(x, y, x + 11, y + 14, lit(canvas, stage, colour))
            x += 25
        y += 31


def _mast(canvas: Canvas, foot: Point, tall: float) -> None:
    """A lattice tower, the landmark every skyline is recognised by."""
    palette = canvas.palette
    x, base = foot
    top = base - tall
    colour = blend(palette.mid, palette.accent, 0.45)
    half = tall * 0.16
    for side in (-1, 1):
        canvas.line(
            [(x + side * half, base), (x + side * half * 0.36, base - tall * 0.42), (x, top)],
            colour,
            7,
        )
    for share in (0.2, 0.42, 0.56, 0.68):
        reach = half * (1 - share) * 0.8
        canvas.line([(x - reach, base - tall * share), (x + reach, base - tall * share)], colour, 7)


def city(canvas: Canvas, stage: Stage) -> None:
    palette, horizon = canvas.palette, stage.horizon
    skyline(canvas, stage, horizon + 26, min(430.0, max(150.0, horizon * 0.86)))
    canvas.box(LEFT, horizon + 26, canvas.width + BLEED, FLOOR, palette.ground)
    _embankment(canvas, stage, horizon + 26)
    _signs(canvas, stage)


def _embankment(canvas: Canvas, stage: Stage, top: float) -> None:
    """A river that mirrors the city, and the walk along its near bank."""
    palette, rng, width = canvas.palette, canvas.rng, canvas.width
    bank = max(top + 150, min(HEIGHT - 130, top + 330))
    canvas.box(LEFT, top, width + BLEED, bank, blend(palette.sky_low, palette.mid, 0.5))
    shine = palette.accent if stage.dark else palette.paper
    for _ in range(110):
        depth = rng.random()
        x, y = rng.uniform(LEFT, width + BLEED), top + 8 + (bank - top - 8) * depth
        colour = blend(palette.mid, shine, 0.75) if rng.random() < 0.5 else palette.mid
        canvas.line([(x, y), (x + 26 + 60 * depth, y)], colour, 2.5 + 3 * depth)
    canvas.line([(LEFT, top), (width + BLEED, top)], palette.ink, 4)
    canvas.box(LEFT, bank, width + BLEED, FLOOR, palette.ground)
    canvas.stroke([(LEFT, bank), (width + BLEED, bank)], palette.ink, 4)
    for rail in (34, 66):
        canvas.line([(LEFT, bank - rail), (width + BLEED, bank - rail)], palette.ink, 4)
    for n in range(24):
        x = LEFT + n * 110
        canvas.line([(x, bank + 6), (x, bank - 70)], palette.ink, 5)


def _signs(canvas: Canvas, stage: Stage) -> None:
    """Neon, if it is spoken of: upright signs that glow."""
    if "neon" not in stage.brief.looks:
        return
    palette = canvas.palette
    hot = stage.brief.colour or (236, 72, 120)
    for share, colour in ((0.14, hot), (0.29, palette.accent), (0.86, (92, 196, 214))):
        x, y = canvas.width * share, max(stage.horizon - 210, 40)
        canvas.glow((x, y + 70), (170, 220), colour, 0.55)
        canvas.shape(
            [(x - 20, y), (x + 20, y), (x + 20, y + 150), (x - 20, y + 150)],
            blend(colour, palette.paper, 0.25),
            palette.ink,
        )
        for n in range(4):
            canvas.line([(x - 10, y + 22 + 34 * n), (x + 10, y + 28 + 34 * n)], palette.ink, 4)


def street(canvas: Canvas, stage: Stage) -> None:
    palette, rng, view = canvas.palette, canvas.rng, perspective(canvas, stage)
    eye = 150.0
    skyline(canvas, stage, stage.horizon + 6, min(200.0, stage.horizon * 0.4))
    canvas.box(LEFT, stage.horizon, canvas.width + BLEED, FLOOR, palette.ground)
    road = [
        view.at(-330, -eye, 6),
        view.at(330, -eye, 6),
        view.at(330, -eye, 0.1),
        view.at(-330, -eye, 0.1),
    ]
    canvas.fill(road, blend(palette.ground, palette.mid, 0.55))
    depths = (5.2, 3.6, 2.6, 1.9, 1.35, 0.95, 0.62, 0.36)
    for far, near in pairwise(depths):
        for side in (-1, 1):
            _facade(canvas, stage, view, (side, near, far, eye), rng.uniform(560, 1150))
    for side in (-1, 1):
        canvas.stroke([view.at(330 * side, -eye, 6), view.at(330 * side, -eye, 0.12)], palette.ink)
    for n in range(7):
        near, far = 0.22 * 1.6**n, 0.22 * 1.6**n * 1.3
        canvas.fill(
            [
                view.at(-7, -eye, near),
                view.at(7, -eye, near),
                view.at(7, -eye, far),
                view.at(-7, -eye, far),
            ],
            palette.paper,
        )
    for depth in (2.4, 1.2, 0.62):
        _lamp(canvas, stage, view.at(430 * -stage.light, -eye, depth), 330 / depth)
    _signs(canvas, stage)
    if "car" in stage.brief.looks:
        colour = stage.brief.colour or palette.mid
        car(canvas, view.at(210 * stage.away, -eye, 0.6), 400, colour)


def _facade(
    canvas: Canvas,
    stage: Stage,
    view: Perspective,
    place: tuple[int, float, float, float],
    tall: float,
) -> None:
    """One house front along the street. `place` is side, near depth, far depth and eye height."""
    side, near, far, eye = place
    palette = canvas.palette
    base = palette.mid if side == stage.light else palette.near
    colour = blend(base, palette.far, min(0.85, far / 6))
    across = 520.0 * side
    canvas.shape(
        view.wall(across, (near, far), (-eye, tall)), colour, blend(colour, palette.ink, 0.6)
    )
    ends = [view.at(across, -eye, far), view.at(across, tall, far)]
    front = blend(colour, palette.ink, 0.3)
    canvas.line(ends, front, 2)
    floors = int((tall - 120) / 170)
    for floor in range(floors):
        low = 120 + floor * 170 - 40
        for n in range(3):
            # Depth is linear in its reciprocal along a wall seen in perspective.
            start, end = (0.16 + 0.29 * n, 0.33 + 0.29 * n)
            depths = tuple(1 / (1 / near + (1 / far - 1 / near) * s) for s in (start, end))
            pane = view.wall(across, (depths[0], depths[1]), (low, low + 96))
            canvas.fill(pane, lit(canvas, stage, colour))
    door = tuple(1 / (1 / near + (1 / far - 1 / near) * s) for s in (0.12, 0.86))
    shop = blend(palette.accent, colour, 0.35) if stage.dark else blend(colour, palette.paper, 0.4)
    canvas.shape(view.wall(across, (door[0], door[1]), (-eye, -eye + 130)), shop)


def _lamp(canvas: Canvas, stage: Stage, foot: Point, tall: float) -> None:
    palette = canvas.palette
    x, y = foot
    arm = tall * 0.2 * stage.light
    canvas.line(
        [(x, y), (x, y - tall), (x + arm, y - tall * 1.03)], palette.ink, max(2.5, tall * 0.016)
    )
    head = (x + arm, y - tall * 1.01)
    if stage.dark:
        canvas.glow(head, (tall * 0.5, tall * 0.5), palette.accent, 0.7)
    canvas.ellipse(head, (tall * 0.045, tall * 0.025), palette.paper, palette.ink)


def car(canvas: Canvas, at: Point, size: float, colour: Colour) -> None:
    """A saloon seen from the side, `size` units from bumper to bumper."""
    palette = canvas.palette
    x, y = at
    s = size / 100
    canvas.ellipse((x, y + 2 * s), (54 * s, 5 * s), palette.near)
    body = [
        (-50, -6),
        (-49, -19),
        (-34, -22),
        (-21, -36),
        (17, -36),
        (31, -22),
        (47, -19),
        (50, -6),
    ]
    canvas.shape([(x + px * s, y + py * s) for px, py in body], colour)
    glass = [(-28, -22), (-18, -33), (14, -33), (24, -22)]
    canvas.shape([(x + px * s, y + py * s) for px, py in glass], palette.far)
    canvas.line([(x - 2 * s, y - 33 * s), (x - 2 * s, y - 8 * s)], palette.ink, 2.4)
    for wheel in (-29, 29):
        canvas.ellipse((x + wheel * s, y - 6 * s), (9 * s, 9 * s), palette.ink)
        canvas.ellipse((x + wheel * s, y - 6 * s), (4 * s, 4 * s), palette.far)


def rooftop(canvas: Canvas, stage: Stage) -> None:
    palette, width = canvas.palette, canvas.width
    horizon = stage.horizon
    skyline(canvas, stage, horizon + 70, min(420.0, max(170.0, horizon * 0.8)))
    _signs(canvas, stage)
    wall = horizon + 40
    roof = blend(palette.ground, palette.mid, 0.25)
    canvas.shape(
        [(LEFT, wall), (width + BLEED, wall), (width + BLEED, wall + 74), (LEFT, wall + 74)],
        blend(palette.mid, palette.near, 0.35),
    )
    canvas.box(LEFT, wall - 14, width + BLEED, wall + 6, blend(palette.ground, palette.paper, 0.4))
    canvas.box(LEFT, wall + 74, width + BLEED, FLOOR, roof)
    canvas.hatch((LEFT, wall + 76, width + BLEED, wall + 104), palette.near, 20)
    view = perspective(canvas, stage)
    for across in range(-2400, 2401, 480):
        canvas.line([view.at(across, -114, 1.0), view.at(across, -114, 0.1)], palette.mid, 2)
    _tank(canvas, (width * (0.5 + stage.away * 0.36), wall + 110), 250)
    x = width * (0.5 - stage.away * 0.40)
    canvas.shape(
        [(x - 70, wall + 150), (x - 70, wall + 30), (x + 70, wall + 30), (x + 70, wall + 150)],
        palette.mid,
    )
    for n in range(5):
        canvas.line([(x - 54, wall + 50 + 18 * n), (x + 54, wall + 50 + 18 * n)], palette.ink, 3)


def _tank(canvas: Canvas, foot: Point, tall: float) -> None:
    palette = canvas.palette
    x, y = foot
    half = tall * 0.27
    for leg in (-0.8, 0, 0.8):
        canvas.line([(x + leg * half, y), (x + leg * half * 0.8, y - tall * 0.45)], palette.ink, 6)
    canvas.shape(
        [
            (x - half, y - tall * 0.4),
            (x - half, y - tall * 0.86),
            (x, y - tall * 1.08),
            (x + half, y - tall * 0.86),
            (x + half, y - tall * 0.4),
        ],
        palette.near,
    )
    for share in (0.52, 0.66, 0.8):
        canvas.line([(x - half, y - tall * share), (x + half, y - tall * share)], palette.ink, 2.4)


def station(canvas: Canvas, stage: Stage) -> None:
    """A platform running to the vanishing point: train on one side, columns on the other."""
    palette, view = canvas.palette, perspective(canvas, stage)
    eye, side = 150.0, stage.away
    canvas.box(LEFT, stage.horizon, canvas.width + BLEED, FLOOR, palette.ground)
    pit = [
        view.at(200 * side, -eye, 7),
        view.at(200 * side, -eye, 0.1),
        view.at(1400 * side, -eye, 0.1),
        view.at(1400 * side, -eye, 7),
    ]
    canvas.fill(pit, palette.near)
    edge = [
        view.at(170 * side, -eye, 7),
        view.at(170 * side, -eye, 0.1),
        view.at(212 * side, -eye, 0.1),
        view.at(212 * side, -eye, 7),
    ]
    canvas.fill(edge, blend(palette.paper, palette.accent, 0.25))
    _train(canvas, stage, view, 236.0 * side)
    roof = [
        view.at(-900 * side, 400, 7),
        view.at(-900 * side, 400, 0.2),
        view.at(260 * side, 400, 0.2),
        view.at(260 * side, 400, 7),
    ]
    canvas.shape(roof, blend(palette.mid, palette.near, 0.5))
    for depth in (6.0, 4.0, 2.7, 1.8, 1.2, 0.8, 0.5):
        beam = [view.at(-900 * side, 400, depth), view.at(260 * side, 400, depth)]
        canvas.line(beam, palette.ink, 7 / depth + 2)
        left, foot = view.at(-380 * side, 400, depth), view.at(-380 * side, -eye, depth)
        canvas.line([left, foot], palette.ink, 14 / depth + 2)
        lamp = view.at(-60 * side, 384, depth)
        if stage.dark:
            canvas.glow(lamp, (150 / depth, 110 / depth), palette.accent, 0.6)
        canvas.ellipse(lamp, (34 / depth, 7 / depth), palette.paper, palette.ink)
    clock = view.at(-200 * side, 300, 1.15)
    canvas.line([clock, (clock[0], clock[1] - 90)], palette.ink, 4)
    canvas.ellipse(clock, (44, 44), palette.paper, palette.ink, 4)
    canvas.line([(clock[0], clock[1] - 30), clock, (clock[0] + 20, clock[1] + 8)], palette.ink, 4)


def _train(canvas: Canvas, stage: Stage, view: Perspective, across: float) -> None:
    palette = canvas.palette
    side = palette.far if not stage.dark else palette.mid
    canvas.shape(view.wall(across, (0.3, 6), (-150, 250)), side)
    canvas.fill(view.wall(across, (0.3, 6), (-62, -30)), stage.brief.colour or palette.accent)
    depths = [0.3 * 1.24**n for n in range(15)]
    for n, (near, far) in enumerate(pairwise(depths)):
        if n % 4 == 3:
            canvas.shape(view.wall(across, (near * 1.03, far * 0.97), (-120, 190)), palette.mid)
            continue
        glass = blend(palette.accent, palette.paper, 0.4) if stage.dark else palette.near
        canvas.shape(view.wall(across, (near * 1.03, far * 0.97), (20, 160)), glass)


def wet_ground(canvas: Canvas, stage: Stage) -> None:
    """Rain makes the ground a mirror: upright streaks of the sky's light."""
    if stage.brief.weather is not Weather.RAIN:
        return
    palette, rng = canvas.palette, canvas.rng
    shine = blend(palette.ground, palette.accent if stage.dark else palette.paper, 0.5)
    for _ in range(18):
        y = rng.uniform(stage.horizon + 140, HEIGHT)
        x = rng.uniform(0, canvas.width)
        size = 20 + (y - stage.horizon) * 0.12
        canvas.ellipse((x, y), (size * 1.7, size * 0.12), shine)
