"""Bad input is refused with a code and the field to blame; it leaves no row, event, job or file."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import print_ast

from models import MediaStatus, MemberRole, Shot
from resolvers import api
from resolvers.errors import translate
from schema.cursor import feed_cursor, pack
from services import cancelling, members, projects, screenplays, storyboard
from services.idempotency import Once
from services.work import perform, perform_once
from tests.conftest import Home
from tests.graph.cases import a_stage
from tests.journeys.contract import documents
from tests.making import a_project, a_scene, an_image, in_a_studio, ordered
from tests.stored import stored

INVALID, CONFLICT = "INVALID_INPUT", "CONFLICT"
UUID = "01h455vb4pex5vsknk084sn02q"
BLANK, NUL, HALF = " \n", "a\0b", "a\ud800"
DEEP: Any = "bottom"
for _ in range(40):
    DEEP = [DEEP]

DOCUMENTS = {name: print_ast(document) for name, document in documents().items()} | {
    "Nodes": "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id } }",
    "RestoreSnapshot": "mutation RestoreSnapshot($input: RestoreSnapshotInput!) "
    "{ restoreSnapshot(input: $input) { id } }",
    "ExportSnapshot": "mutation ExportSnapshot($projectId: ID!, $version: BigInt) "
    "{ exportSnapshot(projectId: $projectId, version: $version) { id } }",
}


@dataclass(frozen=True)
class Bad:
    """A value, the code of its refusal, and the field to blame if not the place of the value."""

    value: Any
    code: str = INVALID
    field: str | None = None


def limit(value: Any, field: str | None = None) -> Bad:
    return Bad(value, "LIMIT_EXCEEDED", field)


def missing(value: Any) -> Bad:
    return Bad(value, "NOT_FOUND")


def conflict(value: Any, field: str | None = None) -> Bad:
    return Bad(value, CONFLICT, field)


def no_type(value: Any) -> Bad:
    """A value that GraphQL itself refuses, without a field of ours."""
    return Bad(value, INVALID, "")


def texts(longest: int, *more: Any) -> list[Any]:
    """What no text that must be there may be."""
    return [BLANK, "", NUL, HALF, limit("x" * (longest + 1)), no_type(1), no_type(["x"]), *more]


def numbers(*out_of_range: Any) -> list[Any]:
    """What no number may be."""
    return [*out_of_range, no_type("1"), no_type(2**40), no_type([1, 2]), no_type({})]


PREFIXES = {
    "$project": "prj",
    "$imported": "prj",
    "$scene": "scn",
    "$shot": "shot",
    "$drawn": "img",
    "$pending": "img",
    "$selection": "sel",
    "$job": "job",
    "$batch": "bat",
    "$canceled": "job",
    "$deletion": "del",
    "$client": "cli",
    "$member": "usr",
    "$invitation": "inv",
}
IDS = [f"tok_{UUID}", "", "prj_1", "$CAPITALS", f"prj_{UUID}\0", "x_" * 50_000, "' OR 1=1 --"]
JSON = [
    *[limit({"a": DEEP}), limit({"a": "x" * 300_000}), {"a": [NUL]}, {HALF: 1}],
    *[{"a": 2**70}, {"a": -(2**70)}, {"a": 1e999}],
]
JSON_INSIDE = [{"a": [NUL]}, {HALF: 1}, {"a": 2**70}, {"a": 1e999}]
BIG = [no_type(1.5), no_type(True), no_type([1, 2]), no_type({}), no_type("x"), no_type("1e3")]
ADDRESSES = [
    *["", "a.png", "//example.org", "ftp://example.org/a", "javascript:alert(1)", "https://"],
    *["https://exa mple.org/", "https://example.org:port/", "https://[::1/a", "https://a/\0"],
    limit("https://example.org/" + "x" * 2_000),
]
CURSORS = [
    "",
    "garbage",
    "====",
    "é",
    "a" * 50_001,
    NUL,
    pack("projects", 1),
    pack("projects"),
    "[]",
]

PICTURE = {"variantNumber": 9, "imageUrl": "https://example.org/a.png"}
PIER = {"heading": "EXT. PIER", "elements": [{"type": "action", "text": "Rain."}]}
SHOTS = [{"description": "A"}, {"description": "B"}]

GOOD: dict[str, dict[str, Any]] = {
    "Projects": {"first": 1},
    "Board": {"id": "$project"},
    "Node": {"id": "$project"},
    "Nodes": {"ids": ["$shot", "$drawn"]},
    "Scene": {"id": "$scene"},
    "Storyboard": {"id": "$project"},
    "Progress": {"id": "$project"},
    "ShotImages": {"id": "$shot"},
    "Job": {"id": "$job"},
    "Exported": {"id": "$job"},
    "Jobs": {"projectId": "$project", "first": 1},
    "History": {"id": "$project", "first": 1},
    "CreateProject": {"input": {"prompt": "A film"}},
    "UpdateProject": {"id": "$project", "patch": {"title": "B"}},
    "DeleteProject": {"id": "$project"},
    "CreateScene": {"input": {"projectId": "$project", "title": "A", "shots": SHOTS}},
    "UpdateScene": {"id": "$scene", "patch": {"title": "B"}},
    "MoveScene": {"id": "$scene", "to": 1},
    "DeleteScene": {"id": "$scene"},
    "CreateShot": {"input": {"sceneId": "$scene", "description": "A"}},
    "UpdateShot": {"id": "$shot", "patch": {"label": "B"}},
    "MoveShot": {"id": "$shot", "to": 2, "sceneId": "$scene"},
    "DeleteShot": {"id": "$shot"},
    "RegisterImages": {
        "input": {"shotId": "$shot", "iterationPrompt": "Dusk", "images": [PICTURE]}
    },
    "UpdateImage": {"id": "$pending", "patch": {"externalId": "x"}},
    "FavoriteImage": {"id": "$drawn", "isFavorite": True},
    "DeleteImage": {"id": "$drawn"},
    "SelectMasterShot": {"input": {"shotId": "$shot", "imageId": "$drawn"}},
    "ClearMasterShot": {"shotId": "$shot"},
    "UpdateAnimation": {"id": "$selection", "patch": {"externalVideoId": "x"}},
    "GenerateImages": {"input": {"shotId": "$shot"}},
    "RefineImage": {"input": {"imageId": "$drawn", "prompt": "Dawn"}},
    "Animate": {"input": {"selectionIds": ["$selection"]}},
    "CancelJob": {"id": "$job"},
    "CancelBatch": {"id": "$batch"},
    "RetryJob": {"id": "$canceled"},
    "Restore": {"restoreId": "$deletion"},
    "Batch": {
        "operations": [
            {"ref": "a", "createScene": {"projectId": "$project", "title": "A", "shots": SHOTS}},
            {"createShot": {"sceneId": "$scene", "description": "A"}},
            {"moveShot": {"id": "$shot", "shotNumber": 1, "sceneId": "$scene"}},
            {"deleteImage": {"id": "$pending"}},
        ]
    },
    "Export": {"input": {"projectId": "$project", "format": "MP4"}},
    "MigrateLegacy": {"input": {"document": {"id": "old", "scenes": [{"prompt": "A"}]}}},
    "Viewer": {},
    "Members": {"projectId": "$project"},
    "InviteMember": {"input": {"clientId": "$client", "role": "EDITOR"}},
    "AcceptInvitation": {"code": "$code"},
    "RevokeInvitation": {"id": "$invitation"},
    "ChangeMemberRole": {"clientId": "$client", "userId": "$member", "role": "VIEWER"},
    "RemoveMember": {"clientId": "$client", "userId": "$member"},
    "ImportScreenplay": {
        "input": {"projectId": "$project", "text": "INT. A", "format": "FOUNTAIN"}
    },
    "ExportScreenplay": {"projectId": "$project", "format": "FDX"},
    "ReimportScreenplay": {"input": {"projectId": "$imported", "text": "INT. B", "mode": "APPLY"}},
    "ProjectEvents": {"projectId": "$project"},
    "LiveBoard": {"id": "$project"},
    "JobProgress": {"jobIds": ["$job"]},
    "Presence": {"projectId": "$project"},
    "SetPresence": {"input": {"projectId": "$project", "focusId": "$shot"}},
    "Snapshot": {"projectId": "$project", "version": 1},
    "StoreSnapshot": {
        "input": {
            "projectId": "$project",
            "scenes": [PIER, copy.deepcopy(PIER)],
            "elements": [{"text": "END"}],
        }
    },
    "PatchSnapshotScenes": {
        "input": {
            "projectId": "$project",
            "scenes": [{"number": 1, "scene": {"a": 1}}, {"scene": {}}],
        }
    },
    "RestoreSnapshot": {"input": {"projectId": "$project", "version": 1}},
    "SnapshotMetadata": {"projectId": "$project", "metadata": {"a": 1}},
    "ExportSnapshot": {"projectId": "$project", "version": 1},
    "DeleteSnapshot": {"projectId": "$project"},
}

PROJECT = {
    "title": texts(200, None),
    "promptPlannerData": JSON,
}
SHOT = {
    "label": ["", NUL, limit("x" * 41)],
    "description": texts(20_000),
    "initialPrompt": [BLANK, NUL, limit("x" * 20_001)],
    "generation.prompt": [BLANK, NUL, limit("x" * 20_001)],
    "generation.parameters.width": numbers(0, -1, 255, 2_049),
    "generation.parameters.seed": numbers(-1),
    "generation.parameters.steps": numbers(0, 1_001),
    "generation.parameters.cfgScale": [-0.1, 100.1, no_type(float("nan")), no_type("x")],
    "timing.duration": [-1, 600.1, 1e300, no_type(float("inf")), no_type("long")],
    "timing.transition": [NUL, limit("x" * 61)],
    "camera.framing": ["", NUL, limit("x" * 61)],
    "camera.movement.type": ["", NUL, limit("x" * 61)],
}
ORDER = {
    "count": numbers(0, -1, 13),
    "renderer": ["x", "", NUL],
    "model": ["", NUL, limit("x" * 201)],
    "parameters": [[1], "x", 1, limit({"a": DEEP}), {"a": NUL}, {"a": 2**70}],
    "parameters.width": [0, 255, 2_049, "x", [320], True],
    "parameters.seed": [-1, 2**31, 0.5, "x"],
}


def under(prefix: str, fields: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {f"{prefix}.{name}": values for name, values in fields.items()}


BAD: dict[str, dict[str, list[Any]]] = {
    "Projects": {"first": numbers(-1, -(2**31)), "after": [*CURSORS, "$cursor"]},
    "Nodes": {"ids": [limit(["$shot"] * 201), [""], ["$shot", "x"]]},
    "Jobs": {"first": numbers(-1), "after": [*CURSORS, "$foreignJobs"], "status": [no_type(["X"])]},
    "History": {
        "first": numbers(-1),
        "after": [*CURSORS, "$foreignCursor", "$negative", "$fraction", "$huge"],
    },
    "CreateProject": under("input", PROJECT)
    | {
        "input": [no_type(None), no_type([]), no_type({"prompt": "x", "genre": "noir"})],
        "input.prompt": texts(20_000, no_type(None)),
        "input.clientSlug": [missing("x"), "", NUL],
        "input.frameRate": [
            *["0", "-24", "24/0", "23.5", "241", "abc", "", "NaN", "24000/1000.5", "1e999999999"],
            no_type(24),
        ],
    },
    "UpdateProject": under("patch", PROJECT) | {"expectedVersion": numbers(9, 0, -1)},
    "CreateScene": {
        "input.title": texts(200),
        "input.label": ["", NUL, limit("x" * 41)],
        "input.description": [NUL, limit("x" * 20_001)],
        "input.sceneNumber": numbers(0, -1),
        "input.shots": [limit([{"description": "A"}] * 201), no_type([{"label": "1"}])],
        "input.shots.1.shotNumber": numbers(0, -7),
    }
    | under("input.shots.1", SHOT),
    "UpdateScene": {"patch.title": texts(200, None), "expectedVersion": numbers(9, 0)},
    "MoveScene": {"to": [Bad(0, field="sceneNumber"), Bad(-1, field="sceneNumber")]},
    "CreateShot": under("input", SHOT) | {"input.shotNumber": numbers(0, -1)},
    "UpdateShot": under("patch", SHOT) | {"expectedVersion": numbers(9, 0)},
    "MoveShot": {
        "to": [Bad(0, field="shotNumber"), Bad(-1, field="shotNumber")],
        "sceneId": [conflict("$foreignScene"), "$shot", missing(f"scn_{UUID}")],
    },
    "RegisterImages": {
        "input.iterationPrompt": texts(20_000),
        "input.iterationNumber": numbers(-1, 10_000),
        "input.parentImageId": [missing("$otherImage"), conflict("$pending"), "$shot", "x"],
        "input.images": [
            limit([]),
            limit([PICTURE | {"variantNumber": number} for number in range(25)]),
            conflict([PICTURE, PICTURE], "input.images.1.variantNumber"),
        ],
        "input.images.0.variantNumber": numbers(-1, 1_000),
        "input.images.0.imageUrl": [*ADDRESSES, None],
        "input.images.0.status": [None, no_type("DONE")],
        "input.images.0.metadata": JSON,
        "input.images.0.externalId": ["", NUL, limit("x" * 201)],
    },
    "UpdateImage": {
        "patch.status": [None, no_type("DONE"), Bad("COMPLETE", field="patch.imageUrl")],
        "patch.imageUrl": ADDRESSES,
        "patch.metadata": JSON,
    },
    "RetryJob": {"id": [conflict("$job"), conflict("$done")]},
    "SelectMasterShot": {
        "input.imageId": [
            *[conflict("$pending"), missing("$otherImage"), missing("$foreignImage")],
            *["$shot", "x", missing(f"img_{UUID}")],
        ],
    },
    "ClearMasterShot": {"shotId": [missing("$bare")]},
    "UpdateAnimation": {
        "patch.animationStatus": [None, Bad("COMPLETE", field="patch.animatedVideoUrl")],
        "patch.animatedVideoUrl": ADDRESSES,
    },
    "GenerateImages": under("input", ORDER)
    | {
        "input.prompt": [BLANK, NUL, limit("x" * 20_001)],
        "input.parentImageId": [
            *[missing("$otherImage"), conflict("$pending"), "$shot"],
            conflict("$elsewhere"),
        ],
    },
    "RefineImage": under("input", ORDER)
    | {
        "input.prompt": texts(20_000),
        "input.strength": [-0.1, 1.1, no_type("much"), no_type(float("nan"))],
        "input.imageId": [conflict("$pending"), conflict("$elsewhere")],
    },
    "Animate": {
        "input": [Bad({}), Bad({"projectId": "$project", "selectionIds": ["$selection"]})],
        "input.selectionIds": [limit([]), limit([f"sel_{n:026}" for n in range(2_001)])],
        "input.selectionIds.0": ["$shot", "x", missing(f"sel_{UUID}")],
        "input.duration": [0, -1, 61, 1e300, no_type("long")],
        "input.motion": ["", NUL, limit("x" * 61)],
        "input.renderer": ["x"],
    },
    "Batch": under("operations.0.createScene.shots.1", SHOT)
    | under("operations.1.createShot", SHOT)
    | {
        "operations": [limit([]), limit([{}] * 501), no_type(None), no_type(["x"])],
        "operations.0": [{}, {"ref": "x"}, {"ref": "x", "restore": None}, no_type(None)],
        "operations.0.ref": ["", " ", "a.b", "$a", NUL, HALF, "x" * 65, no_type(1)],
        "operations.0.createScene.idempotencyKey": ["k", ""],
        "operations.0.createScene.sceneNumber": numbers(0, -1),
        "operations.1": [
            {"createShot": {"sceneId": "$scene", "description": "A"}, "restore": {"restoreId": ""}}
        ],
        "operations.1.ref": ["a"],
        "operations.1.createShot.sceneId": ["$a.shots.0", "$a.shots.2", "$b", "$", "$a."],
        "operations.2.moveShot.shotNumber": numbers(0, -1),
        "operations.2.moveShot.sceneId": [conflict("$foreignScene")],
    },
    "Export": {
        "input.projectId": [conflict("$foreign", "input")],
        "input.format": [no_type("GIF")],
    },
    "MigrateLegacy": {
        "input.document": [
            *[
                {},
                [],
                [1],
                "scenes",
                5,
                no_type(None),
                {"a": 1},
                limit([DEEP]),
                limit(["A"] * 2_001),
            ],
            *[["A", NUL], [{HALF: 1}], ["A", 2**70], ["A", 1e999], limit(["x" * 2_100_000])],
        ],
        "input.clientSlug": [missing("x"), "", NUL],
    },
    "InviteMember": {
        "input": [Bad({"role": "VIEWER"}), no_type({"clientId": "$client"})],
        "input.clientSlug": [Bad("local", field="input"), "", NUL, limit("x" * 101)],
        "input.role": [no_type(None), no_type("BOSS")],
        "input.days": numbers(0, -1, 91),
        "input.name": [BLANK, "", NUL, HALF, limit("x" * 201)],
    },
    "AcceptInvitation": {
        "code": [
            *[missing(""), missing("x"), missing(NUL), missing(HALF), missing("x" * 50_000)],
            *[missing(f"sri_{UUID}_{'0' * 64}"), missing("$guessed"), missing("$revoked")],
            *[conflict("$mine"), no_type(1), no_type(None)],
        ],
    },
    "ChangeMemberRole": {"role": [no_type(None), no_type("BOSS")], "userId": [conflict("$self")]},
    "RemoveMember": {"userId": [conflict("$self")]},
    "ImportScreenplay": {
        "input": [Bad({}), Bad({"projectId": "$project"})],
        "input.text": [
            BLANK,
            "",
            NUL,
            HALF,
            "A day.",
            ".",
            "a\0",
            no_type(1),
            Bad(None, field="input"),
        ],
        "input.title": [BLANK, NUL, limit("x" * 201), "A title of what is there"],
        "input.clientSlug": ["x", "", NUL],
        "input.format": [Bad("FDX", field="input.text"), no_type("PDF")],
        "input.createShots": [no_type("yes")],
    },
    "ReimportScreenplay": {
        "input.text": [BLANK, "", NUL, HALF, "A day.", ".", no_type(1), Bad(None, field="input")],
        "input.projectId": [conflict("$project")],
        "input.format": [Bad("FDX", field="input.text"), no_type("PDF")],
        "input.mode": [no_type("LOOK"), no_type(None)],
    },
    "ExportScreenplay": {"format": [no_type("PDF"), no_type(None)]},
    "ProjectEvents": {"after": [*CURSORS, "$foreignCursor", "$negative", "$fraction", "$huge"]},
    "JobProgress": {
        "jobIds": [limit(["$job"] * 501), Bad(None, field="projectId")],
        "jobIds.0": ["$shot", "x"],
        "projectId": [missing(f"prj_{UUID}"), "$shot"],
        "shotId": [missing(f"shot_{UUID}"), "$project"],
    },
    "Snapshot": {"version": [*BIG, no_type(2**53)]},
    "StoreSnapshot": {
        "input": [no_type({"projectId": "$project"})],
        "input.scenes": [limit([{}] * 2_001), limit([{"a": "x" * 2_100_000}])],
        "input.scenes.1": [1, "x", [], [{}], *JSON_INSIDE, limit({"a": DEEP})],
        "input.scenes.1.heading": [1, {}, ["x"]],
        "input.scenes.1.elements": [1, "x", {"text": "x"}],
        "input.scenes.1.elements.0": [1, [], "x"],
        "input.scenes.1.elements.0.text": [1, {}],
        "input.elements": [limit([{}] * 50_001), limit([{"a": DEEP}]), Bad([{"a": NUL}])],
        "input.elements.0": [1, "x", []],
        "input.elements.0.type": [1, []],
        "input.metadata": [*JSON, 1, "x", []],
        "input.version": [*BIG, 0, -1, conflict(1), conflict(2), no_type(2**53)],
        "input.baseVersion": [*BIG, -1, 3, no_type(2**53)],
        "input.checksum": ["x", NUL, "", no_type(1)],
    },
    "PatchSnapshotScenes": {
        "input.scenes": [limit([]), limit([{"scene": {}}] * 2_001)],
        "input.scenes.0": [
            Bad({"number": 1}, field="input.scenes.0.scene"),
            Bad({"scene": None}, field="input.scenes.0.scene"),
            {"number": 1, "heading": "INT. ROOM", "scene": {}},
        ],
        "input.scenes.0.scene": [1, "x", [], *JSON_INSIDE, limit({"a": DEEP})],
        "input.scenes.0.scene.heading": [1],
        "input.scenes.0.number": [missing(0), missing(-1), missing(3), no_type("1")],
        "input.scenes.1": [
            Bad({"id": "x", "scene": {}}, "NOT_FOUND", "input.scenes.1.id"),
            Bad({"heading": "", "scene": {}}, "NOT_FOUND", "input.scenes.1.heading"),
        ],
        "input.baseVersion": [*BIG, -1, 3],
    },
    "RestoreSnapshot": {"input.version": [*BIG, missing(0), missing(-1), missing(3)]},
    "SnapshotMetadata": {"metadata": [*JSON, 1, "x", [], no_type(None)]},
    "ExportSnapshot": {"version": [*BIG, missing(0), missing(3)]},
}

CALLED = {
    ("Snapshot", "projectId"): "id",
    ("Jobs", "projectId"): "id",
    ("Members", "projectId"): "id",
    ("Nodes", "ids.0"): "ids",
    ("Nodes", "ids.1"): "ids",
    ("UpdateAnimation", "id"): "selectionId",
    ("FavoriteImage", "id"): "imageId",
    ("ExportScreenplay", "projectId"): "id",
}
"""Where a document's variable is called otherwise than the argument that it fills."""


