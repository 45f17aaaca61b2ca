"""Batches of operations, sent as a front end sends them."""

from __future__ import annotations

from typing import Any

from models import Event, Project, Scene
from resolvers import api
from resolvers.errors import translate
from services.actor import Actor
from tests.conftest import Home
from tests.graph.board import ask

APPLY = """
mutation($operations: [Operation!]!, $onError: BatchPolicy, $key: String) {
  applyOperations(operations: $operations, onError: $onError, idempotencyKey: $key) {
    committed results { ref id created restoreId error { code message field } }
  }
}"""
PARTLY = "REJECT_FAILED"
INVALID = "INVALID_INPUT"
PROMPT = {"createProject": {"prompt": "A film"}}


async def apply(home: Home, *operations: Any, actor: Actor | None = None, **variables: Any) -> Any:
    """What a batch answers: `onError`, `key` may be given."""
    variables["operations"] = list(operations)
    return (await ask(home, APPLY, actor, **variables))["applyOperations"]


def errors(answer: Any) -> list[tuple[str, str] | None]:
    """Code and field of each result's error, in order."""
    found = [result["error"] for result in answer["results"]]
    return [(error["code"], error["field"]) if error else None for error in found]


def scene_in(project: Project | str, *shots: str, **given: Any) -> dict[str, Any]:
    """An operation, `ref` among what is given."""
    ref = {"ref": given.pop("ref")} if "ref" in given else {}
    project_id = project if isinstance(project, str) else project.id
    described = [{"description": text} for text in shots]
    return ref | {
        "createScene": {"projectId": project_id, "title": "EXT.", "shots": described} | given
    }


def shot_in(scene: Scene | str, text: str = "A woman", **given: Any) -> dict[str, Any]:
    scene_id = scene if isinstance(scene, str) else scene.id
    return {"createShot": {"sceneId": scene_id, "description": text} | given}


def titled(row: Project | Scene, title: str, **given: Any) -> dict[str, Any]:
    verb = f"update{type(row).__name__}"
    return {verb: {"id": row.id, "patch": {"title": title}} | given}


async def refused(home: Home, **variables: Any) -> list[tuple[Any, Any]]:
    """Code and field of the errors of a batch that is no answer."""
    result = await api.execute(APPLY, variables, context_value=home.context())
    told = [error.extensions or {} for error in translate(result.errors or [])]
    return [(extensions["code"], extensions.get("field")) for extensions in told]


async def sequences(project: Project) -> list[int]:
    events = Event.filter(feed_id=project.id).order_by("id")
    return list(await events.values_list("sequence", flat=True))  # type: ignore[arg-type]  # flat
