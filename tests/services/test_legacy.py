"""A document of the first version becomes one project, once, wholly or not at all."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models import (
    Asset,
    Client,
    Event,
    EventKind,
    Feed,
    Image,
    LegacyMigration,
    MediaStatus,
    Project,
    Scene,
    Shot,
    StoryboardSelection,
    WorkflowVersion,
    reading,
)
from services import legacy, limits, projects, restoring, scenes
from services.actor import Actor, Role
from services.errors import Conflict, Forbidden, IdempotencyKeyReused, Refusal
from services.idempotency import Once
from services.work import perform, perform_once
from tests.conftest import Home
from tests.making import an_outsider
from tests.stored import stored

ROOT = Path(__file__).parents[2]
A, B, V = (f"https://example.org/{name}" for name in ("a.png", "b.png", "v.mp4"))
DOCUMENT: dict[str, Any] = {
    "id": "film-1",
    "title": "Tokyo",
    "prompt": "A night in Tokyo",
    "mood": "calm",
    "scenes": [
        {"sceneNumber": 2, "prompt": "A street", "camera": "wide"},
        {
            "sceneNumber": 1,
            "title": "Roof",
            "prompt": "A roof",
            "duration": 2,
            "images": [A, {"url": B, "selected": True, "id": "b", "sampler": "x"}],
            "video": {"url": V, "id": "v"},
        },
    ],
}
OTHER = DOCUMENT | {"title": "Kyoto"}


async def migrate(
    home: Home,
    content: Any = DOCUMENT,
    actor: Actor | None = None,
    key: str | None = None,
    **more: Any,
) -> LegacyMigration:
    actor, given = actor or home.owner, {"document": content} | more
    once = Once("migrateLegacyProject", key, given) if key is not None else None
    received = await legacy.receive_document(actor, home.world, once, given)
    return await perform_once(home.world, actor, once, legacy.migrate_legacy_project, received)


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "assets").rglob("*") if path.is_file()]


async def test_a_document_becomes_a_project_with_all_that_has_a_place(home: Home) -> None:
    migration = await migrate(home)

    project = await Project.get(id=migration.project_id)
    assert (project.title, project.prompt) == ("Tokyo", "A night in Tokyo")
    assert project.workflow_version is WorkflowVersion.V2_REDESIGN
    roof, street = await Scene.filter(project_id=project.id).order_by("rank")
    assert (roof.title, street.title, roof.label, street.label) == ("Roof", "Scene 2", None, None)
    shot, plain = [await Shot.get(scene_id=scene.id) for scene in (roof, street)]
    assert (shot.description, shot.timing, shot.camera) == ("A roof", {"duration": 48}, {})
    assert (plain.initial_prompt, plain.camera) == ("A street", {"framing": "wide"})
    first, second = await Image.filter(shot_id=shot.id).order_by("variant_number")
    assert (first.source_url, second.source_url, second.external_id) == (A, B, "b")
    assert (first.status, first.iteration_number) == (MediaStatus.COMPLETE, 0)
    assert (first.iteration_prompt, second.metadata) == ("A roof", {"sampler": "x"})
    [selection] = await StoryboardSelection.all()
    assert (selection.image_id, selection.animation_status) == (second.id, MediaStatus.COMPLETE)
    assert (selection.video_url, selection.external_video_id) == (V, "v")
    assert (migration.scenes, migration.shots) == (2, 2)
    told = {problem["path"] for problem in migration.problems}
    assert told == {"$.mood", "$.scenes[1].images[1].sampler"}


async def test_the_whole_document_is_kept(home: Home) -> None:
    migration = await migrate(home)
    asset = await Asset.get(id=migration.document_id)
    assert (asset.project_id, asset.media_type) == (migration.project_id, "application/json")
    assert asset.filename.endswith(".json")
    assert json.loads(await home.world.storage.get(asset.sha256)) == DOCUMENT


async def test_the_feed_tells_of_every_row_in_one_go(home: Home) -> None:
    migration = await migrate(home)
    events = await Event.filter(feed_id=migration.project_id).order_by("sequence")
    kinds = [event.subject_id.partition("_")[0] for event in events]
    assert kinds == ["prj", "scn", "scn", "shot", "shot", "img", "img", "sel"]
    assert {event.kind for event in events} == {EventKind.CREATED}
    assert (await Feed.get(id=migration.project_id)).head == len(events)


async def test_the_same_document_again_is_the_same_project_and_changes_nothing(
    home: Home, tmp_path: Path
) -> None:
    first = await migrate(home)
    act = projects.update_project
    await perform(home.world, home.owner, act, first.project_id, {"title": "Mine now"})
    [scene, _] = await Scene.all().order_by("rank")
    await perform(home.world, home.owner, scenes.delete_scene, scene.id)
    before, kept = await stored(), files(tmp_path)

    again = await migrate(home, dict(reversed(DOCUMENT.items())))

    assert (again.id, again.project_id) == (first.id, first.project_id)
    assert (await stored(), files(tmp_path)) == (before, kept)


async def test_another_document_with_the_same_id_changes_nothing(
    home: Home, tmp_path: Path
) -> None:
    first = await migrate(home)
    before, kept = await stored(), files(tmp_path)
    received = await legacy.receive_document(home.owner, home.world, None, {"document": OTHER})

    again = await perform(home.world, home.owner, legacy.migrate_legacy_project, received)

    assert again.id == first.id
    assert received.differs_from(again)
    assert (await stored(), files(tmp_path)) == (before, kept)


async def test_a_document_without_an_id_is_known_by_its_content(home: Home) -> None:
    document = DOCUMENT["scenes"]
    first, again = await migrate(home, document), await migrate(home, document)
    other = await migrate(home, document[::-1])
    assert first.project_id == again.project_id != other.project_id


async def test_clients_have_projects_of_their_own(home: Home) -> None:
    first = await Client.get(slug="local")
    second = await Client.create(slug="second", name="Second")
    both = Actor("usr_both", "Bo", {first.id: Role.EDITOR, second.id: Role.EDITOR})

    one = await migrate(home, actor=both)
    two = await migrate(home, actor=both, clientSlug="second")

    assert one.project_id != two.project_id
    owners = await reading.by_id(Project, [one.project_id, two.project_id])
    assert [owners[m.project_id].client_id for m in (one, two)] == [first.id, second.id]


async def test_twins_at_once_make_one_project(home: Home) -> None:
    answers = await asyncio.gather(*(migrate(home) for _ in range(10)))
    assert len({answer.project_id for answer in answers}) == 1
    assert (await Project.all().count(), await Scene.all().count()) == (1, 2)


UNSPECIFIED = [{"prompt": f"Scene {number}"} for number in range(200)]
ANOTHER_PROCESS = """
import asyncio, json, sys
from models.database import close_database, open_database
from services import legacy
from services.backends.bus import LocalBus
from services.backends.storage import Storage
from services.work import perform
from services.world import World
from storyreel.entrance.identity import local_actor
from tests.making import HeldQueue