WITHOUT_A_KEY = {"SetPresence"}  # said twice is said once


def bad_values(operation: str) -> Iterator[tuple[str, Bad]]:
    """Each place in a good request, with each value that it must not hold."""
    places = {place: list(values) for place, values in BAD.get(operation, {}).items()}
    for place, value in _leaves(GOOD[operation]):
        if value in PREFIXES:
            places.setdefault(place, []).extend(IDS)
            if f"query {operation}" not in DOCUMENTS[operation]:  # there it is null
                places[place].append(missing(f"{PREFIXES[value]}_{UUID}"))
    if "input" in GOOD[operation] and operation not in WITHOUT_A_KEY:
        key = [BLANK, "", NUL, HALF, limit("x" * 201), Bad("used", "IDEMPOTENCY_KEY_REUSED")]
        places["input.idempotencyKey"] = key
    for place, values in places.items():
        for value in values:
            yield place, value if isinstance(value, Bad) else Bad(value)


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, found in inner:
            yield from _leaves(found, f"{place}.{name}".lstrip("."))
    else:
        yield place, value


def with_value(request: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy of a request with a value at a place, which need not exist yet."""
    copied: Any = copy.deepcopy(request)
    inner = copied
    *path, last = [int(name) if name.isdigit() else name for name in place.split(".")]
    for name in path:
        if isinstance(inner, dict):
            inner.setdefault(name, {})
        inner = inner[name]
    inner[last] = value
    return copied  # type: ignore[no-any-return]  # as it was given


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
