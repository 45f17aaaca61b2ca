"""Who gets GraphiQL's page, and what the page is allowed to do."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from graphql import OperationDefinitionNode, parse, validate
from starlette.applications import Starlette
from starlette.routing import Route

from resolvers import api
from storyreel.graphiql import graphiql_routes
from storyreel.transport.endpoint import Endpoint
from tests.conftest import Home

CHROMIUM = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
INDEX = '<link rel="stylesheet" href="/graphql/assets/a.css" nonce="NONCE"><div id="app"></div>'
TABS = sorted((Path(__file__).parents[2] / "web" / "graphiql" / "tabs").glob("*.graphql"))

PROGRAMS = {
    "anything": "*/*",
    "json": "application/json",
    "the newer type": "application/graphql-response+json, application/json;q=0.9",
    "json or a page": "text/html, application/json",
    "events or a page": "text/html, text/event-stream",
    "an empty header": "",
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Where GraphiQL is to be built."""
    return tmp_path / "bundle"


@pytest.fixture
def built(bundle: Path) -> Path:
    (bundle / "assets").mkdir(parents=True)
    (bundle / "index.html").write_text(INDEX)
    (bundle / "assets" / "a.css").write_text("p { color: red }")
    return bundle


@pytest.fixture
async def http(home: Home, bundle: Path) -> AsyncIterator[httpx.AsyncClient]:
    endpoint = Endpoint(home.context)
    app = Starlette(routes=[*graphiql_routes("/graphql", bundle), Route("/graphql", endpoint)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://board.example") as client:
        yield client


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("accept", [CHROMIUM, FIREFOX], ids=["chromium", "firefox"])
async def test_a_browser_gets_the_page(http: httpx.AsyncClient, accept: str) -> None:
    page = await http.get("/graphql", headers={"Accept": accept})

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["vary"] == "Accept"
    assert '<div id="app">' in page.text


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("accept", PROGRAMS.values(), ids=PROGRAMS)
async def test_a_program_never_gets_the_page(http: httpx.AsyncClient, accept: str) -> None:
    answer = await http.get("/graphql", headers={"Accept": accept})

    assert "html" not in answer.headers["content-type"]
    assert "BAD_REQUEST" in answer.text


@pytest.mark.usefixtures("built")
async def test_a_browser_that_asks_something_gets_the_answer(http: httpx.AsyncClient) -> None:
    asked = {"query": "{ __typename }"}
    headers = {"Accept": CHROMIUM}

    for answer in (
        await http.get("/graphql", params=asked, headers=headers),
        await http.post("/graphql", json=asked, headers=headers),
    ):
        assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.usefixtures("built")
async def test_every_page_has_a_nonce_of_its_own(http: httpx.AsyncClient) -> None:
    headers = {"Accept": CHROMIUM}
    pages = [await http.get("/graphql", headers=headers) for _ in range(2)]

    nonces = [re.findall(r'nonce="([^"]{20,})"', page.text) for page in pages]
    assert nonces[0]
    assert nonces[0] != nonces[1]
    for page, [nonce] in zip(pages, nonces, strict=True):
        assert f"style-src-elem 'self' 'nonce-{nonce}'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("built")
async def test_the_page_may_use_this_server_and_nothing_else(http: httpx.AsyncClient) -> None:
    page = await http.get("/graphql", headers={"Accept": CHROMIUM})

    rules = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
    sources = {source for rule in rules.values() for source in rule.split()}
    nonces = {source for source in sources if source.startswith("'nonce-")}
    assert sources - nonces == {"'none'", "'self'", "'unsafe-inline'", "data:"}
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["worker-src"] == rules["connect-src"] == "'self'"
    assert [name for name, rule in rules.items() if "unsafe" in rule] == ["style-src-attr"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"


@pytest.mark.usefixtures("built")
async def test_files_of_the_page_are_kept_for_good(http: httpx.AsyncClient) -> None:
    file = await http.get("/graphql/assets/a.css")

    assert file.headers["content-type"].startswith("text/css")
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in file.headers["content-security-policy"]


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["b.css", "../index.html", "%2e%2e/index.html", ""])
async def test_nothing_else_is_served_as_a_file(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(f"/graphql/assets/{path}")

    assert answer.status_code == 404
    assert "cache-control" not in answer.headers


async def test_where_it_was_not_built_a_page_without_scripts_says_how_to(
    http: httpx.AsyncClient,
) -> None:
    page = await http.get("/graphql", headers={"Accept": CHROMIUM})

    assert page.status_code == 200
    assert "make web" in page.text
    assert "curl" in page.text
    assert "<script" not in page.text
    assert "NONCE" not in page.text
    assert (await http.get("/graphql/assets/a.css")).status_code == 404
    asked = await http.post("/graphql", json={"query": "{ __typename }"})
    assert asked.json()["data"] == {"__typename": "Query"}


async def test_it_may_be_built_while_the_server_runs(
    http: httpx.AsyncClient, request: pytest.FixtureRequest
) -> None:
    await http.get("/graphql/assets/a.css")

    request.getfixturevalue("built")

    page = await http.get("/graphql", headers={"Accept": CHROMIUM})
    assert '<div id="app">' in page.text
    assert (await http.get("/graphql/assets/a.css")).status_code == 200


@pytest.mark.parametrize("path", TABS, ids=lambda path: path.stem)
def test_the_ready_tabs_ask_what_the_schema_answers(path: Path) -> None:
    document = parse(path.read_text())
    variables = json.loads(path.with_suffix(".json").read_text())

    assert validate(api._schema, document) == []
    operations = [n for n in document.definitions if isinstance(n, OperationDefinitionNode)]
    wanted = {v.variable.name.value for o in operations for v in o.variable_definitions or ()}
    assert set(variables) == wanted
    assert all(operation.name for operation in operations)


def test_there_are_ready_tabs() -> None:
    assert len(TABS) >= 4
