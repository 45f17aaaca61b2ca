from __future__ import annotations

from pathlib import Path

import av
import pytest

from models import Asset, Job, JobKind, JobStatus, Project, Scene, Shot, StoryboardSelection
from services import animation, shots
from services.actor import Actor
from services.errors import Conflict, NotFound
from services.export import export_project
from services.scenes import move_scene
from services.work import perform
from tests.conftest import Home
from tests.making import (
    Studio,
    a_drawn_image,
    a_project,
    a_scene,
    a_selection,
    a_viewer,
    all_that_is_kept,
    an_image,
    an_outsider,
)


@pytest.fixture
async def project(home: Home) -> Project:
    """Two scenes of two shots in 25 frames a second, three of them chosen."""
    home.world.renderers = {"studio": Studio()} | dict(home.world.renderers)
    project = await a_project(home, frameRate="25")
    for number in (1, 2):
        scene = await a_scene(home, project, f"{number}.1", f"{number}.2")
        for shot in await Shot.filter(scene_id=scene.id):
            if shot.description != "2.1":
                await a_selection(home, await a_drawn_image(home, shot))
    return project


async def export(home: Home, project: Project, actor: Actor | None = None) -> Job:
    return await perform(home.world, actor or home.owner, export_project, project.id, "MP4")


async def words(job: Job) -> list[str]:
    """The descriptions of the shots shown, in order."""
    found = {shot.id: shot.description for shot in await Shot.all()}
    return [found[cut["shotId"]] for cut in job.inputs["cuts"]]


async def test_the_chosen_shots_are_shown_in_order_of_scene_and_shot(
    home: Home, project: Project
) -> None:
    assert await words(await export(home, project)) == ["1.1", "1.2", "2.2"]
    last = await Scene.filter(project_id=project.id).order_by("-rank").first()
    assert last is not None
    await perform(home.world, home.owner, move_scene, last.id, 1)
    assert await words(await export(home, project)) == ["2.2", "1.1", "1.2"]


async def test_stills_stand_as_timed_or_three_seconds_and_clips_run_as_they_were_made(
    home: Home, project: Project
) -> None:
    first, second = await Shot.filter(description__in=["1.1", "1.2"]).order_by("description")
    timing = {"timing": {"duration": 4.0}}
    await perform(home.world, home.owner, shots.update_shot, first.id, timing)
    selection = await StoryboardSelection.get(shot_id=second.id)
    act = animation.animate
    order = {"duration": 1.0}
    batch = await perform(home.world, home.owner, act, order, None, [selection.id])
    await home.queue.run(home.world)

    job = await export(home, project)

    cuts = job.inputs["cuts"]
    assert [cut["frames"] for cut in cuts] == [100, 25, 75]
    assert [cut["mediaType"] for cut in cuts] == ["image/png", "video/mp4", "image/png"]
    clip = await Job.get(batch_id=batch.id)
    assert cuts[1]["sha256"] == (await Asset.get(id=clip.asset_id)).sha256


async def test_the_same_film_in_the_making_is_answered_again(
    home: Home, project: Project, tmp_path: Path
) -> None:
    job = await export(home, project)
    before = await all_that_is_kept(home, tmp_path / "assets")
    assert (await export(home, project)).id == job.id
    assert await all_that_is_kept(home, tmp_path / "assets") == before


async def test_the_film_is_one_file_of_exactly_the_frames_shown(
    home: Home, project: Project, tmp_path: Path
) -> None:
    timing = {"timing": {"duration": 0.2}}
    for shot in await Shot.all():
        await perform(home.world, home.owner, shots.update_shot, shot.id, timing)
    await export(home, project)

    [job] = await home.queue.run(home.world)

    assert (job.status, job.kind, job.progress) == (JobStatus.COMPLETE, JobKind.EXPORT, 1.0)
    asset = await Asset.get(id=job.asset_id)
    film = tmp_path / "film.mp4"
    await home.world.storage.download(asset.sha256, film)
    assert asset.media_type == "video/mp4"
    with av.open(film) as container:
        assert sum(1 for _ in container.decode(video=0)) == 15
        assert container.streams.video[0].average_rate == 25


async def test_an_empty_storyboard_is_no_film(home: Home) -> None:
    empty = await a_project(home)
    await a_scene(home, empty, "Nothing chosen")
    with pytest.raises(Conflict, match="nothing to show"):
        await export(home, empty)


async def test_what_was_made_elsewhere_cannot_be_cut(
    home: Home, project: Project, tmp_path: Path
) -> None:
    shot = await Shot.get(description="2.1")
    await a_selection(home, await an_image(home, shot))
    before = await all_that_is_kept(home, tmp_path / "assets")
    with pytest.raises(Conflict, match=f"{shot.id} was made elsewhere"):
        await export(home, project)
    assert await all_that_is_kept(home, tmp_path / "assets") == before


async def test_only_who_may_edit_orders_a_film(home: Home, project: Project) -> None:
    with pytest.raises(NotFound):
        await export(home, project, an_outsider())
    with pytest.raises(Exception, match="not change it"):
        await export(home, project, a_viewer(project))
