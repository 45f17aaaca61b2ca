from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models import (
    DeletionRecord,
    Image,
    Job,
    JobBatch,
    MediaStatus,
    Project,
    Row,
    Scene,
    Shot,
    StoryboardSelection,
    new_id,
)
from services import (
    animation,
    cancelling,
    export,
    generation,
    images,
    limits,
    projects,
    restoring,
    retrying,
    scenes,
    shots,
    snapshots,
    storyboard,
)
from services.access import check_id, clients_of, seen, visible, visible_node, visible_nodes
from services.actor import SYSTEM, Actor, Role
from services.errors import Forbidden, InvalidInput, LimitExceeded, NotFound, Refusal
from services.work import perform
from tests.conftest import Home
from tests.making import (
    MADE,
    a_drawn_image,
    a_project,
    a_scene,
    a_selection,
    a_shot,
    a_snapshot,
    a_viewer,
    an_outsider,
    in_a_studio,
    ordered,
)
from tests.stored import stored

ROOT = Path(__file__).parents[2]
TEXT = {"description": "x"}
PICTURE = [{"variantNumber": 7, "imageUrl": "https://example.org/7.png"}]
PENDING = {"status": MediaStatus.PENDING}


@dataclass(frozen=True)
class Board:
    """A project with one of everything."""

    project: Project
    scene: Scene
    shot: Shot
    image: Image
    selection: StoryboardSelection
    job: Job
    batch: JobBatch
    deletion: DeletionRecord

    def row(self, model: type[Row]) -> Row:
        return next(row for row in vars(self).values() if isinstance(row, model))


@pytest.fixture
def home(home: Home) -> Home:
    return in_a_studio(home)


async def a_board(home: Home) -> Board:
    project = await a_project(home)
    scene = await a_scene(home, project)
    shot = await a_shot(home, scene)
    image = await a_drawn_image(home, shot)
    [job] = await ordered(home, shot, prompt="Another")
    job = await perform(home.world, home.owner, cancelling.cancel_job, job.id)
    gone = await perform(home.world, home.owner, shots.delete_shot, (await a_shot(home, scene)).id)
    await a_snapshot(home, project)
    deletion = await DeletionRecord.get(id=gone.restore_id)
    batch, selection = await JobBatch.get(id=job.batch_id), await a_selection(home, image)
    return Board(project, scene, shot, image, selection, job, batch, deletion)


@dataclass(frozen=True)
class Write:
    """A use case that changes something, called with the id of a row of `model` and the board."""

    name: str
    model: type[Row]
    act: Callable[..., Any]
    arguments: Callable[[str, Board], tuple[Any, ...]]
    field: str

    def given(self, row_id: str, board: Board) -> tuple[Any, ...]:
        return self.arguments(row_id, board)


