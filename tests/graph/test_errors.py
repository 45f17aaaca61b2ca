"""What a client reads of an error."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError

from models import new_id
from resolvers import api
from resolvers.errors import translate
from resolvers.graph import Graph
from services import errors
from tests.conftest import Home
from tests.making import a_project, a_scene, a_shot, a_viewer, an_image, an_outsider

REFUSALS = [
    (errors.InvalidInput, "INVALID_INPUT"),
    (errors.NotFound, "NOT_FOUND"),
    (errors.Conflict, "CONFLICT"),
    (errors.Forbidden, "FORBIDDEN"),
    (errors.LimitExceeded, "LIMIT_EXCEEDED"),
    (errors.IdempotencyKeyReused, "IDEMPOTENCY_KEY_REUSED"),
    (errors.Unauthenticated, "UNAUTHENTICATED"),
    (errors.Unavailable, "UNAVAILABLE"),
]


def test_the_table_of_refusals_is_complete() -> None:
    kinds = {kind for kind, _ in REFUSALS}
    assert kinds | {errors.RateLimited} == set(errors.Refusal.__subclasses__())


@pytest.mark.parametrize(("kind", "code"), REFUSALS)
def test_a_refusal_is_told_with_its_code_and_the_field_to_blame(
    kind: type[errors.Refusal], code: str
) -> None:
    raised = GraphQLError("x", path=["m"], original_error=kind("Say why.", "input.title"))
    [error] = translate([raised])
    assert error.formatted == {
        "message": "Say why.",
        "path": ["m"],
        "extensions": {"code": code, "field": "input.title"},
    }


def test_a_refusal_that_blames_no_field_names_none() -> None:
    [error] = translate([GraphQLError("x", original_error=errors.Conflict("No."))])
    assert error.extensions == {"code": "CONFLICT"}


def test_what_comes_too_often_is_told_when_to_come_again() -> None:
    [error] = translate([GraphQLError("x", original_error=errors.RateLimited("Wait.", 7))])
    assert error.extensions == {"code": "RATE_LIMITED", "retryAfter": 7}


def test_a_refusal_is_found_below_errors_that_wrap_it() -> None:
    inner = GraphQLError("x", original_error=errors.NotFound("Gone."))
    [error] = translate([GraphQLError("y", original_error=inner)])
    assert (error.message, error.extensions) == ("Gone.", {"code": "NOT_FOUND"})


def test_an_unexpected_error_is_masked_and_logged_under_the_reference_that_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        [error] = translate([GraphQLError("x", original_error=KeyError("the password"))])

    assert error.extensions is not None
    assert error.extensions["code"] == "INTERNAL"
    reference = error.extensions["reference"]
    assert "password" not in str(error.formatted)
    assert reference in error.message
    assert reference in caplog.text
    assert "the password" in caplog.text


PROJECT = "query($id: ID!) { project(id: $id) { id } }"
REQUESTS: list[Any] = [
    pytest.param("{ project", {}, "GRAPHQL_PARSE_FAILED", id="syntax"),
    pytest.param("{ \x00 }", {}, "GRAPHQL_PARSE_FAILED", id="character"),
    pytest.param("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED", id="unknown-field"),
    pytest.param("{ project { id } }", {}, "GRAPHQL_VALIDATION_FAILED", id="argument-missing"),
    pytest.param("{ project(id: []) { id } }", {}, "GRAPHQL_VALIDATION_FAILED", id="literal"),
    pytest.param("{ node(id: $x) { id } }", {}, "GRAPHQL_VALIDATION_FAILED", id="undeclared"),
    pytest.param(
        "query($x: Int) { projects { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED", id="unused"
    ),
    pytest.param(
        "query($x: Project) { node(id: $x) { id } }",
        {},
        "GRAPHQL_VALIDATION_FAILED",
        id="output-type-as-variable",
    ),
    pytest.param(
        "query($x: Int) { node(id: $x) { id } }",
        {},
        "GRAPHQL_VALIDATION_FAILED",
        id="variable-in-wrong-place",
    ),
    pytest.param(PROJECT, {}, "INVALID_INPUT", id="variable-missing"),
    pytest.param(PROJECT, {"id": None}, "INVALID_INPUT", id="variable-null"),
    pytest.param(PROJECT, {"id": {"a": 1}}, "INVALID_INPUT", id="variable-of-wrong-type"),
    pytest.param(
        "query($i: Int!) { projects(first: $i) { totalCount } }",
        {"i": 2**31},
        "INVALID_INPUT",
        id="integer-too-large",
    ),
    pytest.param(
        "mutation($i: CreateProjectInput!) { createProject(input: $i) { id } }",
        {"i": {"prompt": "x", "title": "y", "size": 3}},
        "INVALID_INPUT",
        id="unknown-input-field",
    ),
    pytest.param(
        "mutation($i: ImagePatch!) { updateImage(id: 1, patch: $i) { id } }",
        {"i": {"status": "DONE"}},
        "INVALID_INPUT",
        id="unknown-enum-value",
    ),
]


@pytest.mark.parametrize(("document", "variables", "code"), REQUESTS)
async def test_what_graphql_itself_refuses_has_a_code(
    home: Home, document: str, variables: dict[str, Any], code: str
) -> None:
    result = await api.execute(document, variables, context_value=home.context())
    assert result.data is None
    codes = [(error.extensions or {})["code"] for error in translate(result.errors or [])]
    assert codes
    assert set(codes) == {code}


@pytest.mark.parametrize(("document", "variables", "code"), REQUESTS)
async def test_a_stream_that_cannot_start_tells_the_same_codes(
    home: Home, document: str, variables: dict[str, Any], code: str
) -> None:
    stream = await api.stream(document, variables, context_value=home.context())
    results: list[Any] = [result async for result in stream]
    assert len(results) == 1
    codes = [(error.extensions or {})["code"] for error in translate(results[0].errors)]
    assert set(codes) == {code}


@strawberry.type
class Broken:
    @strawberry.field
    def number(self) -> int:
        return 2**40

    @strawberry.field
    def bug(self) -> str:
        raise ZeroDivisionError("a secret of the inside")


@pytest.mark.parametrize("field", ["number", "bug"])
async def test_an_answer_that_we_got_wrong_is_no_fault_of_the_client(
    home: Home, field: str
) -> None:
    result = await Graph(query=Broken).execute(f"{{ {field} }}", context_value=home.context())
    [error] = translate(result.errors or [])
    assert error.extensions is not None
    assert error.extensions["code"] == "INTERNAL"
    assert error.path == [field]


MOVE = "mutation($id: ID!) { moveShot(id: $id, shotNumber: 1) { id } }"
SELECT = """mutation($shot: ID!, $image: ID!) {
  selectMasterShot(input: { shotId: $shot, imageId: $image }) { id }
}"""


async def test_a_missing_shot_and_one_of_somebody_else_are_refused_alike(home: Home) -> None:
    shot = await a_shot(home, await a_scene(home, await a_project(home)))
    theirs = await api.execute(MOVE, {"id": shot.id}, context_value=home.context(an_outsider()))
    missing = await api.execute(MOVE, {"id": new_id("shot")}, context_value=home.context())

    told = [translate(result.errors or [])[0].formatted for result in (theirs, missing)]
    assert told[0] == told[1]
    assert told[0]["extensions"] == {"code": "NOT_FOUND", "field": "id"}


async def test_a_viewer_is_forbidden_to_change_what_they_see(home: Home) -> None:
    project = await a_project(home)
    shot = await a_shot(home, await a_scene(home, project))
    context = home.context(a_viewer(project))
    result = await api.execute(MOVE, {"id": shot.id}, context_value=context)
    [error] = translate(result.errors or [])
    assert error.extensions == {"code": "FORBIDDEN", "field": "id"}


async def test_the_field_to_blame_is_the_path_of_the_argument(home: Home) -> None:
    scene = await a_scene(home, await a_project(home))
    image = await an_image(home, await a_shot(home, scene))
    other = await a_shot(home, scene)
    result = await api.execute(
        SELECT, {"shot": other.id, "image": image.id}, context_value=home.context()
    )
    [error] = translate(result.errors or [])
    assert error.extensions == {"code": "NOT_FOUND", "field": "input.imageId"}


async def test_an_id_of_another_kind_is_refused_with_a_sentence(home: Home) -> None:
    project = await a_project(home)
    result = await api.execute(MOVE, {"id": project.id}, context_value=home.context())
    [error] = translate(result.errors or [])
    assert error.extensions == {"code": "INVALID_INPUT", "field": "id"}
    assert "starts with shot_" in error.message


async def test_of_several_operations_none_runs_until_one_is_named(home: Home) -> None:
    both = "query A { projects { totalCount } } query B { projects { totalCount } }"

    unnamed = await api.execute(both, context_value=home.context())
    named = await api.execute(both, context_value=home.context(), operation_name="B")

    assert [error.message for error in unnamed.errors or []] == ["Name the operation to run."]
    assert named.data == {"projects": {"totalCount": 0}}


async def test_a_literal_that_cannot_be_read_is_the_documents_fault(home: Home) -> None:
    endless = "9" * 5_000
    answer = await api.execute(
        f"{{ projects(first: {endless}) {{ totalCount }} }}", context_value=home.context()
    )

    [error] = translate(answer.errors or [])
    assert (error.extensions or {})["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_free_json_may_nest_deeper_than_python_recurses(home: Home) -> None:
    nested: list[Any] = []
    for _ in range(5_000):
        nested = [nested]
    given = {"prompt": "x", "promptPlannerData": nested}
    query = "mutation($i: CreateProjectInput!) { createProject(input: $i) { id } }"

    answer = await api.execute(query, {"i": given}, home.context())

    [error] = translate(answer.errors or [])
    assert (error.extensions or {})["code"] == "LIMIT_EXCEEDED"
