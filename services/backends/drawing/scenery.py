"""Open country and water, drawn from far to near in three values."""

from __future__ import annotations

import math

from services.backends.drawing.canvas import BLEED, HEIGHT, Canvas, Point, curve, ridge, smooth
from services.backends.drawing.palette import Colour, blend
from services.backends.drawing.stage import Stage
from services.backends.drawing.words import Hour

LEFT = -BLEED
FLOOR = HEIGHT + BLEED


def draw_sky(canvas: Canvas, stage: Stage) -> None:
    palette = canvas.palette
    canvas.sky(palette.sky_top, palette.sky_low, stage.horizon)
    canvas.box(LEFT, stage.horizon, canvas.width + BLEED, FLOOR, palette.ground)
    x = canvas.width * (0.5 + stage.light * 0.27)
    if stage.dark:
        _stars(canvas, stage)
        canvas.glow((x, 170), (230, 230), palette.paper, 0.35)
        canvas.ellipse((x, 170), (46, 46), palette.paper)
        canvas.ellipse((x + 17, 160), (40, 40), blend(palette.sky_top, palette.paper, 0.18))
    elif stage.hour in (Hour.SUNSET, Hour.DAWN):
        y = max(stage.horizon - 70, 60)
        canvas.glow((x, y), (620, 420), palette.paper, 0.75)
        canvas.ellipse((x, y), (62, 62), palette.paper)
    elif stage.hour is Hour.DAY and stage.brief.weather is None:
        canvas.glow((x, 120), (420, 320), palette.paper, 0.8)
        _clouds(canvas, stage, 3)
    else:
        _clouds(canvas, stage, 5)


def _stars(canvas: Canvas, stage: Stage) -> None:
    if stage.brief.weather is not None:
        return
    for _ in range(46):
        x, y = canvas.rng.uniform(0, canvas.width), canvas.rng.uniform(0, stage.horizon * 0.7)
        canvas.ellipse((x, y), (1.6, 1.6), canvas.palette.paper)


def _clouds(canvas: Canvas, stage: Stage, count: int) -> None:
    palette, rng = canvas.palette, canvas.rng
    colour = blend(palette.sky_top, palette.paper, 0.55)
    for n in range(count):
        x = canvas.width * (n + rng.uniform(0.2, 0.8)) / count
        y = rng.uniform(60, max(90, stage.horizon * 0.5))
        size = rng.uniform(90, 190)
        lumps = [
            (x - size, y),
            (x - size * 0.6, y - size * 0.2),
            (x - size * 0.15, y - size * 0.34),
        ]
        lumps += [(x + size * 0.4, y - size * 0.22), (x + size, y), (x, y + size * 0.05)]
        canvas.fill(smooth(lumps), colour)


def hills(
    canvas: Canvas, base: float, height: float, colour: Colour, edge: Colour | None = None
) -> list[Point]:
    line = ridge(canvas.rng, (LEFT, canvas.width + BLEED), base, height, 60)
    canvas.fill([*line, (line[-1][0], FLOOR), (LEFT, FLOOR)], colour)
    canvas.stroke(line, edge or blend(colour, canvas.palette.ink, 0.45), 2.2)
    return line


def conifer(canvas: Canvas, foot: Point, height: float, colour: Colour) -> None:
    x, y = foot
    points: list[Point] = [(x, y - height)]
    for n in range(1, 5):
        half = height * 0.055 * n + height * 0.03
        level = y - height * (1 - n / 4.6)
        points += [(x + half, level), (x + half * 0.55, level - height * 0.03)]
    left = [(2 * x - px, py) for px, py in reversed(points[1:])]
    canvas.fill([*points, *left], colour)
    canvas.line([(x, y - height * 0.1), (x, y)], colour, max(2.0, height * 0.04))


def broadleaf(canvas: Canvas, foot: Point, height: float, colour: Colour) -> None:
    x, y = foot
    ink = canvas.palette.ink
    trunk = height * 0.05
    canvas.fill(
        [
            (x - trunk, y),
            (x - trunk * 0.5, y - height * 0.5),
            (x + trunk * 0.5, y - height * 0.5),
            (x + trunk, y),
        ],
        blend(colour, ink, 0.35),
    )
    crown = [
        (
            x + math.cos(a) * height * 0.3 * canvas.rng.uniform(0.8, 1.15),
            y - height * 0.68 - math.sin(a) * height * 0.3 * canvas.rng.uniform(0.8, 1.1),
        )
        for a in (n * math.pi / 5 for n in range(10))
    ]
    outline = smooth(crown)
    canvas.shape(outline, colour, blend(colour, ink, 0.6))


