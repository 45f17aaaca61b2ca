"""The world from above: the slanted look of a helicopter and the plan view of a bird."""

from __future__ import annotations

from services.backends.drawing.canvas import BLEED, HEIGHT, Canvas, curve
from services.backends.drawing.palette import blend
from services.backends.drawing.stage import Stage
from services.backends.drawing.urban import Perspective, lit, perspective
from services.backends.drawing.words import Place

LEFT = -BLEED
FLOOR = HEIGHT + BLEED
BUILT = frozenset({Place.CITY, Place.STREET, Place.STATION, Place.ROOFTOP})
INDOORS = frozenset({Place.ROOM, Place.CORRIDOR})
CAMERA_HEIGHT = 300.0
ROWS = 9


def aerial(canvas: Canvas, stage: Stage) -> None:
    """A grid of the ground seen in perspective: blocks of houses, or fields, woods and water."""
    palette, view = canvas.palette, perspective(canvas, stage)
    canvas.box(LEFT, stage.horizon, canvas.width + BLEED, FLOOR, palette.ground)
    built = stage.place in BUILT or stage.place in INDOORS
    for row in range(ROWS):
        far = 3.4 / 1.33**row
        near = far / 1.24
        columns = 9 if row < 5 else 6
        for column in sorted(range(-columns, columns + 1), key=lambda c: -abs(c)):
            left, right = column * 250.0 - 100, column * 250.0 + 100
            if built:
                _block(canvas, stage, view, (left, right, near, far))
            else:
                _patch(canvas, stage, view, (left, right, near, far))
    if not built:
        _river(canvas, view)


def _block(
    canvas: Canvas, stage: Stage, view: Perspective, plot: tuple[float, float, float, float]
) -> None:
    left, right, near, far = plot
    palette, rng = canvas.palette, canvas.rng
    if rng.random() < 0.12:
        return
    roof = -CAMERA_HEIGHT + rng.uniform(25, 190)
    base = -CAMERA_HEIGHT
    inner = left if (left + right) > 0 else right
    canvas.shape(view.wall(inner, (near, far), (base, roof)), palette.near, weight=1.6)
    front = [
        view.at(left, base, near),
        view.at(right, base, near),
        view.at(right, roof, near),
        view.at(left, roof, near),
    ]
    canvas.shape(front, palette.mid, weight=1.6)
    top = [
        view.at(left, roof, near),
        view.at(right, roof, near),
        view.at(right, roof, far),
        view.at(left, roof, far),
    ]
    canvas.shape(top, blend(palette.ground, palette.paper, 0.45), weight=1.6)
    for n in range(4):
        for floor in range(int((roof - base) / 34)):
            x, up = left + 24 + n * 46, base + 12 + floor * 34
            a, b = view.at(x, up, near), view.at(x + 22, up + 18, near)
            canvas.box(a[0], b[1], b[0], a[1], lit(canvas, stage, palette.mid))


def _patch(
    canvas: Canvas, stage: Stage, view: Perspective, plot: tuple[float, float, float, float]
) -> None:
    left, right, near, far = plot
    palette, rng = canvas.palette, canvas.rng
    base = -CAMERA_HEIGHT
    water = stage.place is Place.SEA
    tone = blend(palette.ground, palette.mid, rng.choice((0.08, 0.22, 0.4)) + (0.3 if water else 0))
    quad = [
        view.at(left - 28, base, near),
        view.at(right + 28, base, near),
        view.at(right + 28, base, far),
        view.at(left - 28, base, far),
    ]
    canvas.fill(quad, tone)
    for _ in range(9 if stage.place is Place.FOREST else 4):
        x = rng.uniform(left, right)
        depth = rng.uniform(near, far)
        spot = view.at(x, base, depth)
        size = 26 / depth
        if water:
            canvas.line([(spot[0] - size, spot[1]), (spot[0] + size, spot[1])], palette.paper, 2)
        elif stage.place is Place.FOREST or rng.random() < 0.3:
            canvas.ellipse(
                (spot[0], spot[1] - size * 0.4), (size, size * 0.7), palette.near, palette.ink, 1.4
            )


def _river(canvas: Canvas, view: Perspective) -> None:
    palette = canvas.palette
    bank = [(-60.0, 3.4), (170.0, 2.2), (-80.0, 1.4), (190.0, 0.9), (20.0, 0.5), (260.0, 0.25)]
    left = curve([view.at(x, -CAMERA_HEIGHT, depth) for x, depth in bank])
    right = curve([view.at(x + 60, -CAMERA_HEIGHT, depth) for x, depth in reversed(bank)])
    canvas.shape([*left, *right], blend(palette.sky_low, palette.paper, 0.4), palette.mid)


def plan(canvas: Canvas, stage: Stage) -> None:
    """The floor, straight from above."""
    palette, rng, width = canvas.palette, canvas.rng, canvas.width
    canvas.box(LEFT, -BLEED, width + BLEED, FLOOR, palette.ground)
    if stage.place in INDOORS:
        _parquet(canvas, stage)
    elif stage.place in BUILT:
        _crossing(canvas)
    else:
        sea = stage.place is Place.SEA
        if sea:
            canvas.box(LEFT, -BLEED, width + BLEED, FLOOR, palette.mid)
        for _ in range(150):
            x, y = rng.uniform(0, width), rng.uniform(0, HEIGHT)
            size = rng.uniform(10, 30)
            canvas.stroke(
                [(x - size, y), (x, y - size * 0.5), (x + size, y)],
                palette.paper if sea else palette.mid,
                2.2,
            )
        if not sea:
            for n in range(12):
                x = width * (n % 6 + rng.uniform(0.1, 0.9)) / 6
                y = rng.uniform(-20, 170) if n < 6 else rng.uniform(840, 1020)
                canvas.ellipse(
                    (x + 26, y + 30), (100, 92), blend(palette.ground, palette.near, 0.6)
                )
                canvas.ellipse((x, y), (98, 90), palette.mid, palette.ink)


def _parquet(canvas: Canvas, stage: Stage) -> None:
    palette, width = canvas.palette, canvas.width
    for row in range(12):
        y = -100 + row * 100
        canvas.line([(LEFT, y), (width + BLEED, y)], palette.mid, 2)
        for n in range(9):
            x = n * 260.0 + (row % 2) * 130
            canvas.line([(x, y), (x, y + 100)], palette.mid, 2)
    x = width * (0.5 + stage.light * 0.24)
    canvas.ellipse((x + 24, 530), (225, 215), blend(palette.ground, palette.near, 0.6))
    canvas.ellipse((x, 500), (220, 210), palette.far, palette.ink, 4)
    canvas.ellipse((x - 70, 460), (38, 38), palette.paper, palette.ink)


def _crossing(canvas: Canvas) -> None:
    palette, width = canvas.palette, canvas.width
    road = blend(palette.ground, palette.mid, 0.6)
    canvas.box(width * 0.28, -BLEED, width * 0.72, FLOOR, road)
    for x in (width * 0.28, width * 0.72):
        canvas.line([(x, -BLEED), (x, FLOOR)], palette.ink, 4)
    for n in range(9):
        left = width * 0.30 + n * width * 0.046
        canvas.box(left, 400, left + width * 0.026, 640, palette.paper)
    for n in range(7):
        for side in (-1, 1):
            x = width / 2 + side * width * (0.27 + 0.035 * (n % 2))
            y = -60 + n * 180
            canvas.line([(x, y), (x + side * 140, y)], palette.mid, 2)
