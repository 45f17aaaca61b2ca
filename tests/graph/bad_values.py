"""What each place in a request must not hold, and how that is refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schema.cursor import pack
from tests.graph.requests import DOCUMENTS, GOOD, PICTURE

INVALID, CONFLICT = "INVALID_INPUT", "CONFLICT"
UUID = "01h455vb4pex5vsknk084sn02q"
BLANK, NUL, HALF = " \n", "a\0b", "a\ud800"
DEEP: Any = "bottom"
for _ in range(40):
    DEEP = [DEEP]


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