async def main(url, folder, document):
    await open_database(url)
    actor, world = await local_actor(), World(LocalBus(), HeldQueue(), Storage.open(folder), {})
    received = await legacy.receive_document(actor, world, None, {"document": json.loads(document)})
    print("ready", flush=True)
    sys.stdin.readline()
    print((await perform(world, actor, legacy.migrate_legacy_project, received)).project_id)
    await close_database()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_twins_in_two_processes_make_one_project(
    home: Home, database_url: str, tmp_path: Path
) -> None:
    twin = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", ANOTHER_PROCESS],
        *[database_url, str(tmp_path / "assets"), json.dumps(UNSPECIFIED)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert twin.stdout
    assert await twin.stdout.readline() == b"ready\n"

    theirs, ours = await asyncio.gather(twin.communicate(b"go\n"), migrate(home, UNSPECIFIED))

    assert theirs[0].decode().strip() == ours.project_id
    assert (await Project.all().count(), await Scene.all().count()) == (1, 200)


async def test_a_key_gets_the_first_answer_again(home: Home) -> None:
    first = await migrate(home, key="k")
    assert (await migrate(home, key="k")).id == first.id
    with pytest.raises(IdempotencyKeyReused):
        await migrate(home, OTHER, key="k")


async def test_after_a_deletion_a_document_becomes_a_new_project(home: Home) -> None:
    first = await migrate(home)
    act = projects.delete_project
    gone = await perform(home.world, home.owner, act, first.project_id)

    second = await migrate(home)

    assert second.project_id != first.project_id
    before = await stored()
    with pytest.raises(Conflict, match="Its document was migrated again since"):
        await perform(home.world, home.owner, restoring.restore, gone.restore_id)
    assert await stored() == before
    await perform(home.world, home.owner, act, second.project_id)
    await perform(home.world, home.owner, restoring.restore, gone.restore_id)
    assert (await migrate(home)).project_id == first.project_id


async def test_a_project_that_is_deleted_meanwhile_is_not_half_made(home: Home) -> None:
    first = await migrate(home)
    received = await legacy.receive_document(home.owner, home.world, None, {"document": OTHER})
    await perform(home.world, home.owner, projects.delete_project, first.project_id)
    with pytest.raises(Conflict, match="Ask again"):
        await perform(home.world, home.owner, legacy.migrate_legacy_project, received)
    assert (await migrate(home, OTHER)).project_id != first.project_id


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "nothing to see": ({"document": {"a": 1}}, "INVALID_INPUT", "document"),
    "no document": ({"document": "scenes"}, "INVALID_INPUT", "document"),
    "NaN": ({"document": [{"duration": float("nan")}]}, "INVALID_INPUT", "document"),
    "a huge number": ({"document": [{"order": 10**400}]}, "INVALID_INPUT", "document"),
    "NUL": ({"document": ["a\0"]}, "INVALID_INPUT", "document"),
    "half a character": ({"document": ["\ud800"]}, "INVALID_INPUT", "document"),
    "too deep": ({"document": nested(40)}, "LIMIT_EXCEEDED", "document"),
    "far too deep": ({"document": nested(100_000)}, "LIMIT_EXCEEDED", "document"),
    "too large": ({"document": ["x" * limits.LEGACY_BYTES]}, "LIMIT_EXCEEDED", "document"),
    "too many scenes": ({"document": ["x"] * 2_001}, "LIMIT_EXCEEDED", "document"),
    "no such client": ({"document": DOCUMENT, "clientSlug": "x"}, "NOT_FOUND", "clientSlug"),
}


