"""Bad input is refused with a code and the field to blame; it leaves no row, event, job or file."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models import MediaStatus, MemberRole, Shot
from resolvers import api
from resolvers.errors import translate
from schema.cursor import feed_cursor, pack
from services import cancelling, members, projects, screenplays, storyboard
from services.idempotency import Once
from services.work import perform, perform_once
from tests.conftest import Home
from tests.graph.bad_values import CALLED, bad_values, with_value
from tests.graph.requests import DOCUMENTS, GOOD
from tests.graph.stage import a_stage
from tests.making import a_project, a_scene, an_image, in_a_studio, ordered
from tests.stored import stored


@dataclass(frozen=True)
class Table:
    """A stage set for every operation, and what the names in requests stand for."""

    home: Home
    names: dict[str, str]
    files: Path

    async def state(self) -> object:
        """All that is stored and all that waits."""
        files = sorted(str(path) for path in self.files.rglob("*") if path.is_file())
        return await stored(), files, list(self.home.queue.waiting)

    async def errors(self, operation: str, request: dict[str, Any]) -> list[Any]:
        """Code and field of each error of an operation, of what a batch was to do, or of a stream's
        first event."""
        variables = self.resolved(request)
        stream: Any = await api.stream(DOCUMENTS[operation], variables, self.home.context())
        async with asyncio.timeout(5):
            result = await anext(stream)
        await stream.aclose()
        told = [error.extensions or {} for error in translate(result.errors or [])]
        batch = (result.data or {}).get("applyOperations") or {"results": []}
        told += [each["error"] for each in batch["results"] if each["error"] is not None]
        return [(extensions.get("code"), extensions.get("field")) for extensions in told]

    def resolved(self, value: Any) -> Any:
        """The same with ids in the place of names."""
        if isinstance(value, dict):
            return {name: self.resolved(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.resolved(inner) for inner in value]
        return self.names.get(value, value) if isinstance(value, str) else value


@pytest.fixture
async def table(home: Home, tmp_path: Path) -> Table:
    stage = await a_stage(in_a_studio(home))
    act = storyboard.clear_master_shot
    cleared = await perform(home.world, home.owner, act, stage.shot.id)
    foreign = await a_project(home)
    foreign_shot = (await Shot.filter(scene_id=(await a_scene(home, foreign, "A")).id))[0]
    pending = await an_image(home, stage.drawn, status=MediaStatus.PENDING, imageUrl=None)
    once = Once("createProject", "used", {"prompt": "used"})
    await perform_once(home.world, home.owner, once, projects.create_project, {"prompt": "used"})
    project = stage.project.id
    [canceled] = await ordered(home, stage.bare)
    await perform(home.world, home.owner, cancelling.cancel_job, canceled.id)
    here = {"clientId": stage.project.client_id, "role": MemberRole.VIEWER}
    invite = members.invite_member
    mine, open_one, gone = [
        await perform(home.world, home.owner, invite, here | {"name": name}) for name in "ABC"
    ]
    await perform(home.world, home.owner, members.revoke_invitation, gone.id)
    receive, bring = screenplays.receive_screenplay, screenplays.import_screenplay
    received = await receive(home.owner, home.world, None, {"text": "INT. A"})
    imported = await perform(home.world, home.owner, bring, received)
    names = {
        "$project": project,
        "$imported": imported.project_id,
        "$scene": stage.scene.id,
        "$shot": stage.drawn.id,
        "$bare": stage.bare.id,
        "$drawn": stage.second.id,
        "$elsewhere": (await an_image(home, stage.drawn)).id,
        "$pending": pending.id,
        "$otherImage": stage.image.id,
        "$selection": stage.our_selection.id,
        "$job": stage.job.id,
        "$done": str(stage.ours.job_id),
        "$batch": stage.job.batch_id,
        "$canceled": canceled.id,
        "$deletion": cleared.restore_id,
        "$foreign": foreign.id,
        "$foreignScene": foreign_shot.scene_id,
        "$foreignImage": (await an_image(home, foreign_shot)).id,
        "$cursor": feed_cursor(project, 0),
        "$negative": pack(project, -1),
        "$fraction": pack(project, 0.5),
        "$huge": pack(project, 2**80),
        "$foreignCursor": feed_cursor(foreign.id, 1),
        "$foreignJobs": pack(f"{foreign.id}/jobs", stage.job.id),
        "$CAPITALS": project.upper(),
        "$client": stage.project.client_id,
        "$member": stage.guest.user_id,
        "$self": home.owner.id,
        "$invitation": open_one.id,
        "$mine": str(mine.code),
        "$revoked": str(gone.code),
        "$code": str(stage.invited.code),
        "$guessed": str(stage.invited.code)[:-1] + "x",
    }
    return Table(home, names, tmp_path / "assets")


def test_every_operation_is_tried() -> None:
    assert set(GOOD) == set(DOCUMENTS)


@pytest.mark.parametrize("operation", GOOD)
async def test_bad_values_are_refused_and_leave_nothing(table: Table, operation: str) -> None:
    good = GOOD[operation]
    before = await table.state()
    wrong = []
    for place, bad in bad_values(operation):
        told = await table.errors(operation, with_value(good, place, bad.value))
        field = CALLED.get((operation, place), place) if bad.field is None else bad.field or None
        if told != [(bad.code, field)]:
            wrong.append(f"{place} = {str(bad.value)[:40]!r}: {told}, not {bad.code} at {field}")
        if await table.state() != before:
            wrong.append(f"{place} = {str(bad.value)[:40]!r} leaves something")
            before = await table.state()
    at_once = {"after": "$cursor"} if operation == "ProjectEvents" else {}

    assert wrong == []
    assert await table.errors(operation, good | at_once) == []  # it was the value