def grass(canvas: Canvas, top: float, count: int, colour: Colour) -> None:
    rng = canvas.rng
    for _ in range(count):
        depth = rng.random() ** 0.8
        y = top + (HEIGHT - top) * depth
        x = rng.uniform(LEFT, canvas.width + BLEED)
        tall = 8 + 44 * depth
        for lean in (-0.4, 0.05, 0.45):
            canvas.line([(x, y), (x + tall * lean, y - tall)], colour, 1.4 + 1.6 * depth)


def field(canvas: Canvas, stage: Stage) -> None:
    palette, horizon = canvas.palette, stage.horizon
    hills(canvas, horizon + 8, 90, palette.far)
    hills(canvas, horizon + 30, 60, blend(palette.far, palette.mid, 0.4))
    canvas.box(LEFT, horizon + 22, canvas.width + BLEED, FLOOR, palette.ground)
    bend = canvas.width * (0.5 - stage.light * 0.12)
    path = [(bend - 14, horizon + 22), (bend + 14, horizon + 22)]
    path += [(bend + 130, 720), (bend + 420, FLOOR), (bend - 260, FLOOR), (bend + 30, 720)]
    canvas.shape(path, blend(palette.ground, palette.paper, 0.55), palette.mid)
    tree = canvas.width * (0.5 + stage.away * 0.33)
    canvas.hatch((tree - 160, horizon + 50, tree + 120, horizon + 74), palette.mid)
    broadleaf(canvas, (tree, horizon + 62), 330, palette.mid)
    if "house" in stage.brief.looks:
        _house(canvas, stage, (canvas.width * (0.5 - stage.away * 0.02), horizon + 60))
    for n in range(9):
        x = LEFT + n * (canvas.width + 2 * BLEED) / 8
        canvas.line([(x, horizon + 18), (x, horizon + 58)], palette.near, 4)
    canvas.stroke([(LEFT, horizon + 30), (canvas.width + BLEED, horizon + 30)], palette.near, 2.4)
    grass(canvas, horizon + 70, 90, palette.mid)


def _house(canvas: Canvas, stage: Stage, at: Point) -> None:
    """A gable, a long roof, a door and windows that are lit after dark."""
    palette = canvas.palette
    x, y = at
    wall = blend(palette.ground, palette.paper, 0.6) if not stage.dark else palette.mid
    side = [(x - 60, y), (x - 60, y - 130), (x + 210, y - 130), (x + 210, y)]
    gable = [(x - 190, y), (x - 190, y - 130), (x - 125, y - 215), (x - 60, y - 130), (x - 60, y)]
    roof = [(x - 125, y - 222), (x + 160, y - 222), (x + 226, y - 124), (x - 54, y - 124)]
    canvas.shape(side, blend(wall, palette.near, 0.3))
    canvas.shape(gable, wall)
    canvas.shape(roof, palette.near)
    glass = palette.accent if stage.dark else palette.mid
    for left in (-10, 60, 130):
        canvas.box(x + left, y - 96, x + left + 36, y - 50, glass)
    canvas.shape([(x - 145, y), (x - 145, y - 78), (x - 105, y - 78), (x - 105, y)], palette.near)


def mountains(canvas: Canvas, stage: Stage) -> None:
    palette, rng, horizon = canvas.palette, canvas.rng, stage.horizon
    peaks = 4
    for row, (colour, tall) in enumerate(((palette.far, 400), (palette.mid, 270))):
        for n in range(peaks + row):
            x = canvas.width * (n + 0.5 + 0.3 * row) / peaks + rng.uniform(-90, 90)
            top = horizon - min(tall, horizon * (0.82 - 0.25 * row)) * rng.uniform(0.72, 1.0)
            half = tall * rng.uniform(0.85, 1.15)
            _peak(canvas, (x, top), half, colour, stage.light)
    hills(canvas, horizon + 36, 60, blend(palette.mid, palette.near, 0.3))
    for n in range(26):
        x = LEFT + (canvas.width + 2 * BLEED) * (n + rng.random()) / 26
        conifer(canvas, (x, horizon + rng.uniform(18, 46)), rng.uniform(50, 110), palette.near)
    canvas.fill(
        [
            (LEFT, horizon + 46),
            (canvas.width + BLEED, horizon + 30),
            (canvas.width + BLEED, FLOOR),
            (LEFT, FLOOR),
        ],
        palette.ground,
    )
    grass(canvas, horizon + 90, 60, palette.mid)


