"""What was deleted long ago is final, and takes its files along, unless somebody needs them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from models import Asset, DeletionRecord, Image, Project
from services import limits
from services.assets import store_picture
from services.backends.storage import StorageUnavailable
from services.deletion import Deletion
from services.errors import Conflict, NotFound
from services.projects import delete_project
from services.restoring import restore
from services.scenes import delete_scene
from services.trash import empty_trash
from services.work import perform
from tests.conftest import Home
from tests.making import (
    Studio,
    a_drawn_image,
    a_picture,
    a_project,
    a_scene,
    a_shot,
    all_that_is_kept,
    in_a_studio,
)

DAYS = 30


@pytest.fixture
def home(home: Home) -> Home:
    return in_a_studio(home)


async def a_drawn_project(home: Home, color: str = "teal") -> Project:
    studio = home.world.renderers["studio"]
    assert isinstance(studio, Studio)
    studio.picture = a_picture(color)
    project = await a_project(home)
    await a_drawn_image(home, await a_shot(home, await a_scene(home, project)))
    return project


def aged_files(folder: Path) -> None:
    """Make all that is stored old."""
    for path in folder.rglob("objects/*/*/*"):
        os.utime(path, (0, 0))


async def deleted(home: Home, project: Project, days_ago: float) -> Deletion:
    deletion = await perform(home.world, home.owner, delete_project, project.id)
    await aged(deletion, days_ago)
    return deletion


async def aged(deletion: Deletion, days: float) -> None:
    """Make a deletion older."""
    record = await DeletionRecord.get(id=deletion.restore_id)
    record.created_at -= timedelta(days=days)
    await record.save(update_fields=["created_at"])


async def files_of(project: Project) -> set[str]:
    found = await Asset.filter(project_id=project.id).values_list("sha256", flat=True)
    return {str(sha256) for sha256 in found}


async def are_stored(home: Home, files: set[str]) -> set[bool]:
    return {await home.world.storage.size(sha256) is not None for sha256 in files}


async def test_files_stay_as_long_as_their_project_can_be_restored(home: Home) -> None:
    project = await a_drawn_project(home)
    files = await files_of(project)
    deletion = await deleted(home, project, DAYS - 1)

    await empty_trash(home.world, DAYS)

    assert len(files) == 2
    assert await are_stored(home, files) == {True}
    await perform(home.world, home.owner, restore, deletion.restore_id)
    [image] = await Image.all()
    asset = await Asset.get(id=image.asset_id)
    assert await home.world.storage.get(asset.sha256) == a_picture()


async def test_after_that_nothing_is_left(home: Home, tmp_path: Path) -> None:
    before = await all_that_is_kept(home, tmp_path / "assets")
    project = await a_drawn_project(home)
    scene = await a_scene(home, project)
    part = await perform(home.world, home.owner, delete_scene, scene.id)
    deletion = await deleted(home, project, DAYS + 1)
    await aged(part, DAYS + 1)
    aged_files(tmp_path)

    await empty_trash(home.world, DAYS)

    logged = ("Feed", "Event")
    after = await all_that_is_kept(home, tmp_path / "assets")
    assert {k: v for k, v in after.items() if k not in logged} == {
        k: v for k, v in before.items() if k not in logged
    }
    with pytest.raises(NotFound):
        await perform(home.world, home.owner, restore, deletion.restore_id)


async def test_what_was_restored_keeps_its_files(home: Home) -> None:
    project = await a_drawn_project(home)
    deletion = await deleted(home, project, DAYS + 1)
    await perform(home.world, home.owner, restore, deletion.restore_id)

    await empty_trash(home.world, DAYS)

    assert not await DeletionRecord.exists()
    assert await are_stored(home, await files_of(project)) == {True}


async def test_files_that_another_project_or_deletion_needs_stay(
    home: Home, tmp_path: Path
) -> None:
    teal, also_teal, red, also_red = [
        await a_drawn_project(home, color) for color in ("teal", "teal", "red", "red")
    ]
    files = [await files_of(project) for project in (teal, red)]
    await deleted(home, teal, DAYS + 1)
    await deleted(home, red, DAYS + 1)
    young = await deleted(home, also_red, 1)
    aged_files(tmp_path)

    await empty_trash(home.world, DAYS)

    assert [await are_stored(home, some) for some in files] == [{True}, {True}]
    await perform(home.world, home.owner, restore, young.restore_id)
    assert await files_of(also_red) == files[1]
    await deleted(home, also_red, DAYS + 1)
    await deleted(home, also_teal, DAYS + 1)
    await empty_trash(home.world, DAYS)
    assert [await are_stored(home, some) for some in files] == [{False}, {False}]


async def test_a_file_put_again_just_now_stays_for_the_next_time(
    home: Home, tmp_path: Path
) -> None:
    project = await a_drawn_project(home)
    files = await files_of(project)
    deletion = await deleted(home, project, DAYS + 1)
    aged_files(tmp_path)
    made = await store_picture(home.world.storage, a_picture())  # no row tells of it yet

    await empty_trash(home.world, DAYS)
    assert await are_stored(home, files) == {True}
    assert made.file.sha256 in files
    with pytest.raises(Conflict):
        await perform(home.world, home.owner, restore, deletion.restore_id)

    aged_files(tmp_path)
    await empty_trash(home.world, DAYS)
    assert await are_stored(home, files) == {False}
    assert not await DeletionRecord.exists()


async def test_a_storage_that_fails_is_asked_again(home: Home, tmp_path: Path) -> None:
    project = await a_drawn_project(home)
    files = await files_of(project)
    deletion = await deleted(home, project, DAYS + 1)
    aged_files(tmp_path)
    folder, aside = tmp_path / "assets", tmp_path / "aside"
    folder.rename(aside)
    folder.touch()
    with pytest.raises(StorageUnavailable):
        await empty_trash(home.world, DAYS)
    assert await DeletionRecord.exists(id=deletion.restore_id)
    folder.unlink()
    aside.rename(folder)

    await empty_trash(home.world, DAYS)

    assert await are_stored(home, files) == {False}
    assert not await DeletionRecord.exists()


async def test_the_trash_is_emptied_however_full_it_is(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROWS_AT_ONCE", 2)
    for _ in range(5):
        await deleted(home, await a_project(home), DAYS + 1)
    await empty_trash(home.world, DAYS)
    assert not await DeletionRecord.exists()
