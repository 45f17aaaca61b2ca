"""Things held, worn or looked at from close by."""

from __future__ import annotations

from services.backends.drawing.canvas import BLEED, HEIGHT, Canvas, Point, smooth
from services.backends.drawing.figures import Body, limb
from services.backends.drawing.palette import Colour, blend
from services.backends.drawing.stage import Stage

FLOOR = HEIGHT + BLEED


def draw_held(body: Body, looks: frozenset[str]) -> None:
    """What the lead carries; before the head, so that the face stays free."""
    ink = body.palette.ink
    if "sword" in looks:
        body.crease([(-0.5, 4.7), (1.1, 4.05)], ink, 3.2)
        body.crease([(-0.45, 4.66), (-1.75, 5.15)], blend(ink, body.palette.paper, 0.75), 2.0)
        body.crease([(0.55, 4.5), (0.43, 4.18)], body.palette.paper, 1.6)
    if "lantern" in looks and "umbrella" not in looks:
        glow = body.at(1.0, 5.2)
        body.canvas.glow(glow, (body.unit * 3, body.unit * 3), body.palette.accent, 0.6)
        body.crease([(0.98, 5.8), (1.0, 5.5)], ink, 1.2)
        body.part(
            [(0.78, 5.5), (1.22, 5.5), (1.28, 4.9), (0.72, 4.9)],
            colour=blend(body.palette.accent, body.palette.paper, 0.5),
            rounds=0,
        )
        body.crease([(0.72, 5.2), (1.28, 5.2)], ink, 0.8)


def draw_umbrella(body: Body) -> None:
    """Over the head. It carries the colour that the prompt names."""
    accent = body.stage.brief.colour or body.palette.accent
    body.crease([(0.98, 5.5), (0.55, 8.6)], body.palette.ink, 1.6)
    canopy(body.canvas, body.at(0.45, 7.6), body.unit * 1.95, accent)


def canopy(canvas: Canvas, rim: Point, radius: float, colour: Colour) -> None:
    """An open umbrella seen from the side; `rim` is the middle of its lower edge."""
    ink = canvas.palette.ink
    x, y = rim
    dome = [
        (-1.0, 0.0),
        (-0.86, -0.36),
        (-0.5, -0.62),
        (0.0, -0.74),
        (0.5, -0.62),
        (0.86, -0.36),
        (1.0, 0.0),
        (0.66, -0.1),
        (0.33, 0.02),
        (0.0, -0.1),
        (-0.33, 0.02),
        (-0.66, -0.1),
    ]
    points = [(x + px * radius, y + py * radius) for px, py in dome]
    canvas.shape(points, colour, ink, 3.4)
    for rib in (-0.33, 0.33):
        canvas.line(
            [
                (x, y - 0.74 * radius),
                (x + rib * radius * 0.95, y - 0.3 * radius),
                (x + rib * radius, y),
            ],
            blend(colour, ink, 0.55),
            2.2,
        )
    shade = [(x + px * radius, y + py * radius) for px, py in dome[6:9]]
    canvas.fill([*shade, (x + 0.45 * radius, y - 0.45 * radius)], blend(colour, ink, 0.25))
    canvas.line([(x, y - 0.74 * radius), (x, y - 0.86 * radius)], ink, 3.4)


def _hand(canvas: Canvas, wrist: Point, knuckles: Point, size: float) -> None:
    """A mitten with four fingers, reaching from `wrist` to beyond `knuckles`."""
    palette = canvas.palette
    skin = blend(palette.paper, palette.far, 0.15)
    wx, wy = wrist
    kx, ky = knuckles
    length = ((kx - wx) ** 2 + (ky - wy) ** 2) ** 0.5 or 1.0
    dx, dy = (kx - wx) / length, (ky - wy) / length
    sleeve = blend(palette.near, palette.ink, 0.3)
    far = (wx - dx * 900, wy - dy * 900)
    arm = limb([(far[0], far[1], size * 0.9), (wx, wy, size * 0.62)])
    canvas.shape(arm, sleeve, palette.ink, 4)
    thumb = limb(
        [
            (
                wx + dx * size * 0.4 + dy * size * 0.4,
                wy + dy * size * 0.4 - dx * size * 0.4,
                size * 0.22,
            ),
            (kx + dy * size * 0.85, ky - dx * size * 0.85, size * 0.19),
            (
                kx + dx * size * 0.5 + dy * size * 0.75,
                ky + dy * size * 0.5 - dx * size * 0.75,
                size * 0.12,
            ),
        ]
    )
    canvas.shape(smooth(thumb), skin, palette.ink, 4)
    for n in range(4):
        off = (n - 1.5) * size * 0.31
        reach = size * (1.15 - 0.12 * abs(n - 1.3))
        finger = limb(
            [
                (kx - dy * off, ky + dx * off, size * 0.18),
                (kx + dx * reach - dy * off * 0.9, ky + dy * reach + dx * off * 0.9, size * 0.13),
            ]
        )
        canvas.shape(smooth(finger), skin, palette.ink, 3.4)
    palm = limb([(wx - dx * 10, wy - dy * 10, size * 0.5), (kx, ky, size * 0.66)])
    canvas.shape(smooth(palm, 1), skin, palette.ink, 4)
    canvas.fill(
        smooth(
            limb(
                [
                    (wx + dx * 8, wy + dy * 8, size * 0.42),
                    (kx + dx * size * 0.2, ky + dy * size * 0.2, size * 0.5),
                ]
            )
        ),
        skin,
    )


def draw_own_hands(canvas: Canvas) -> None:
    """Point of view: the camera's own forearms enter from below."""
    width = canvas.width
    _hand(canvas, (width * 0.13, 1010), (width * 0.22, 880), 135)
    _hand(canvas, (width * 0.87, 1010), (width * 0.78, 880), 135)