def _peak(canvas: Canvas, top: Point, half: float, colour: Colour, light: int) -> None:
    """One mountain with a lit face, a shaded face and a snow cap."""
    palette, rng = canvas.palette, canvas.rng
    x, y = top
    low = y + half * 1.1
    lean = rng.uniform(-0.12, 0.12) * half
    canvas.fill(
        [(x, y), (x + half, low), (x + half, low + 300), (x - half, low + 300), (x - half, low)],
        colour,
    )
    shade = [(x, y), (x + lean, y + half * 0.5), (x - lean * 0.5, low), (x - light * half, low)]
    canvas.fill(shade, blend(colour, palette.near, 0.42))
    cap = [
        (x, y),
        (x + half * 0.26, y + half * 0.29),
        (x + half * 0.1, y + half * 0.22),
        (x, y + half * 0.33),
        (x - half * 0.12, y + half * 0.21),
        (x - half * 0.27, y + half * 0.3),
    ]
    canvas.fill(cap, blend(colour, palette.paper, 0.85))
    canvas.stroke([(x - half, low), (x, y), (x + half, low)], palette.near, 2.4, 2.5)


def forest(canvas: Canvas, stage: Stage) -> None:
    palette, rng, horizon = canvas.palette, canvas.rng, stage.horizon
    haze = blend(palette.sky_low, palette.paper, 0.2)
    canvas.box(LEFT, -BLEED, canvas.width + BLEED, horizon, haze)
    canvas.glow(
        (canvas.width * (0.5 + 0.12 * stage.light), horizon - 120),
        (560, 520),
        palette.paper,
        0.8 if not stage.dark else 0.4,
    )
    bands = ((palette.far, 26, 15, 10), (palette.mid, 17, 30, 60), (palette.near, 7, 62, 190))
    for colour, count, girth, drop in bands:
        for n in range(count):
            x = LEFT + (canvas.width + 2 * BLEED) * (n + rng.uniform(0.1, 0.9)) / count
            if girth == 62 and abs(x - canvas.width / 2) < canvas.width * 0.2:
                continue
            _trunk(canvas, (x, horizon + drop * rng.uniform(0.6, 1.3)), girth, colour, stage.light)
        if girth < 62:
            hills(canvas, horizon + drop + 22, 34, blend(colour, palette.ground, 0.72))
    grass(canvas, horizon + 110, 80, palette.mid)
    crown = [(LEFT, -BLEED)]
    for n in range(24):
        x = LEFT + (canvas.width + 2 * BLEED) * n / 23
        edge = abs(n - 11.5) / 11.5
        crown.append((x, 40 + 150 * edge**2 + rng.uniform(-28, 28)))
    canvas.fill([*crown, (canvas.width + BLEED, -BLEED)], palette.near)


def _trunk(canvas: Canvas, foot: Point, girth: float, colour: Colour, light: int) -> None:
    rng = canvas.rng
    x, y = foot
    half = girth * rng.uniform(0.7, 1.2) / 2
    lean = rng.uniform(-30, 30)
    points = [(x - half * 1.7, y), (x - half, y - 90), (x - half * 0.7 + lean, -BLEED)]
    points += [(x + half * 0.7 + lean, -BLEED), (x + half, y - 90), (x + half * 1.7, y)]
    canvas.fill(points, colour)
    side = -light
    canvas.fill(
        [
            (x + side * half * 1.7, y),
            (x + side * half, y - 90),
            (x + side * half * 0.7 + lean, -BLEED),
            (x + side * half * 0.2 + lean, -BLEED),
            (x + side * half * 0.2, y),
        ],
        blend(colour, canvas.palette.ink, 0.35),
    )
    if girth > 20:
        reach = rng.choice((-1, 1)) * rng.uniform(60, 150)
        level = rng.uniform(120, 300)
        canvas.line([(x, level + 60), (x + reach, level - 40)], colour, girth * 0.22)


def desert(canvas: Canvas, stage: Stage) -> None:
    palette, horizon, width = canvas.palette, stage.horizon, canvas.width
    for n, x in enumerate((0.12, 0.2, 0.86)):
        at, tall = width * x, 90 + 40 * n
        canvas.shape(
            [
                (at - 90, horizon + 10),
                (at - 62, horizon - tall),
                (at + 66, horizon - tall + 6),
                (at + 100, horizon + 10),
            ],
            palette.far,
            palette.mid,
        )
    for n in range(4):
        base = horizon + 30 + n * n * 66
        _dune(canvas, stage, width * ((0.24 + 0.37 * n + 0.2 * (stage.take % 3)) % 1.0), base, n)
    for n in range(16):
        y = horizon + 200 + 44 * n
        x = canvas.rng.uniform(0, width)
        canvas.stroke([(x, y), (x + 120, y - 6), (x + 250, y + 2)], palette.mid, 1.6)