WRITES = [
    Write("update_project", Project, projects.update_project, lambda i, b: (i, {}), "id"),
    Write("delete_project", Project, projects.delete_project, lambda i, b: (i,), "id"),
    Write(
        "create_scene",
        Project,
        scenes.create_scene,
        lambda i, b: (i, {"title": "x"}),
        "input.projectId",
    ),
    Write("update_scene", Scene, scenes.update_scene, lambda i, b: (i, {}), "id"),
    Write("move_scene", Scene, scenes.move_scene, lambda i, b: (i, 1), "id"),
    Write("delete_scene", Scene, scenes.delete_scene, lambda i, b: (i,), "id"),
    Write("create_shot", Scene, shots.create_shot, lambda i, b: (i, TEXT), "input.sceneId"),
    Write("update_shot", Shot, shots.update_shot, lambda i, b: (i, {}), "id"),
    Write("move_shot", Shot, shots.move_shot, lambda i, b: (i, 1), "id"),
    Write("delete_shot", Shot, shots.delete_shot, lambda i, b: (i,), "id"),
    Write(
        "register_images",
        Shot,
        images.register_images,
        lambda i, b: (i, "Dusk", PICTURE),
        "input.shotId",
    ),
    Write("update_image", Image, images.update_image, lambda i, b: (i, {}), "id"),
    Write("set_favorite", Image, images.set_favorite, lambda i, b: (i, True), "imageId"),
    Write("delete_image", Image, images.delete_image, lambda i, b: (i,), "id"),
    Write(
        "select_master_shot",
        Shot,
        storyboard.select_master_shot,
        lambda i, b: (i, b.image.id),
        "input.shotId",
    ),
    Write("clear_master_shot", Shot, storyboard.clear_master_shot, lambda i, b: (i,), "shotId"),
    Write(
        "update_storyboard_animation",
        StoryboardSelection,
        storyboard.update_storyboard_animation,
        lambda i, b: (i, {}),
        "selectionId",
    ),
    Write(
        "generate_images", Shot, generation.generate_images, lambda i, b: (i, {}), "input.shotId"
    ),
    Write(
        "refine_image",
        Image,
        generation.refine_image,
        lambda i, b: (i, {"prompt": "x"}),
        "input.imageId",
    ),
    Write("animate", Project, animation.animate, lambda i, b: ({}, i), "input.projectId"),
    Write(
        "animate selections",
        StoryboardSelection,
        animation.animate,
        lambda i, b: ({}, None, [i]),
        "input.selectionIds.0",
    ),
    Write(
        "store_snapshot",
        Project,
        snapshots.store_snapshot,
        lambda i, b: (i, {"scenes": []}),
        "input.projectId",
    ),
    Write(
        "patch_snapshot_scenes",
        Project,
        snapshots.patch_snapshot_scenes,
        lambda i, b: (i, {"scenes": [{"scene": {}}]}),
        "input.projectId",
    ),
    Write(
        "restore_snapshot",
        Project,
        snapshots.restore_snapshot,
        lambda i, b: (i, 1),
        "input.projectId",
    ),
    Write(
        "update_snapshot_metadata",
        Project,
        snapshots.update_snapshot_metadata,
        lambda i, b: (i, {"a": 1}),
        "projectId",
    ),
    Write("delete_snapshot", Project, snapshots.delete_snapshot, lambda i, b: (i,), "projectId"),
    Write(
        "export_snapshot",
        Project,
        snapshots.export_snapshot,
        lambda i, b: (i, MADE.file),
        "projectId",
    ),
    Write("restore", DeletionRecord, restoring.restore, lambda i, b: (i,), "restoreId"),
    Write("cancel_job", Job, cancelling.cancel_job, lambda i, b: (i,), "id"),
    Write("retry_job", Job, retrying.retry_job, lambda i, b: (i,), "id"),
    Write("cancel_batch", JobBatch, cancelling.cancel_batch, lambda i, b: (i,), "id"),
    Write(
        "export_project", Project, export.export_project, lambda i, b: (i, "MP4"), "input.projectId"
    ),
]
WITHOUT_AN_ID = {"create_project"}
BEFORE_A_WRITE = {"snapshot_file"}


async def refusal(home: Home, actor: Actor, write: Write, board: Board, row_id: str) -> Refusal:
    """How a call is refused; it must leave everything as it was."""
    before = await stored()
    try:
        await perform(home.world, actor, write.act, *write.given(row_id, board))
    except Refusal as refused:
        assert await stored() == before, write.name
        return refused
    raise AssertionError(f"{write.name} was not refused")


def test_the_table_names_every_use_case_that_a_mutation_calls() -> None:
    called: set[str] = set()
    modules = {write.act.__module__.removeprefix("services.") for write in WRITES}
    for file in (ROOT / "resolvers" / "mutations").glob("*.py"):
        found = re.findall(r"\b([a-z]+)\.([a-z_]+)\b", file.read_text())
        called |= {name for module, name in found if module in modules}

    assert called == {write.act.__name__ for write in WRITES} | WITHOUT_AN_ID | BEFORE_A_WRITE


async def test_what_is_somebody_elses_is_refused_like_what_is_missing(home: Home) -> None:
    board = await a_board(home)
    for write in WRITES:
        missing = new_id(write.model.PREFIX)
        theirs = await refusal(home, an_outsider(), write, board, board.row(write.model).id)
        nowhere = await refusal(home, an_outsider(), write, board, missing)
        for_the_owner = await refusal(home, home.owner, write, board, missing)

        assert isinstance(theirs, NotFound), write.name
        told = [(r.code, str(r), r.field) for r in (theirs, nowhere, for_the_owner)]
        assert told == [("NOT_FOUND", str(theirs), write.field)] * 3, write.name


async def test_a_viewer_may_not_change_anything(home: Home) -> None:
    board = await a_board(home)
    viewer = a_viewer(board.project)
    for write in WRITES:
        refused = await refusal(home, viewer, write, board, board.row(write.model).id)
        assert isinstance(refused, Forbidden), write.name
        assert refused.field == write.field


