"""Marker on paper: fills and pencil lines in units that do not depend on the picture's size.

The picture is 1000 units high; x grows right and y grows down from its top left corner. All is
drawn at twice the final size and reduced once, which is what makes the edges smooth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from services.backends.drawing.palette import Colour, Palette

Point = tuple[float, float]

OVERSAMPLING = 2
HEIGHT = 1000.0
BLEED = 260.0
"""How far scenery is drawn beyond every edge, so that a tilted picture has no empty corner."""
STROKE_STEP = 70.0
BLUR_SCALE = 4
CIRCLE_POINTS = 28


class Canvas:
    def __init__(
        self, size: tuple[int, int], palette: Palette, rng: Random, tilt_degrees: float = 0.0
    ) -> None:
        self.size = size
        self.palette = palette
        self.rng = rng
        self.scale = size[1] * OVERSAMPLING / HEIGHT
        self.width = size[0] / size[1] * HEIGHT
        self.tilt_degrees = tilt_degrees
        turn = math.radians(tilt_degrees)
        self._cos, self._sin = math.cos(turn), math.sin(turn)
        self.image = Image.new(
            "RGB", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING), palette.ground
        )
        self._draw = ImageDraw.Draw(self.image)

    def place(self, point: Point) -> Point:
        """Where a point of the scene lands on the oversampled image."""
        if not self.tilt_degrees:
            return point[0] * self.scale, point[1] * self.scale
        x, y = point[0] - self.width / 2, point[1] - HEIGHT / 2
        return (
            (x * self._cos - y * self._sin + self.width / 2) * self.scale,
            (x * self._sin + y * self._cos + HEIGHT / 2) * self.scale,
        )

    def fill(self, points: Sequence[Point], colour: Colour) -> None:
        self._draw.polygon([self.place(point) for point in points], fill=colour)

    def line(self, points: Sequence[Point], colour: Colour, weight: float) -> None:
        """A clean line. `weight` in units."""
        self._draw.line(
            [self.place(point) for point in points],
            fill=colour,
            width=max(1, round(weight * self.scale)),
            joint="curve",
        )

    def stroke(
        self, points: Sequence[Point], colour: Colour, weight: float = 2.6, loose: float = 1.2
    ) -> None:
        """A line drawn by hand: it wanders by about `loose` units."""
        gauss = self.rng.gauss
        path: list[Point] = [points[0]]
        for (ax, ay), (bx, by) in pairwise(points):
            steps = max(1, min(24, int(math.hypot(bx - ax, by - ay) / STROKE_STEP)))
            for step in range(1, steps + 1):
                share = step / steps
                path.append(
                    (
                        ax + (bx - ax) * share + gauss(0, loose),
                        ay + (by - ay) * share + gauss(0, loose),
                    )
                )
        self.line(path, colour, weight)

    def shape(
        self,
        points: Sequence[Point],
        colour: Colour,
        edge: Colour | None = None,
        weight: float = 2.6,
    ) -> None:
        """A filled outline, its edge drawn by hand."""
        self.fill(points, colour)
        self.stroke([*points, points[0]], edge or self.palette.ink, weight)

    def ellipse(
        self,
        centre: Point,
        radii: Point,
        colour: Colour | None,
        edge: Colour | None = None,
        weight: float = 2.4,
    ) -> None:
        points = oval(centre, radii)
        if colour is not None:
            self.fill(points, colour)
        if edge is not None:
            self.line([*points, points[0]], edge, weight)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self.fill([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def hatch(
        self,
        box: tuple[float, float, float, float],
        colour: Colour,
        gap: float = 14.0,
        lean: float = 0.7,
        weight: float = 1.8,
    ) -> None:
        """Parallel pencil strokes that shade a box (left, top, right, bottom)."""
        left, top, right, bottom = box
        height = bottom - top
        x = left - height * lean
        while x < right:
            start, end = max(x, left), min(x + height * lean, right)
            if end > start and lean:
                y_start = bottom - (start - x) / lean
                y_end = bottom - (end - x) / lean
                self.line([(start, y_start), (end, y_end)], colour, weight)
            x += gap * self.rng.uniform(0.75, 1.25)

    def glow(self, centre: Point, radii: Point, colour: Colour, strength: float) -> None:
        """A soft light, fading to nothing at its edge. `strength` 0..1 in the middle."""
        x, y = self.place(centre)
        rx, ry = radii[0] * self.scale, radii[1] * self.scale
        left, top = round(x - rx), round(y - ry)
        size = max(2, round(2 * rx)), max(2, round(2 * ry))
        mask = Image.radial_gradient("L").point(
            [round(strength * 255 * max(0.0, 1 - v / 180) ** 1.6) for v in range(256)]
        )
        self.image.paste(colour, (left, top), mask.resize(size, Image.Resampling.BILINEAR))

    def sky(self, top: Colour, low: Colour, horizon: float) -> None:
        """A wash from the top of the picture to the horizon."""
        height = max(1, round((horizon + BLEED * abs(self._sin)) * self.scale))
        column = Image.new("RGB", (1, 2))
        column.putdata([top, low])
        wash = column.resize((1, 24), Image.Resampling.BILINEAR)
        self.image.paste(wash.resize((self.image.width, height), Image.Resampling.BILINEAR))

    def throw_out_of_focus(self, zoom: float, horizon: float) -> None:
        """Enlarges what is drawn so far around the horizon and softens it."""
        width, height = self.image.size
        crop_width, crop_height = width / zoom, height / zoom
        left = (width - crop_width) / 2
        level = min(max(horizon / HEIGHT, 0.25), 0.75) * height
        top = min(max(level - crop_height * 0.5, 0.0), height - crop_height)
        box = (left, top, left + crop_width, top + crop_height)
        small = (width // BLUR_SCALE, height // BLUR_SCALE)
        soft = self.image.resize(small, Image.Resampling.BOX, box=box)
        soft = soft.filter(ImageFilter.GaussianBlur((zoom - 1) * 3.2))
        self.image.paste(soft.resize((width, height), Image.Resampling.BICUBIC))

    def veil(self, colour: Colour, levels: Sequence[int]) -> None:
        """A mist over what is drawn so far; `levels` 0..255 from the top down."""
        column = Image.new("L", (1, len(levels)))
        column.putdata(levels)
        mask = column.resize(self.image.size, Image.Resampling.BILINEAR)
        self.image.paste(colour, (0, 0), mask)

    def finished(self) -> Image.Image:
        return self.image.reduce(OVERSAMPLING)


def oval(centre: Point, radii: Point, count: int = CIRCLE_POINTS) -> list[Point]:
    return [
        (
            centre[0] + radii[0] * math.cos(2 * math.pi * n / count),
            centre[1] + radii[1] * math.sin(2 * math.pi * n / count),
        )
        for n in range(count)
    ]


def smooth(points: Sequence[Point], rounds: int = 2) -> list[Point]:
    """A closed outline with its corners cut (Chaikin): angular in, drawn by hand out."""
    path = list(points)
    for _ in range(rounds):
        cut: list[Point] = []
        for (ax, ay), (bx, by) in zip(path, [*path[1:], path[0]], strict=True):
            cut.append((ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25))
            cut.append((ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75))
        path = cut
    return path


def curve(points: Sequence[Point], rounds: int = 2) -> list[Point]:
    """An open line with its corners cut; both ends stay."""
    path = list(points)
    for _ in range(rounds):
        cut = [path[0]]
        for (ax, ay), (bx, by) in pairwise(path):
            cut.append((ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25))
            cut.append((ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75))
        path = [*cut, path[-1]]
    return path


def ridge(
    rng: Random, span: tuple[float, float], base: float, height: float, step: float
) -> list[Point]:
    """An open line of hills from left to right, `height` units above `base` at most."""
    phases = [rng.uniform(0, 2 * math.pi) for _ in range(4)]
    left, right = span
    points: list[Point] = []
    x = left
    while x <= right + step:
        share = (x - left) / (right - left)
        wave = sum(
            math.sin(share * math.pi * (2.3 + 3.1 * n) + phase) / (n + 1.2)
            for n, phase in enumerate(phases)
        )
        points.append((x, base - height * (0.5 + 0.28 * wave)))
        x += step * rng.uniform(0.7, 1.3)
    return points
