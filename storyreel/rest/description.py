"""The routes described for machines, as OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services import limits

from .exchange import JSON_TYPE, KEY, Handler
from .shapes import PROJECT_ID, ErrorAnswer

DESCRIBED_AT = "/api/openapi.json"
REFERENCE = "#/components/schemas/{model}"
REFUSALS = (400, 404, 429, 500, 503)
CHANGE_REFUSALS = (403, 413)
BODY_REFUSALS = (408, 409, 415, 422)
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API token, or a JSON Web Token where the server takes them.",
}
QUERY: dict[str, dict[str, Any]] = {
    "version": {
        "schema": {"type": "integer", "minimum": 1, "maximum": limits.SNAPSHOT_VERSION},
        "description": "This version; otherwise the newest, or all of them where they are deleted.",
    },
    "projectId": {
        "schema": {"type": "string", "pattern": PROJECT_ID},
        "required": True,
        "description": "The project.",
    },
}


@dataclass(frozen=True)
class Operation:
    """What a method does at a path, what it takes and answers. A `body` of dict is any object."""

    handler: Handler
    summary: str
    answer: type[BaseModel]
    status: int = 200
    body: type[Any] | None = None
    query: tuple[str, ...] = ()
    deprecated: bool = False
    changes: bool = True

    def refusals(self, secured: bool) -> list[int]:
        """The statuses that it may be refused with."""
        credential = (401,) if secured else ()
        changing = CHANGE_REFUSALS if self.changes else ()
        sending = BODY_REFUSALS if self.body is not None else ()
        return sorted((*REFUSALS, *credential, *changing, *sending))


Operations = Mapping[str, Mapping[str, Operation]]
"""By path and method."""


def description(operations: Operations, *, secured: bool) -> dict[str, Any]:
    """`secured` says whether whoever asks has to show a credential."""
    every = [each for methods in operations.values() for each in methods.values()]
    bodies = {each.body for each in every if each.body not in (None, dict)}
    shapes = [(shape, "validation") for shape in bodies if shape is not None]
    answers = {each.answer for each in every} | {ErrorAnswer}
    named = sorted(answers, key=lambda shape: shape.__name__)
    _, schemas = models_json_schema(
        [*shapes, *((shape, "serialization") for shape in named)],  # type: ignore[list-item]  # modes
        ref_template=REFERENCE,
    )
    told: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Storyreel",
            "version": "1.0",
            "description": "Snapshots for who has no GraphQL client. All else is in the graph.",
        },
        "paths": {
            path: {
                method.lower(): _operation(path, operation, secured)
                for method, operation in methods.items()
            }
            for path, methods in operations.items()
        },
        "components": {"schemas": schemas["$defs"]},
    }
    if secured:
        told["components"]["securitySchemes"] = {"bearer": BEARER}
        told["security"] = [{"bearer": []}]
    return told


def _operation(path: str, operation: Operation, secured: bool) -> dict[str, Any]:
    refusals = operation.refusals(secured)
    told: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "summary": f"{operation.summary}.",
        "parameters": [*_parameters(path, operation), *([_key()] if operation.body else [])],
        "responses": {
            str(operation.status): _answer("Done.", operation.answer),
            **{str(status): _answer(HTTPStatus(status).phrase, ErrorAnswer) for status in refusals},
        },
    }
    if operation.deprecated:
        told["deprecated"] = True
    if operation.body is not None:
        schema = {"type": "object"} if operation.body is dict else _reference(operation.body)
        told["requestBody"] = {"required": True, "content": {JSON_TYPE: {"schema": schema}}}
    return told


def _parameters(path: str, operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        QUERY[name] | {"name": name, "in": "path", "required": True}
        for name in re.findall(r"{(\w+)}", path)
    ]
    return in_path + [QUERY[name] | {"name": name, "in": "query"} for name in operation.query]


def _key() -> dict[str, Any]:
    return {
        "name": KEY,
        "in": "header",
        "description": "Repeat a request with the same key to get its first answer again.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
    }


def _answer(meaning: str, shape: type[Any]) -> dict[str, Any]:
    return {
        "description": meaning,
        "content": {JSON_TYPE: {"schema": _reference(shape)}},
    }


def _reference(shape: type[Any]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=shape.__name__)}