@pytest.mark.parametrize(("given", "code", "field"), REFUSED.values(), ids=REFUSED)
async def test_what_is_refused_leaves_nothing(
    home: Home, tmp_path: Path, given: dict[str, Any], code: str, field: str
) -> None:
    before = await stored()
    with pytest.raises(Refusal) as refused:
        await migrate(home, given["document"], clientSlug=given.get("clientSlug"))
    assert (refused.value.code, refused.value.field) == (code, f"input.{field}")
    assert (await stored(), files(tmp_path)) == (before, [])


async def test_a_key_of_another_request_leaves_nothing(home: Home, tmp_path: Path) -> None:
    once = Once("createProject", "k", {"prompt": "x"})
    act = projects.create_project
    await perform_once(home.world, home.owner, once, act, {"prompt": "x"})
    before = await stored()
    with pytest.raises(IdempotencyKeyReused):
        await migrate(home, key="k")
    assert (await stored(), files(tmp_path)) == (before, [])


async def test_only_owners_and_editors_of_a_client_migrate(home: Home, tmp_path: Path) -> None:
    client = await Client.get(slug="local")
    before = await stored()
    with pytest.raises(Refusal, match="no such client"):
        await migrate(home, actor=an_outsider())
    with pytest.raises(Forbidden):
        await migrate(home, actor=Actor("usr_viewer", "Vi", {client.id: Role.VIEWER}))
    assert (await stored(), files(tmp_path)) == (before, [])

    await migrate(home, actor=Actor("usr_editor", "Eddy", {client.id: Role.EDITOR}))


async def test_every_text_of_the_document_can_be_read_again(home: Home) -> None:
    document = {"title": "T" * 300, "scenes": [{"text": "ä" * 30_000, "\x01 odd": ["𝄞"]}]}
    migration = await migrate(home, document)
    asset = await Asset.get(id=migration.document_id)
    assert json.loads(await home.world.storage.get(asset.sha256)) == document
    assert (await Project.get(id=migration.project_id)).title == "T" * 199 + "…"
    paths = [problem["path"] for problem in migration.problems]
    assert paths == ["$.title", "$.scenes[0].text", '$.scenes[0]["\\u0001 odd"]']
