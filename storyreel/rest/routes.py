"""The routes, each a use case of `services.snapshots`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from services import snapshots
from services.editing import EditConflict
from services.errors import InvalidInput, NotFound
from services.world import World

from .description import DESCRIBED_AT, Operation, Operations, description
from .exchange import Call, Resource, WhoAsks, answered, conflicting, unknown_path
from .shapes import (
    DeletionAnswer,
    DocumentAnswer,
    Metadata,
    SceneBody,
    SnapshotAnswer,
    StatsAnswer,
    StoreBody,
    stats_of,
)

VERSION = re.compile("[0-9]{1,16}")
STORE, SCENE = TypeAdapter(StoreBody), TypeAdapter(SceneBody)
METADATA: TypeAdapter[dict[str, Any]] = TypeAdapter(Metadata, config=ConfigDict(strict=True))
DEPRECATED = {"Deprecation": "@1795132800"}  # 20 November 2026: for who had them elsewhere


def rest_app(
    world: World, who_asks: WhoAsks, origins: Collection[str], *, secured: bool
) -> ASGIApp:
    """Everything below /api. `secured` says whether whoever asks has to show a credential."""
    described = description(OPERATIONS, secured=secured)

    async def describe(request: Request) -> Response:
        return JSONResponse(described)

    routes = [
        Route(
            path.replace("/api", "", 1),
            Resource(
                world,
                who_asks,
                origins,
                {method: each.handler for method, each in operations.items()},
                DEPRECATED if any(each.deprecated for each in operations.values()) else {},
            ),
        )
        for path, operations in OPERATIONS.items()
    ]
    routes.append(Route(DESCRIBED_AT.removeprefix("/api"), describe))
    return Router(routes, redirect_slashes=False, default=unknown_path)


async def read(call: Call) -> Response:
    version = _version(call.asked("version"))
    row, document = await snapshots.read_snapshot(call.actor, call.project_id, version)
    return answered(DocumentAnswer.of(row, document))


async def store(call: Call) -> Response:
    call.asked()
    given = (await call.body(STORE)).model_dump(by_alias=True, exclude_unset=True)
    answer = await call.do_once(snapshots.store_snapshot, call.project_id, given)
    if isinstance(answer, EditConflict):
        return conflicting(answer)
    response = answered(SnapshotAnswer.of(answer), 201)
    response.headers["Location"] = f"{_snapshot_of(call.project_id)}?version={answer.number}"
    return response


async def delete(call: Call) -> Response:
    version = _version(call.asked("version"))
    gone = await call.do(snapshots.delete_snapshot, call.project_id, version)
    return answered(DeletionAnswer(id=gone.id, deleted=gone.deleted, restore_id=gone.restore_id))


async def change_metadata(call: Call) -> Response:
    call.asked()
    metadata = await call.body(METADATA)
    row = await call.do_once(snapshots.update_snapshot_metadata, call.project_id, metadata)
    return answered(SnapshotAnswer.of(row))


async def count(call: Call) -> Response:
    version = _version(call.asked("version"))
    row = await snapshots.find_snapshot(call.actor, call.project_id, version)
    return answered(StatsAnswer.model_validate({"version": row.number} | stats_of(row)))


async def remember_scene(call: Call) -> Response:
    call.asked()
    given = await call.body(SCENE)
    to = given.project_id, given.scene_id, given.data
    row = await call.do_once(snapshots.remember_scene, *to)
    response = answered(SnapshotAnswer.of(row))
    return _succeeded(response, given.project_id)


async def read_all(call: Call) -> Response:
    project_id = call.asked("projectId").get("projectId")
    if not project_id:
        raise InvalidInput("Name the project.", "projectId")
    try:
        row, document = await snapshots.read_snapshot(call.actor, project_id)
    except NotFound:
        await call.do(snapshots.ensure_snapshot, project_id)
        row, document = await snapshots.read_snapshot(call.actor, project_id)
    return _succeeded(answered(DocumentAnswer.of(row, document)), project_id)


def _version(asked: Mapping[str, str]) -> int | None:
    text = asked.get("version")
    if text is None:
        return None
    if not VERSION.fullmatch(text) or not text.isascii():
        raise InvalidInput("A version is a whole number from 1.", "version")
    return int(text)


def _snapshot_of(project_id: str) -> str:
    return f"/api/projects/{project_id}/snapshot"


def _succeeded(response: Response, project_id: str) -> Response:
    response.headers["Link"] = f'<{_snapshot_of(project_id)}>; rel="successor-version"'
    return response


OPERATIONS: Operations = {
    "/api/projects/{projectId}/snapshot": {
        "GET": Operation(
            read, "A version with its document", DocumentAnswer, query=("version",), changes=False
        ),
        "POST": Operation(
            store, "Store the whole document as a new version", SnapshotAnswer, 201, StoreBody
        ),
        "DELETE": Operation(
            delete, "Delete all versions, or one", DeletionAnswer, query=("version",)
        ),
    },
    "/api/projects/{projectId}/snapshot/metadata": {
        "PATCH": Operation(
            change_metadata,
            "Merge into the metadata of the newest version; null removes",
            SnapshotAnswer,
            body=dict,
        ),
    },
    "/api/projects/{projectId}/snapshot/stats": {
        "GET": Operation(
            count, "What was counted of a version", StatsAnswer, query=("version",), changes=False
        ),
    },
    "/api/memory/update": {
        "POST": Operation(
            remember_scene,
            "Lay fields over one scene, as a new version",
            SnapshotAnswer,
            body=SceneBody,
            deprecated=True,
        ),
    },
    "/api/memory/all": {
        "GET": Operation(
            read_all,
            "The newest version; a first one is made of the project's scenes where there is none",
            DocumentAnswer,
            query=("projectId",),
            deprecated=True,
        ),
    },
}
