from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Any

import pytest

from models import Client, Event, EventKind, Image, Project, Scene, Shot, new_id
from services import limits, shots
from services.errors import Conflict, Refusal
from services.work import perform
from tests.conftest import Home
from tests.making import a_project, a_scene, a_shot, an_image
from tests.stored import stored

NTSC = Fraction(24000, 1001)


async def the_scene(home: Home, **project: Any) -> Scene:
    return await a_scene(home, await a_project(home, **project))


@pytest.mark.parametrize(
    ("rate", "seconds", "frames"),
    [
        ("24", 1, 24),
        ("24", 2.5, 60),
        ("24", 0, 0),
        ("24", 600, 14_400),
        ("24000/1001", 1, 24),
        ("24000/1001", 1.001, 24),
        ("24000/1001", 60, 1439),
        ("24000/1001", 600, 14_386),
        ("25", 0.02, 0),
        ("25", 0.03, 1),
    ],
)
async def test_seconds_are_kept_as_frames_at_the_projects_rate(
    home: Home, rate: str, seconds: float, frames: int
) -> None:
    scene = await the_scene(home, frameRate=rate)
    created = await a_shot(home, scene, timing={"duration": seconds, "transition": "cut"})
    other = await a_shot(home, scene)
    patch = {"timing": {"inPoint": seconds}}
    await perform(home.world, home.owner, shots.update_shot, other.id, patch)

    assert (await Shot.get(id=created.id)).timing == {"duration": frames, "transition": "cut"}
    kept = (await Shot.get(id=other.id)).timing
    assert kept == {"inPoint": frames}
    assert isinstance(kept["inPoint"], int)


async def test_seconds_and_frames_agree_to_half_a_frame_at_every_length(home: Home) -> None:
    scene = await the_scene(home, frameRate="24000/1001")
    for frames in (1, 23, 24, 1_001, 14_385):
        exact = float(frames / NTSC)
        shot = await a_shot(home, scene, timing={"duration": exact})
        assert shot.timing["duration"] == frames


async def test_a_shot_keeps_what_it_is_given_without_the_nulls(home: Home) -> None:
    shot = await a_shot(
        home,
        await the_scene(home),
        label="12A",
        initialPrompt="dusk",
        generation={"prompt": "x", "model": None, "parameters": {"steps": 20, "seed": None}},
        timing=None,
        camera={"framing": "WIDE", "movement": {"type": None}},
        type=None,
    )

    kept = await Shot.get(id=shot.id)
    assert kept.generation == {"prompt": "x", "parameters": {"steps": 20}}
    assert (kept.timing, kept.camera) == ({}, {"framing": "WIDE"})
    assert (kept.label, kept.initial_prompt, kept.type) == ("12A", "dusk", None)


BAD = [
    ({"description": ""}, "INVALID_INPUT", "description"),
    ({"description": "x" * (limits.DESCRIPTION + 1)}, "LIMIT_EXCEEDED", "description"),
    ({"label": "\x00"}, "INVALID_INPUT", "label"),
    ({"type": "x" * (limits.NAME + 1)}, "LIMIT_EXCEEDED", "type"),
    ({"timing": {"duration": 601}}, "INVALID_INPUT", "timing.duration"),
    ({"timing": {"duration": float("nan")}}, "INVALID_INPUT", "timing.duration"),
    ({"timing": {"inPoint": float("inf")}}, "INVALID_INPUT", "timing.inPoint"),
    ({"timing": {"outPoint": True}}, "INVALID_INPUT", "timing.outPoint"),
    ({"timing": {"frames": 3}}, "INVALID_INPUT", "timing.frames"),
    (
        {"generation": {"parameters": {"seed": 2**31}}},
        "INVALID_INPUT",
        "generation.parameters.seed",
    ),
    (
        {"generation": {"parameters": {"seed": 10**400}}},
        "INVALID_INPUT",
        "generation.parameters.seed",
    ),
    (
        {"generation": {"parameters": {"steps": 1.5}}},
        "INVALID_INPUT",
        "generation.parameters.steps",
    ),
    (
        {"generation": {"parameters": {"width": 255}}},
        "INVALID_INPUT",
        "generation.parameters.width",
    ),
    (
        {"generation": {"parameters": {"height": 2_049}}},
        "INVALID_INPUT",
        "generation.parameters.height",
    ),
    ({"generation": {"prompt": "\ud800"}}, "INVALID_INPUT", "generation.prompt"),
    ({"camera": {"movement": {"type": "x" * 61}}}, "LIMIT_EXCEEDED", "camera.movement.type"),
    ({"sceneId": "x"}, "INVALID_INPUT", "sceneId"),
]


