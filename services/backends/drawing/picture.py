"""One storyboard picture, drawn from nothing: setting, then cast, then light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from PIL import Image

from services.backends.drawing import interiors, overhead, scenery, urban
from services.backends.drawing.atmosphere import (
    fog_levels,
    grained,
    light_from,
    vignette,
    weathered,
)
from services.backends.drawing.canvas import HEIGHT, Canvas
from services.backends.drawing.faces import draw_head
from services.backends.drawing.figures import draw_figure, draw_from_above
from services.backends.drawing.palette import PALETTES, TINTS, blend, tinted
from services.backends.drawing.props import draw_held, draw_insert, draw_own_hands, draw_umbrella
from services.backends.drawing.sheet import Notes
from services.backends.drawing.stage import DEPTH_OF_FIELD, Role, Stage
from services.backends.drawing.words import Angle, Framing, Place, Weather

TINT_SHARE = 0.09
PLAN_SIZES = {Framing.EXTREME_WIDE: 62.0, Framing.AERIAL: 62.0, Framing.WIDE: 130.0}
PLAN_SIZE = 190.0
SETTINGS: dict[Place, Callable[[Canvas, Stage], None]] = {
    Place.ROOFTOP: urban.rooftop,
    Place.STATION: urban.station,
    Place.CORRIDOR: interiors.corridor,
    Place.STREET: urban.street,
    Place.ROOM: interiors.room,
    Place.SEA: scenery.sea,
    Place.FOREST: scenery.forest,
    Place.MOUNTAINS: scenery.mountains,
    Place.DESERT: scenery.desert,
    Place.CITY: urban.city,
    Place.FIELD: scenery.field,
}


def new_canvas(stage: Stage, size: tuple[int, int], rng: Random) -> Canvas:
    palette = tinted(PALETTES[stage.hour], TINTS[stage.take % len(TINTS)], TINT_SHARE)
    if stage.brief.weather is Weather.SNOW:
        ground = blend(palette.ground, palette.paper, 0.45 if stage.dark else 0.85)
        palette = replace(palette, ground=ground)
    return Canvas(size, palette, rng, stage.tilt_degrees)


def draw_setting(canvas: Canvas, stage: Stage) -> None:
    """Everything behind the cast. The nearer the cast, the larger and softer what is behind."""
    if stage.brief.angle is Angle.BIRDS_EYE:
        overhead.plan(canvas, stage)
        return
    scenery.draw_sky(canvas, stage)
    if stage.brief.framing is Framing.AERIAL:
        overhead.aerial(canvas, stage)
    else:
        SETTINGS[stage.place](canvas, stage)
        if stage.place not in overhead.INDOORS:
            urban.wet_ground(canvas, stage)
    if stage.brief.weather is Weather.FOG:
        canvas.veil(canvas.palette.paper, fog_levels(max(0.0, stage.horizon / HEIGHT)))
    zoom = DEPTH_OF_FIELD.get(stage.brief.framing)
    if zoom is not None:
        canvas.throw_out_of_focus(zoom, stage.horizon)


def draw_cast(canvas: Canvas, stage: Stage) -> None:
    if stage.brief.framing is Framing.INSERT:
        draw_insert(canvas, stage)
        return
    for role in stage.cast:
        if stage.brief.angle is Angle.BIRDS_EYE:
            size = PLAN_SIZES.get(stage.brief.framing, PLAN_SIZE)
            draw_from_above(canvas, stage, role, size if role.lead else size * 0.85)
        else:
            _draw_role(canvas, stage, role)
    seated_by = stage.place is Place.ROOM and stage.brief.framing in TABLE_FRAMINGS
    if seated_by and "table" in stage.brief.looks and stage.brief.angle is not Angle.BIRDS_EYE:
        interiors.foreground_table(canvas, stage)
    if stage.brief.framing is Framing.POV:
        draw_own_hands(canvas)


TABLE_FRAMINGS = frozenset({Framing.MEDIUM, Framing.TWO_SHOT, Framing.OVER_THE_SHOULDER})


def _draw_role(canvas: Canvas, stage: Stage, role: Role) -> None:
    looks = stage.brief.looks if role.lead else stage.brief.looks & SHARED_LOOKS
    if not role.lead and (role.x > canvas.width / 2) == (stage.light > 0):
        looks ^= {"woman"}
    if role.lead and "seated" not in looks:
        head = (role.x, role.foot - role.height * 0.8)
        reach = min(max(role.height * 0.36, 90.0), HEIGHT)
        canvas.glow(head, (reach, reach * 1.2), canvas.palette.paper, 0.34 if stage.dark else 0.5)
    body = draw_figure(canvas, stage, role, looks)
    if not role.back:
        draw_held(body, looks)
    draw_head(body, looks)
    if role.lead and "umbrella" in looks and stage.brief.framing is not Framing.EXTREME_CLOSE_UP:
        draw_umbrella(body)


SHARED_LOOKS = frozenset({"woman", "samurai", "sword", "walking", "child"})


def finish(picture: Image.Image, canvas: Canvas, stage: Stage) -> Image.Image:
    """Light, weather and paper over the drawn picture."""
    paper = canvas.palette.paper
    picture = light_from(picture, stage.light, paper, 0.5 if not stage.dark else 0.2)
    falling = stage.brief.weather in (Weather.RAIN, Weather.SNOW)
    if stage.brief.weather and falling and stage.place not in overhead.INDOORS:
        picture = weathered(picture, stage.brief.weather, canvas.rng, paper, 0.5)
    return grained(vignette(picture, 0.3), canvas.rng)


def notes_of(stage: Stage, canvas: Canvas) -> Notes:
    lead = next((role for role in stage.cast if role.lead), None)
    return Notes(
        framing=stage.brief.framing,
        hour=stage.hour,
        weather=stage.brief.weather,
        horizon=max(0.0, stage.horizon / HEIGHT),
        lead=(lead.x / canvas.width, (lead.foot - lead.height) / HEIGHT, lead.height / HEIGHT)
        if lead and stage.brief.angle is not Angle.BIRDS_EYE
        else None,
    )
