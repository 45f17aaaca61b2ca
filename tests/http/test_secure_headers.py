"""What every answer tells a browser to be careful about."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storyreel.entrance.secure_headers import EVERYTHING, PAGES
from tests.conftest import Home
from tests.making import a_drawn_image, a_project, a_scene, a_shot
from tests.serving import OWN, Site, an_unserved_whole_site

PAGE = {"Accept": "text/html"}
ANSWERS: dict[str, tuple[str, str, dict[str, str], int]] = {
    "a query": ("GET", "/graphql?query={__typename}", {}, 200),
    "no query": ("POST", "/graphql", {"Content-Type": "application/json"}, 400),
    "another method": ("DELETE", "/graphql", {}, 405),
    "a refused preflight": (
        "OPTIONS",
        "/graphql",
        {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"},
        400,
    ),
    "a stranger's host": ("GET", "/graphql", {"Host": "elsewhere.example"}, 400),
    "no such path": ("GET", "/nowhere", {}, 404),
    "no such file": ("GET", "/graphql/assets/x.js", {}, 404),
    "no such asset": ("GET", "/assets/ast_x", {}, 403),
    "a probe": ("GET", "/healthz", {}, 200),
    "metrics": ("GET", "/metrics", {}, 200),
    "GraphiQL": ("GET", "/graphql", PAGE, 200),
}


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    async with an_unserved_whole_site(home) as here:
        yield here


@pytest.mark.parametrize(("method", "path", "headers", "status"), ANSWERS.values(), ids=ANSWERS)
async def test_every_answer_has_the_headers(
    site: Site, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await site.http.request(method, OWN + path, headers=headers)

    assert answer.status_code == status
    assert {name: answer.headers[name] for name in EVERYTHING} == EVERYTHING
    assert "strict-transport-security" not in answer.headers


async def test_every_page_keeps_to_itself(site: Site) -> None:
    page = await site.http.get(site.url, headers=PAGE)

    assert page.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert {name: page.headers[name] for name in PAGES if name != "Content-Security-Policy"} == {
        name: value for name, value in PAGES.items() if name != "Content-Security-Policy"
    }


async def test_an_answer_that_is_no_page_says_nothing_of_pages(site: Site) -> None:
    answer = await site.post("{ __typename }")

    assert not {name.lower() for name in PAGES} & answer.headers.keys()


async def test_an_event_stream_has_the_headers(site: Site) -> None:
    body = {"query": "subscription { jobProgress(jobIds: []) { id } }"}

    answer = await site.http.post(site.url, json=body, headers={"Accept": "text/event-stream"})

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"]


async def test_a_file_stays_as_its_own_route_has_it(site: Site) -> None:
    shot = await a_shot(site.home, await a_scene(site.home, await a_project(site.home)))
    image = await a_drawn_image(site.home, shot)
    assert image.asset_id is not None

    file = await site.http.get(OWN + site.home.links.url(image.asset_id))

    assert file.status_code == 200
    assert file.headers["cross-origin-resource-policy"] == "cross-origin"
    assert file.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "immutable" in file.headers["cache-control"]
    assert "x-frame-options" not in file.headers


async def test_behind_https_nothing_else_is_used_again(home: Home) -> None:
    async with an_unserved_whole_site(home, public_url="https://board.example") as site:
        answer = await site.post("{ __typename }")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"
