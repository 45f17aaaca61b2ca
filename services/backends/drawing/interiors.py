"""Rooms and corridors: a box of space, a source of light, and what people put inside."""

from __future__ import annotations

from services.backends.drawing.canvas import BLEED, HEIGHT, Canvas
from services.backends.drawing.palette import Colour, blend
from services.backends.drawing.stage import Stage
from services.backends.drawing.urban import Perspective, perspective

LEFT = -BLEED
FLOOR = HEIGHT + BLEED


def corridor(canvas: Canvas, stage: Stage) -> None:
    palette, view = canvas.palette, perspective(canvas, stage)
    eye, half, ceiling, end = 230.0, 430.0, 330.0, 5.0
    lit_side = stage.light
    walls = {lit_side: blend(palette.far, palette.mid, 0.35), -lit_side: palette.mid}
    canvas.box(LEFT, -BLEED, canvas.width + BLEED, FLOOR, palette.ground)
    for side, colour in walls.items():
        canvas.shape(view.wall(half * side, (0.15, end), (-eye, ceiling)), colour)
    top = [
        view.at(-half, ceiling, 0.15),
        view.at(half, ceiling, 0.15),
        view.at(half, ceiling, end),
        view.at(-half, ceiling, end),
    ]
    canvas.shape(top, blend(palette.mid, palette.near, 0.45))
    back = [
        view.at(-half, -eye, end),
        view.at(-half, ceiling, end),
        view.at(half, ceiling, end),
        view.at(half, -eye, end),
    ]
    canvas.shape(back, palette.paper)
    canvas.glow(view.at(0, 20, end), (420, 320), palette.paper, 0.75)
    for depth in (3.6, 2.2, 1.4, 0.9, 0.58):
        for side in (-1, 1):
            far = depth * 1.22
            canvas.shape(
                view.wall(half * side, (depth, far), (-eye, 150)),
                blend(walls[side], palette.near, 0.5),
            )
        lamp = [
            view.at(-90, ceiling, depth),
            view.at(90, ceiling, depth),
            view.at(90, ceiling, depth * 1.12),
            view.at(-90, ceiling, depth * 1.12),
        ]
        canvas.shape(lamp, palette.accent if stage.dark else palette.paper)
        pool = view.at(0, -eye, depth * 1.05)
        canvas.ellipse(pool, (190 / depth, 26 / depth), blend(palette.ground, palette.paper, 0.6))
    for depth in (3.0, 2.0, 1.4, 1.0, 0.72, 0.5, 0.36, 0.26):
        canvas.stroke([view.at(-half, -eye, depth), view.at(half, -eye, depth)], palette.mid, 1.8)


def room(canvas: Canvas, stage: Stage) -> None:
    """A back wall, a side wall that catches the light, a window and its patch on the floor."""
    palette, width = canvas.palette, canvas.width
    floor = min(max(stage.horizon + 170, 330), 900)
    wall = blend(palette.far, palette.mid, 0.5 if stage.dark else 0.1)
    canvas.box(LEFT, -BLEED, width + BLEED, floor, wall)
    canvas.box(LEFT, floor, width + BLEED, FLOOR, palette.ground)
    corner = width * (0.5 - stage.away * 0.34)
    edge = LEFT if stage.away > 0 else width + BLEED
    run = (edge - corner) * 0.5
    canvas.shape(
        [(corner, -BLEED), (edge, -BLEED), (edge, floor + abs(run) * 0.9), (corner, floor)],
        blend(wall, palette.near, 0.42),
    )
    canvas.stroke([(LEFT, floor), (width + BLEED, floor)], palette.ink, 3)
    _floorboards(canvas, stage, floor)
    window = width * (0.5 + stage.away * 0.22)
    _window(canvas, stage, (window - 210, floor - 470, window + 210, floor - 130))
    patch = [
        (window - 190, floor + 26),
        (window + 200, floor + 26),
        (window + 90 - stage.light * 160, floor + 250),
        (window - 340 - stage.light * 160, floor + 250),
    ]
    canvas.fill(patch, blend(palette.ground, palette.paper, 0.35 if stage.dark else 0.75))
    picture = width * (0.5 - stage.away * 0.14)
    canvas.shape(
        [
            (picture - 60, floor - 400),
            (picture + 60, floor - 400),
            (picture + 60, floor - 250),
            (picture - 60, floor - 250),
        ],
        palette.paper,
    )
    canvas.hatch((picture - 44, floor - 384, picture + 44, floor - 266), palette.mid, 12)
    _floor_lamp(canvas, stage, width * (0.5 + stage.away * 0.40), floor + 40)
    _sideboard(canvas, width * (0.5 - stage.away * 0.12), floor + 14, wall)


