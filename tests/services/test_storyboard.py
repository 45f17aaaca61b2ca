from __future__ import annotations

import pytest

from models import Event, MediaStatus, StoryboardSelection
from services import storyboard
from services.errors import Conflict
from services.work import perform
from tests.conftest import Home
from tests.making import a_project, a_scene, a_shot, an_image


async def test_choosing_a_complete_image_puts_it_on_the_storyboard(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    image = await an_image(home, shot)

    selection = await perform(
        home.world, home.owner, storyboard.select_master_shot, shot.id, image.id
    )

    assert selection.image_id == image.id
    assert (await StoryboardSelection.get(shot_id=shot.id)).id == selection.id


async def test_a_pending_image_is_refused_and_nothing_is_recorded(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    image = await an_image(home, shot, status=MediaStatus.PENDING, imageUrl=None)
    before = await Event.all().count()

    with pytest.raises(Conflict, match="PENDING"):
        await perform(home.world, home.owner, storyboard.select_master_shot, shot.id, image.id)

    assert not await StoryboardSelection.exists()
    assert await Event.all().count() == before