def _dune(canvas: Canvas, stage: Stage, crest: float, base: float, n: int) -> None:
    """A lit flank, a crest drawn in one line, and the shaded flank that curls below it."""
    palette, width = canvas.palette, canvas.width
    tall, away = 60.0 + 26 * n, -stage.light
    line = curve(
        [
            (LEFT, base + 10),
            (crest - 560, base + 6),
            (crest - 210, base - tall * 0.55),
            (crest, base - tall),
            (crest + 210, base - tall * 0.5),
            (crest + 600, base + 4),
            (width + BLEED, base - 6),
        ]
    )
    canvas.fill(
        [*line, (width + BLEED, FLOOR), (LEFT, FLOOR)],
        blend(palette.ground, palette.paper, 0.5 - 0.08 * n),
    )
    shade = curve(
        [
            (crest, base - tall * 0.98),
            (crest + away * 30, base + 10),
            (crest - away * 60, base + 60 + 20 * n),
            (crest + away * 120, base + 110 + 40 * n),
            (crest + away * 420, base + 40),
            (crest + away * 560, base + 8),
            (crest + away * 210, base - tall * 0.52),
            (crest, base - tall * 0.98),
        ]
    )
    canvas.fill(shade, blend(palette.ground, palette.mid, 0.6))
    canvas.stroke(line, palette.near, 2.2, 0.6)


def sea(canvas: Canvas, stage: Stage) -> None:
    palette, rng, horizon, width = canvas.palette, canvas.rng, stage.horizon, canvas.width
    water = blend(palette.mid, palette.sky_low, 0.45)
    left = [
        (LEFT, horizon),
        (LEFT, horizon - 90),
        (width * 0.12, horizon - 62),
        (width * 0.3, horizon),
    ]
    headland = left if stage.light > 0 else [(width - x, y) for x, y in left]
    canvas.shape(headland, palette.far, palette.mid)
    canvas.box(LEFT, horizon, width + BLEED, FLOOR, water)
    path = width * (0.5 + stage.light * 0.27)
    for n in range(150):
        depth = (n / 150) ** 1.7
        y = horizon + 6 + (HEIGHT - horizon) * depth
        long = 24 + 190 * depth
        on_path = n % 3 == 0
        x = rng.gauss(path, 30 + 160 * depth) if on_path else rng.uniform(LEFT, width + BLEED)
        colour = palette.paper if on_path else blend(water, palette.near, 0.5)
        canvas.line(
            [(x - long / 2, y), (x, y - 3 - 5 * depth), (x + long / 2, y)],
            colour,
            1.6 + 3.4 * depth,
        )
    _boat(canvas, (width * (0.5 + stage.away * 0.22), horizon + 34), 120)
    _quay(canvas, stage)


def _boat(canvas: Canvas, at: Point, size: float) -> None:
    palette = canvas.palette
    x, y = at
    canvas.shape(
        [
            (x - size, y - 26),
            (x - size * 0.8, y + 14),
            (x + size * 0.8, y + 14),
            (x + size * 1.05, y - 34),
        ],
        palette.near,
    )
    canvas.shape(
        [
            (x - size * 0.5, y - 27),
            (x - size * 0.5, y - 68),
            (x + size * 0.1, y - 68),
            (x + size * 0.1, y - 27),
        ],
        palette.far,
    )
    canvas.line([(x + size * 0.35, y - 28), (x + size * 0.35, y - 150)], palette.ink, 4)
    canvas.line([(x + size * 0.35, y - 145), (x + size, y - 36)], palette.ink, 1.8)


def _quay(canvas: Canvas, stage: Stage) -> None:
    """The ground people stand on by the water: planks running to the horizon."""
    palette, width = canvas.palette, canvas.width
    top = stage.horizon + (HEIGHT - stage.horizon) * 0.42
    if not stage.cast or stage.brief.angle.name == "BIRDS_EYE":
        return
    canvas.shape(
        [(LEFT, top), (width + BLEED, top), (width + BLEED, FLOOR), (LEFT, FLOOR)],
        palette.ground,
        palette.ink,
    )
    canvas.box(LEFT, top, width + BLEED, top + 16, blend(palette.ground, palette.near, 0.7))
    for n in range(21):
        x = width * (n / 20 - 0.5)
        canvas.line([(width / 2 + x * 1.3, top + 16), (width / 2 + x * 2.6, FLOOR)], palette.mid, 2)
    for n in range(5):
        x = width * (0.06 + 0.22 * n)
        canvas.shape(
            [(x - 16, top + 6), (x - 16, top - 62), (x + 16, top - 62), (x + 16, top + 6)],
            palette.near,
        )