def _floorboards(canvas: Canvas, stage: Stage, floor: float) -> None:
    view = Perspective((canvas.width / 2, stage.horizon))
    drop = floor - stage.horizon
    if drop < 60:
        return
    for across in range(-2000, 2001, 250):
        canvas.line(
            [view.at(across, -drop, 1), view.at(across, -drop, 0.2)], canvas.palette.mid, 1.8
        )


def _window(canvas: Canvas, stage: Stage, box: tuple[float, float, float, float]) -> None:
    palette = canvas.palette
    left, top, right, bottom = box
    outside = palette.sky_top if stage.dark else blend(palette.sky_low, palette.paper, 0.7)
    canvas.shape(
        [(left, top), (right, top), (right, bottom), (left, bottom)], outside, palette.ink, 7
    )
    horizon = bottom - (bottom - top) * 0.34
    x = left + 6
    while x < right - 40:
        wide = canvas.rng.uniform(30, 64)
        high = canvas.rng.uniform(10, 90)
        canvas.box(
            x,
            horizon - high,
            min(x + wide, right - 4),
            bottom - 4,
            blend(palette.far, palette.mid, 0.5),
        )
        x += wide
    middle = (left + right) / 2
    canvas.line([(middle, top), (middle, bottom)], palette.ink, 6)
    canvas.line([(left, (top + bottom) / 2), (right, (top + bottom) / 2)], palette.ink, 6)
    canvas.box(left - 22, bottom, right + 22, bottom + 16, palette.paper)
    canvas.line([(left - 22, bottom + 16), (right + 22, bottom + 16)], palette.ink, 3)
    for side, x in ((-1, left), (1, right)):
        folds = [
            (x + side * 60, top - 26),
            (x - side * 46, top - 26),
            (x - side * 10, bottom - 60),
            (x - side * 4, bottom + 90),
            (x + side * 66, bottom + 90),
        ]
        canvas.shape(folds, palette.far if not stage.dark else palette.mid)
        for n in (8, 30, 48):
            canvas.line(
                [(x + side * n, top - 20), (x + side * (n + 6), bottom + 84)], palette.mid, 2
            )


def _floor_lamp(canvas: Canvas, stage: Stage, x: float, foot: float) -> None:
    palette = canvas.palette
    if stage.dark:
        canvas.glow((x, foot - 330), (430, 400), palette.accent, 0.55)
    canvas.line([(x, foot), (x, foot - 330)], palette.ink, 6)
    canvas.ellipse((x, foot), (46, 10), palette.ink)
    shade = [(x - 38, foot - 400), (x + 38, foot - 400), (x + 74, foot - 306), (x - 74, foot - 306)]
    canvas.shape(shade, palette.paper if not stage.dark else palette.accent)


def _sideboard(canvas: Canvas, x: float, foot: float, wall: Colour) -> None:
    palette = canvas.palette
    colour = blend(wall, palette.near, 0.55)
    canvas.shape(
        [(x - 170, foot), (x - 170, foot - 130), (x + 170, foot - 130), (x + 170, foot)], colour
    )
    for n in (-57, 57):
        canvas.line([(x + n, foot - 124), (x + n, foot - 4)], palette.ink, 2)
    canvas.ellipse((x + 90, foot - 152), (18, 24), palette.far, palette.ink)


def foreground_table(canvas: Canvas, stage: Stage) -> None:
    """A table between camera and cast. Drawn after the cast, so that it hides their legs."""
    palette, width = canvas.palette, canvas.width
    top, near = 800.0, 985.0
    canvas.shape(
        [(width * 0.1, top), (width * 0.9, top), (width * 1.02, near), (-width * 0.02, near)],
        blend(palette.ground, palette.mid, 0.35),
    )
    canvas.shape(
        [
            (-width * 0.02, near),
            (width * 1.02, near),
            (width * 1.02, FLOOR),
            (-width * 0.02, FLOOR),
        ],
        palette.near,
    )
    cup = width * (0.5 - stage.light * 0.08)
    canvas.ellipse((cup, 900), (58, 14), palette.far, palette.ink)
    canvas.shape(
        [(cup - 34, 842), (cup + 34, 842), (cup + 26, 898), (cup - 26, 898)], palette.paper
    )
    canvas.ellipse((cup, 842), (34, 9), palette.mid, palette.ink)
    paper = width * (0.5 + stage.light * 0.14)
    canvas.shape(
        [(paper - 80, 858), (paper + 70, 846), (paper + 110, 908), (paper - 60, 922)], palette.paper
    )
