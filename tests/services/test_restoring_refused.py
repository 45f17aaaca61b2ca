"""What a deletion took stays away where it no longer fits, and the reason is told."""

from __future__ import annotations

import pytest

from models import Project, Scene, StoryboardSelection, new_id
from services import limits
from services.actor import Actor, Role
from services.deletion import Deletion
from services.errors import Conflict, Forbidden, InvalidInput, LimitExceeded, NotFound, Refusal
from tests.conftest import Home
from tests.making import (
    a_project,
    a_scene,
    a_selection,
    a_shot,
    a_viewer,
    an_image,
    an_outsider,
    in_a_studio,
)
from tests.services.restored import delete, refusal, the_board, undo


@pytest.fixture
def home(home: Home) -> Home:
    return in_a_studio(home)


async def test_what_belonged_to_something_gone_waits_for_it(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    before = await the_board()
    parts = [await delete(home, shot), await delete(home, await Scene.get(id=shot.scene_id))]
    parts.append(await delete(home, await Project.get(id=shot.project_id)))

    refused = await refusal(home, parts[0])
    assert (refused.code, refused.field) == ("CONFLICT", "restoreId")
    assert str(refused) == f"The project {shot.project_id} is gone; restore that first."
    await undo(home, parts[2])
    refused = await refusal(home, parts[0])
    assert str(refused) == f"The scene {shot.scene_id} is gone; restore that first."

    await undo(home, parts[1])
    await undo(home, parts[0])
    assert await the_board() == before


async def test_nothing_is_restored_twice(home: Home) -> None:
    deletion = await delete(home, await a_scene(home, await a_project(home), "A", "B"))
    await undo(home, deletion)

    refused = await refusal(home, deletion)

    assert (type(refused), str(refused)) == (
        Conflict,
        "This was restored already, or is kept no longer.",
    )


async def test_a_choice_made_since_stays(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    one, other = await an_image(home, shot), await an_image(home, shot)
    await a_selection(home, one)
    cleared = await delete(home, await StoryboardSelection.get(shot_id=shot.id))
    again = await a_selection(home, one)
    gone = await delete(home, one)
    await a_selection(home, other)

    for deletion in (cleared, gone):
        refused = await refusal(home, deletion)
        assert isinstance(refused, Conflict)
    assert str(await refusal(home, gone)) == (
        "Another image has been chosen for the shot since; clear that first."
    )

    await delete(home, await StoryboardSelection.get(shot_id=shot.id))
    await undo(home, gone)
    assert (await StoryboardSelection.get(shot_id=shot.id)).id == again.id


async def test_a_variant_number_taken_since_keeps_an_image_out(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    deletion = await delete(home, await an_image(home, shot))
    await an_image(home, shot)

    refused = await refusal(home, deletion)

    assert (type(refused), str(refused)) == (
        Conflict,
        "Another image has its iteration and variant number now.",
    )


async def test_limits_hold_for_what_comes_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    gone = [await delete(home, await an_image(home, shot))]
    await an_image(home, shot)
    monkeypatch.setattr(limits, "IMAGES_PER_SHOT", 1)
    assert isinstance(await refusal(home, gone[0]), LimitExceeded)


async def test_only_who_may_delete_may_restore(home: Home) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project)
    editor = Actor("usr_editor", "Ed", {project.client_id: Role.EDITOR})
    part = await delete(home, scene)
    for actor, kind in ((an_outsider(), NotFound), (a_viewer(project), Forbidden)):
        assert type(await refusal(home, part, actor)) is kind
    await undo(home, part, editor)

    whole = await delete(home, project)
    for actor, kind in (
        (an_outsider(), NotFound),
        (a_viewer(project), Forbidden),
        (editor, Forbidden),
    ):
        assert type(await refusal(home, whole, actor)) is kind
    await undo(home, whole)


@pytest.mark.parametrize(
    ("restore_id", "kind"),
    [
        ("", InvalidInput),
        ("del_1", InvalidInput),
        (new_id("scn"), InvalidInput),
        (new_id("del"), NotFound),
    ],
    ids=["empty", "malformed", "of-another-kind", "unknown"],
)
async def test_what_names_no_deletion_is_refused(
    home: Home, restore_id: str, kind: type[Refusal]
) -> None:
    assert type(await refusal(home, Deletion("", [], restore_id))) is kind