def draw_insert(canvas: Canvas, stage: Stage) -> None:
    """A table top, the thing that matters on it, and a hand that reaches for it."""
    palette, width = canvas.palette, canvas.width
    top = 330.0
    canvas.shape(
        [(-BLEED, top), (width + BLEED, top), (width + BLEED, FLOOR), (-BLEED, FLOOR)],
        blend(palette.ground, palette.mid, 0.3),
    )
    for n in range(6):
        y = top + 40 + n * n * 26
        canvas.stroke([(-BLEED, y), (width + BLEED, y)], palette.mid, 2)
    x, y = width * (0.5 - 0.05 * stage.light), 600.0
    canvas.ellipse(
        (x - stage.light * 40, y + 130), (330, 70), blend(palette.ground, palette.near, 0.6)
    )
    looks = stage.brief.looks
    colour = stage.brief.colour or palette.accent
    if "phone" in looks:
        _phone(canvas, (x, y), stage)
    elif "key" in looks:
        _key(canvas, (x, y), colour)
    elif "cup" in looks:
        _cup(canvas, (x, y))
    elif "clock" in looks:
        _clock(canvas, (x, y))
    else:
        _letter(canvas, (x, y), colour)
    side = stage.light
    _hand(canvas, (x + side * 560, y + 250), (x + side * 400, y + 130), 150)


def _letter(canvas: Canvas, at: Point, colour: Colour) -> None:
    x, y = at
    sheet = [(x - 320, y - 130), (x + 230, y - 190), (x + 330, y + 120), (x - 260, y + 200)]
    canvas.shape(sheet, canvas.palette.paper, canvas.palette.ink, 5)
    for n in range(6):
        share = 0.16 + n * 0.11
        left = (x - 320 + 60 * share + 50, y - 130 + 330 * share)
        right = (x + 230 + 100 * share - (60 if n % 3 else 180), y - 190 + 310 * share)
        canvas.stroke([left, right], canvas.palette.near, 4, 2.2)
    canvas.ellipse((x + 200, y + 110), (38, 34), colour, canvas.palette.ink)


def _phone(canvas: Canvas, at: Point, stage: Stage) -> None:
    x, y = at
    canvas.glow((x, y), (520, 420), canvas.palette.paper, 0.5)
    body = [(x - 150, y - 210), (x + 110, y - 230), (x + 190, y + 170), (x - 110, y + 200)]
    canvas.shape(body, canvas.palette.ink, canvas.palette.ink, 16)
    glass = [(x - 128, y - 182), (x + 92, y - 200), (x + 160, y + 142), (x - 94, y + 168)]
    canvas.fill(glass, blend(canvas.palette.paper, canvas.palette.accent, 0.12))
    for n in range(3):
        top = y - 120 + n * 84
        canvas.shape(
            [
                (x - 96 + n * 10, top),
                (x + 70 + n * 14, top - 14),
                (x + 80 + n * 14, top + 36),
                (x - 88 + n * 10, top + 52),
            ],
            canvas.palette.far,
        )


def _key(canvas: Canvas, at: Point, colour: Colour) -> None:
    x, y = at
    ink = canvas.palette.ink
    canvas.line([(x - 120, y + 30), (x + 300, y - 70)], ink, 50)
    canvas.line([(x - 120, y + 30), (x + 294, y - 68)], colour, 36)
    for tooth in (200, 258):
        foot = (x + tooth, y - tooth * 0.24 + 2)
        canvas.line([foot, (foot[0] + 22, foot[1] + 86)], ink, 36)
        canvas.line([foot, (foot[0] + 20, foot[1] + 78)], colour, 22)
    canvas.ellipse((x - 210, y + 52), (128, 120), colour, ink, 8)
    canvas.ellipse(
        (x - 216, y + 54), (62, 58), blend(canvas.palette.ground, canvas.palette.mid, 0.3), ink, 8
    )


def _cup(canvas: Canvas, at: Point) -> None:
    x, y = at
    palette = canvas.palette
    canvas.ellipse((x, y + 150), (300, 66), palette.far, palette.ink, 5)
    canvas.ellipse((x + 185, y - 10), (80, 86), None, palette.ink, 30)
    bowl = [
        (x - 180, y - 130),
        (x + 180, y - 130),
        (x + 150, y + 70),
        (x + 84, y + 150),
        (x - 84, y + 150),
        (x - 150, y + 70),
    ]
    canvas.shape(bowl, palette.paper, palette.ink, 5)
    canvas.ellipse((x, y - 130), (180, 44), palette.near, palette.ink, 5)
    for n in (-50, 20, 80):
        canvas.stroke(
            [(x + n, y - 170), (x + n + 24, y - 230), (x + n - 10, y - 290), (x + n + 20, y - 350)],
            palette.paper,
            5,
            4,
        )


def _clock(canvas: Canvas, at: Point) -> None:
    x, y = at
    palette = canvas.palette
    canvas.ellipse((x, y - 20), (230, 215), palette.mid, palette.ink, 6)
    canvas.ellipse((x, y - 20), (190, 176), palette.paper, palette.ink, 4)
    for dx, dy in ((0, -1), (1, 0), (0, 1), (-1, 0)):
        canvas.line(
            [(x + dx * 150, y - 20 + dy * 138), (x + dx * 174, y - 20 + dy * 160)], palette.ink, 7
        )
    canvas.line([(x, y - 20), (x + 18, y - 140)], palette.ink, 9)
    canvas.line([(x, y - 20), (x + 88, y + 22)], palette.ink, 11)
    canvas.ellipse((x, y - 20), (12, 12), palette.accent, palette.ink)