@pytest.mark.parametrize(("given", "code", "field"), BAD, ids=lambda value: ascii(value)[:50])
async def test_a_bad_field_is_refused_when_creating_and_when_editing(
    home: Home, given: dict[str, Any], code: str, field: str
) -> None:
    shot = await a_shot(home, await the_scene(home))
    before = await stored()

    with pytest.raises(Refusal) as creating:
        await a_shot(home, await Scene.get(id=shot.scene_id), **given)
    with pytest.raises(Refusal) as editing:
        await perform(home.world, home.owner, shots.update_shot, shot.id, given)

    assert (creating.value.code, creating.value.field) == (code, f"input.{field}")
    assert (editing.value.code, editing.value.field) == (code, f"patch.{field}")
    assert await stored() == before


async def test_a_shot_moves_to_another_scene_with_its_images(home: Home) -> None:
    project = await a_project(home)
    here, there = await a_scene(home, project, "A", "B"), await a_scene(home, project, "C", "D")
    shot = await Shot.filter(scene_id=here.id).order_by("rank").first()
    assert shot is not None
    image = await an_image(home, shot)

    moved = await perform(home.world, home.owner, shots.move_shot, shot.id, 2, there.id)

    assert (moved.scene_id, moved.place, moved.version) == (there.id, 2, 2)
    order = await Shot.filter(scene_id=there.id).order_by("rank")
    assert [one.description for one in order] == ["C", "A", "D"]
    assert await Shot.filter(scene_id=here.id).count() == 1
    assert (await Image.get(id=image.id)).shot_id == shot.id
    event = await Event.filter(feed_id=project.id).order_by("-sequence").first()
    assert event is not None
    assert (event.kind, event.changed) == (EventKind.MOVED, ["shotNumber", "scene"])


async def test_a_move_to_the_scene_where_a_shot_is_is_a_move_within_it(home: Home) -> None:
    scene = await a_scene(home, await a_project(home), "A", "B")
    first = await Shot.filter(scene_id=scene.id).order_by("rank").first()
    assert first is not None
    before = await stored()
    await perform(home.world, home.owner, shots.move_shot, first.id, 1, scene.id)
    assert await stored() == before

    moved = await perform(home.world, home.owner, shots.move_shot, first.id, 2, scene.id)
    assert moved.place == 2
    event = await Event.filter(subject_id=first.id).order_by("-sequence").first()
    assert event is not None
    assert event.changed == ["shotNumber"]


async def test_a_shot_moves_only_within_its_project(home: Home) -> None:
    shot, elsewhere = await a_shot(home, await the_scene(home)), await the_scene(home)
    before = await stored()
    with pytest.raises(Conflict, match="only within its project") as refused:
        await perform(home.world, home.owner, shots.move_shot, shot.id, 1, elsewhere.id)
    assert refused.value.field == "sceneId"
    assert await stored() == before


@pytest.mark.parametrize("scene_id", ["theirs", "missing", "", "7"])
async def test_a_shot_does_not_move_to_a_scene_that_is_not_there_or_not_ones_own(
    home: Home, scene_id: str
) -> None:
    shot, theirs = await a_shot(home, await the_scene(home)), await the_scene(home)
    target = {"theirs": theirs.id, "missing": new_id("scn")}.get(scene_id, scene_id)
    other = await Client.create(slug="other", name="Other")
    await Project.filter(id=theirs.project_id).update(client_id=other.id)
    before = await stored()

    with pytest.raises(Refusal) as refused:
        await perform(home.world, home.owner, shots.move_shot, shot.id, 1, target)

    code = "NOT_FOUND" if scene_id in ("theirs", "missing") else "INVALID_INPUT"
    assert (refused.value.code, refused.value.field) == (code, "sceneId")
    assert await stored() == before


async def test_moves_across_two_projects_at_once_never_wait_for_each_other(home: Home) -> None:
    one, other = await the_scene(home), await the_scene(home)
    shot, second = await a_shot(home, one), await a_shot(home, other)
    act = shots.move_shot
    async with asyncio.timeout(10):
        answers = await asyncio.gather(
            *(perform(home.world, home.owner, act, shot.id, 1, other.id) for _ in range(10)),
            *(perform(home.world, home.owner, act, second.id, 1, one.id) for _ in range(10)),
            return_exceptions=True,
        )
    assert {type(answer) for answer in answers} == {Conflict}


async def test_what_a_shot_shows_is_its_prompt_first(home: Home) -> None:
    scene = await the_scene(home)
    assert (await a_shot(home, scene, description="a")).prompt == "a"
    assert (await a_shot(home, scene, description="a", initialPrompt="b")).prompt == "b"
    shot = await a_shot(home, scene, initialPrompt="b", generation={"prompt": "c"})
    assert shot.prompt == "c"
