"""Batches of operations, sent as a front end sends them."""

from __future__ import annotations

from typing import Any

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


async def apply(home: Home, *operations: Any, actor: Actor | None = None, **variables: Any) -> Any:
    """What a batch answers: `onError`, `key` may be given."""
    variables["operations"] = list(operations)
    return (await ask(home, APPLY, actor, **variables))["applyOperations"]


def errors(answer: Any) -> list[tuple[str, str] | None]:
    """Code and field of each result's error, in order."""
    found = [result["error"] for result in answer["results"]]
    return [(error["code"], error["field"]) if error else None for error in found]