async def test_an_id_of_another_kind_is_refused_with_a_sentence(home: Home) -> None:
    board = await a_board(home)
    for write in WRITES:
        for row_id in (new_id("ast"), "", "7", "x" * 10_000, "\x00", "\ud800"):
            refused = await refusal(home, home.owner, write, board, row_id)

            assert isinstance(refused, InvalidInput), write.name
            assert refused.field == write.field
            assert str(refused).endswith(f"starts with {write.model.PREFIX}_.")
            assert len(str(refused)) < 200


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.name)
async def test_an_editor_may_do_everything_but_delete_the_project(home: Home, write: Write) -> None:
    board = await a_board(home)
    editor = Actor("usr_editor", "Eddy", {board.project.client_id: Role.EDITOR})
    given = write.given(board.row(write.model).id, board)
    if write.name == "delete_project":
        with pytest.raises(Forbidden, match="Only an owner"):
            await perform(home.world, editor, write.act, *given)
        assert await Project.exists(id=board.project.id)
    else:
        await perform(home.world, editor, write.act, *given)


async def test_only_owners_and_editors_create_projects(home: Home) -> None:
    client = (await a_project(home)).client_id
    before = await stored()
    with pytest.raises(NotFound):
        await perform(home.world, an_outsider(), projects.create_project, {"prompt": "x"})
    viewer = Actor("usr_viewer", "Vi", {client: Role.VIEWER})
    with pytest.raises(Forbidden):
        await perform(home.world, viewer, projects.create_project, {"prompt": "x"})
    assert await stored() == before

    editor = Actor("usr_editor", "Eddy", {client: Role.EDITOR})
    await perform(home.world, editor, projects.create_project, {"prompt": "x"})


async def test_the_system_may_see_and_change_everything(home: Home) -> None:
    board = await a_board(home)
    await perform(home.world, SYSTEM, scenes.update_scene, board.scene.id, {"title": "x"})
    assert await visible(SYSTEM, Image, board.image.id) is not None
    assert clients_of(SYSTEM) == []


async def test_an_image_of_another_shot_cannot_be_chosen_or_refined(home: Home) -> None:
    board = await a_board(home)
    other = await a_shot(home, board.scene)
    before = await stored()
    for act, given in (
        (storyboard.select_master_shot, (other.id, board.image.id)),
        (images.register_images, (other.id, "Dusk", PICTURE)),
        (generation.generate_images, (other.id, {}, board.image.id)),
    ):
        more = {"parent_id": board.image.id} if act is images.register_images else {}
        with pytest.raises(NotFound, match="This shot has no such image"):
            await perform(home.world, home.owner, act, *given, **more)  # type: ignore[arg-type]  # a table
    assert await stored() == before


async def test_nodes_are_answered_in_order_and_only_to_those_who_may_see_them(
    home: Home,
) -> None:
    board = await a_board(home)
    batch = await JobBatch.get(id=board.job.batch_id)
    rows: list[Row] = [
        batch, board.job, board.selection, board.image, board.shot, board.scene, board.project
    ]  # fmt: skip
    ids = [row.id for row in rows]
    missing = new_id("scn")

    mine = await visible_nodes(home.owner, [*ids, missing, *ids[::-1]])
    viewed = await visible_nodes(a_viewer(board.project), ids)

    assert mine == [*rows, None, *rows[::-1]]
    assert viewed == rows
    assert await visible_nodes(an_outsider(), ids) == [None] * len(ids)
    assert await visible_node(home.owner, board.shot.id) == board.shot
    assert await visible_node(an_outsider(), board.shot.id) is None


async def test_nodes_have_a_limit_and_must_be_nodes(home: Home) -> None:
    scene_id = new_id("scn")
    assert await visible_nodes(home.owner, [scene_id] * limits.NODES) == [None] * limits.NODES
    with pytest.raises(LimitExceeded):
        await visible_nodes(home.owner, [scene_id] * (limits.NODES + 1))
    for row_id in (new_id("tok"), new_id("idem"), "", "x"):
        with pytest.raises(InvalidInput):
            await visible_nodes(home.owner, [scene_id, row_id])


async def test_what_is_read_by_name_is_refused_by_that_name(home: Home) -> None:
    project = await a_project(home)
    assert (await seen(a_viewer(project), Project, project.id, "projectId")).id == project.id
    for actor, row_id in ((an_outsider(), project.id), (home.owner, new_id("prj"))):
        with pytest.raises(NotFound, match="There is no such project") as missing:
            await seen(actor, Project, row_id, "projectId")
        assert missing.value.field == "projectId"
    with pytest.raises(InvalidInput) as wrong:
        await seen(home.owner, Project, new_id("scn"), "projectId")
    assert wrong.value.field == "projectId"


def test_the_sentence_about_a_wrong_id_names_both_kinds() -> None:
    scene_id = new_id("scn")
    assert check_id(Scene, scene_id) == scene_id
    with pytest.raises(InvalidInput, match=r"is a scn id; the id of a selection starts with sel_"):
        check_id(StoryboardSelection, scene_id)
    with pytest.raises(InvalidInput, match=r"'7' is not an id; the id of a batch starts with bat_"):
        check_id(JobBatch, "7")
