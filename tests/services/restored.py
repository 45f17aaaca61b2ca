"""Deleting and restoring, and what people see before and after."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from models import Image, Project, Row, Scene, Shot, StoryboardSelection
from services import animation, export, generation, images, projects, scenes, shots
from services.actor import Actor
from services.deletion import Deletion
from services.errors import Refusal
from services.restoring import Restoration, restore
from services.storyboard import clear_master_shot
from services.work import perform
from tests.conftest import Home
from tests.making import a_drawn_image, a_project, a_scene, a_selection, a_shot, an_image
from tests.stored import Stored, stored

KEPT_ASIDE = {"deletion_record", "deleted_rows", "deleted_reference", "deleted_file"}
THE_LOG = {"feed", "event"}
RISING = {"version", "updated_at"}


async def delete(home: Home, row: Row) -> Deletion:
    acts: dict[type[Row], Callable[..., Awaitable[Deletion]]] = {
        Project: projects.delete_project,
        Scene: scenes.delete_scene,
        Shot: shots.delete_shot,
        Image: images.delete_image,
        StoryboardSelection: clear_master_shot,
    }
    named = row.shot_id if isinstance(row, StoryboardSelection) else row.id
    return await perform(home.world, home.owner, acts[type(row)], named)


async def undo(home: Home, deletion: Deletion, actor: Actor | None = None) -> Restoration:
    return await perform(home.world, actor or home.owner, restore, deletion.restore_id)


async def a_board(home: Home) -> Project:
    """Two scenes of two shots: chosen and animated images with refinements, one failed, a film."""
    project = await a_project(home, promptPlannerData={"mood": ["dim", 1.5, None, "\u2603"]})
    for scene in [await a_scene(home, project), await a_scene(home, project)]:
        for number in (1, 2):
            shot = await a_shot(home, scene, camera={"framing": "WIDE"}, label=f"{number}A")
            image = await a_drawn_image(home, shot)
            await a_selection(home, image)
            order = {"prompt": "Rain", "count": 2}
            await perform(home.world, home.owner, generation.refine_image, image.id, order)
            await an_image(home, shot, metadata={"seed": 7})
    await perform(home.world, home.owner, animation.animate, {}, project.id)
    await home.queue.run(home.world)
    await perform(home.world, home.owner, export.export_project, project.id, "MP4")
    await home.queue.run(home.world)
    return project


async def the_board() -> Stored:
    """All that people see, but for what rises with every change."""
    return {
        table: [{name: row[name] for name in row.keys() - RISING} for row in rows]
        for table, rows in (await stored()).items()
        if table not in KEPT_ASIDE | THE_LOG
    }


async def refusal(home: Home, deletion: Deletion, actor: Actor | None = None) -> Refusal:
    """Why it is not restored. Nothing changes."""
    before = await stored()
    with pytest.raises(Refusal) as refused:
        await undo(home, deletion, actor)
    assert await stored() == before
    return refused.value
