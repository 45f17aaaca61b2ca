"""Whatever document comes, its answer is well formed, and nothing is our fault.

Each root field gets documents made up from the schema, some of them against its rules, on a fresh
board, over real HTTP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from graphql import DocumentNode, OperationType, build_schema, parse, print_ast
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import Mode

from tests.fuzz.documents import Real, made_up_documents, misfit, with_real_ids
from tests.journeys.contract import documents, one_server
from tests.journeys.processes import ROOT, Server

SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text())
CODES = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "ERRORS.md").read_text(), re.M))
CONTRACT = {name: print_ast(document) for name, document in documents().items()}
FIELDS = [
    pytest.param(kind, field, id=f"{kind.value}-{field}")
    for kind in OperationType
    for field in SCHEMA.get_root_type(kind).fields  # type: ignore[union-attr]  # it has all three
]
SOON_SECONDS = 0.3


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, long_fuzz: bool
) -> Iterator[Server]:
    """Jobs run only where there is time for what may be ordered by chance."""
    folder = tmp_path_factory.mktemp("made-up")
    with one_server(request, folder, STORYREEL_EMBEDDED_WORKER=str(long_fuzz)) as server:
        yield server


@pytest.fixture
def http(served: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=30) as client:
        yield client


WITHOUT_RULES = {"viewer"}
"""It has no argument that could be wrong."""


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_every_made_up_document_gets_an_answer_in_good_form(
    served: Server, http: httpx.Client, kind: OperationType, field: str, long_fuzz: bool
) -> None:
    said = len(served.log())
    real = a_board(http)
    answer = streamed if kind is OperationType.SUBSCRIPTION else asked
    documents = made_up_documents(SCHEMA, kind, field, Mode.POSITIVE)
    if field not in WITHOUT_RULES:
        documents |= documents | made_up_documents(SCHEMA, kind, field, Mode.NEGATIVE)

    @settings(
        max_examples=500 if long_fuzz else 15,
        derandomize=not long_fuzz,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), document=documents)
    def hold(data: st.DataObject, document: DocumentNode) -> None:
        document = with_real_ids(
            SCHEMA, document, real, lambda ids: data.draw(st.sampled_from(ids))
        )
        found = answer(http, print_ast(document))
        if found is not None:
            in_good_form(document, found)

    hold()
    assert served.alive
    for trouble in ("Traceback", " ERROR "):
        assert trouble not in served.log()[said:], served.log()[said:]


ASKED = parse("{ scene(id: 1) { __typename id shots { __typename label } } }")


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ({"scene": None}, None),
        ({"scene": {"__typename": "Scene", "id": "1", "shots": []}}, None),
        ({}, "data has"),
        ({"scene": {"__typename": "Scene", "shots": [], "id": "1"}}, "data.scene has"),
        ({"scene": {"__typename": "Scene", "id": None, "shots": []}}, "data.scene.id is null"),
        ({"scene": {"__typename": "Scene", "id": [], "shots": []}}, "data.scene.id is no ID"),
        ({"scene": {"__typename": "Shot", "id": "1", "shots": []}}, "data.scene is no Scene"),
        ({"scene": {"__typename": "Scene", "id": "1", "shots": {}}}, "data.scene.shots is no list"),
        ({"scene": {"__typename": "Scene", "id": "1", "shots": [3]}}, "data.scene.shots.0 is no"),
    ],
)
def test_an_answer_that_the_document_did_not_ask_for_is_seen(data: Any, wrong: str | None) -> None:
    found = misfit(SCHEMA, ASKED, data)
    assert found == wrong or (found is not None and found.startswith(str(wrong)))


def in_good_form(document: DocumentNode, answer: dict[str, Any]) -> None:
    assert answer.keys() <= {"data", "errors", "extensions"}
    assert answer.get("errors") != [], "no errors, so no list of them"
    for error in answer.get("errors", ()):
        assert isinstance(error["message"], str)
        assert error["extensions"]["code"] in CODES - {"INTERNAL", "UNAVAILABLE"}, error
    if answer.get("data") is None:
        assert answer["errors"]
    else:
        assert misfit(SCHEMA, document, answer["data"]) is None


def asked(http: httpx.Client, query: str) -> dict[str, Any]:
    response = http.post("/graphql", json={"query": query})
    assert response.status_code == 200, response.text  # also of what is refused: plain JSON
    return dict(response.json())


def streamed(http: httpx.Client, query: str) -> dict[str, Any] | None:
    """The first event of a stream, if one comes soon."""
    headers = {"Accept": "text/event-stream"}
    sent: Any = {"json": {"query": query}, "headers": headers, "timeout": SOON_SECONDS}
    with suppress(httpx.ReadTimeout), http.stream("POST", "/graphql", **sent) as response:
        assert response.status_code == 200
        for line in response.iter_lines():
            if line.startswith("data: {"):
                return dict(json.loads(line.removeprefix("data: ")))
    return None


def a_board(http: httpx.Client) -> Real:
    """Ids of real things of every kind, by the word for it."""

    def ask(name: str, **variables: Any) -> Any:
        answer = http.post("/graphql", json={"query": CONTRACT[name], "variables": variables})
        [found] = answer.json()["data"].values()
        return found

    project = ask("CreateProject", input={"prompt": "A night in Tokyo"})
    shots = [{"description": "A"}, {"description": "B"}, {"description": "C"}]
    given = {"projectId": project["id"], "title": "EXT. ROOF", "shots": shots}
    scene, other = ask("CreateScene", input=given), ask("CreateScene", input=given)
    one, two, gone = scene["shots"]
    pictures = [{"variantNumber": n, "imageUrl": "https://example.org/a.png"} for n in (1, 2)]
    given = {"shotId": one["id"], "iterationPrompt": "Dusk", "images": pictures}
    images = ask("RegisterImages", input=given)
    given = {"shotId": one["id"], "imageId": images[0]["id"]}
    selection = ask("SelectMasterShot", input=given)
    batch = ask("GenerateImages", input={"shotId": two["id"], "count": 1})
    return {
        "selection": [selection["id"]],
        "restore": [ask("DeleteShot", id=gone["id"])["restoreId"]],
        "project": [project["id"]],
        "scene": [scene["id"], other["id"]],
        "shot": [one["id"], two["id"], gone["id"]],
        "image": [image["id"] for image in [*images, *batch["images"]]],
        "job": [job["id"] for job in batch["jobs"]],
        "after": [project["cursor"]],
    }
