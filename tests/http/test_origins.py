"""Pages of other origins: which may call, and what a browser sends for the others in vain."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from storyreel.entrance.origins import EXPOSED, PREFLIGHT_HEADERS
from tests.conftest import Home
from tests.serving import OWN, Site, an_unserved_whole_site

BOARD = "https://board.example"
ELSEWHERE = "https://elsewhere.example"
JSON = {"Content-Type": "application/json"}
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}
ASK = {"query": "{ __typename }"}

FROM_ELSEWHERE: dict[str, dict[str, str]] = {
    "a fetch": {"Origin": ELSEWHERE},
    "a fetch that says so": {"Origin": ELSEWHERE, **CROSS_SITE},
    "an image": CROSS_SITE,
    "a neighbour's image": {"Sec-Fetch-Site": "same-site"},
    "a sandboxed frame": {"Origin": "null"},
    "a listed origin at another port": {"Origin": f"{BOARD}:8443"},
    "a listed origin without its lock": {"Origin": BOARD.replace("https", "http")},
    "an origin that begins alike": {"Origin": f"{BOARD}.evil.example"},
    "an origin that ends alike": {"Origin": "https://evil-board.example"},
    "no origin at all": {"Origin": "board.example"},
    "the type of a form": {**CROSS_SITE, "Content-Type": "text/plain"},
    "an empty header": {**CROSS_SITE, "GraphQL-Preflight": ""},
}
ALLOWED: dict[str, dict[str, str]] = {
    "a program": {},
    "the page itself": {"Sec-Fetch-Site": "same-origin"},
    "a person who typed it": {"Sec-Fetch-Site": "none"},
    "a listed page": {"Origin": BOARD, **CROSS_SITE},
    "the page behind a proxy": {"Origin": ELSEWHERE, "Sec-Fetch-Site": "same-origin"},
    "JSON": {"Origin": ELSEWHERE, **JSON},
    **{name: {"Origin": ELSEWHERE, name: "1"} for name in PREFLIGHT_HEADERS},
}


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    async with an_unserved_whole_site(home, origins=BOARD) as here:
        yield here


def granted(answer: httpx.Response) -> str | None:
    origin: str | None = answer.headers.get("access-control-allow-origin")
    return origin


@pytest.mark.parametrize("headers", FROM_ELSEWHERE.values(), ids=FROM_ELSEWHERE)
async def test_what_a_browser_sends_unasked_from_elsewhere_runs_nothing(
    site: Site, headers: dict[str, str]
) -> None:
    answer = await site.http.get(site.url, params=ASK, headers=headers)

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert "GraphQL-Preflight" in error["message"]
    assert granted(answer) is None


@pytest.mark.parametrize("headers", ALLOWED.values(), ids=ALLOWED)
async def test_whoever_may_ask_by_get_is_answered(site: Site, headers: dict[str, str]) -> None:
    answer = await site.http.get(site.url, params=ASK, headers=headers)

    assert answer.status_code == 200
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_the_page_of_the_server_itself_needs_no_list(site: Site) -> None:
    assert (await site.http.get(site.url, params=ASK, headers={"Origin": OWN})).status_code == 200


async def test_an_event_stream_is_not_opened_from_elsewhere(site: Site) -> None:
    asked = {"query": "subscription { jobProgress(jobIds: []) { id } }"}
    headers = {"Accept": "text/event-stream", "Origin": ELSEWHERE}

    answer = await site.http.get(site.url, params=asked, headers=headers)

    assert (answer.status_code, granted(answer)) == (400, None)


@pytest.mark.parametrize("wanted", ["POST", "GET"])
async def test_a_listed_page_may_ask_with_any_header(site: Site, wanted: str) -> None:
    asking = {
        "Origin": BOARD,
        "Access-Control-Request-Method": wanted,
        "Access-Control-Request-Headers": "authorization,content-type,x-request-id",
    }

    answer = await site.http.options(site.url, headers=asking)

    assert answer.status_code == 200
    assert granted(answer) == BOARD
    assert wanted in answer.headers["access-control-allow-methods"].split(", ")
    allowed = answer.headers["access-control-allow-headers"]
    assert allowed == asking["Access-Control-Request-Headers"]
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"].startswith("Origin")


@pytest.mark.parametrize("origin", [ELSEWHERE, "null", f"{BOARD}.evil.example"])
async def test_any_other_page_is_told_nothing(site: Site, origin: str) -> None:
    asking = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    preflight = await site.http.options(site.url, headers=asking)
    answer = await site.http.post(site.url, json=ASK, headers={"Origin": origin})

    assert preflight.status_code == 400
    assert granted(preflight) is None
    assert granted(answer) is None
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/graphql", 400),
        ("PUT", "/graphql", 405),
        ("GET", "/assets/ast_unknown", 403),
        ("GET", "/nowhere", 404),
        ("GET", "/healthz", 200),
    ],
)
async def test_a_listed_page_can_read_every_answer(
    site: Site, method: str, path: str, status: int
) -> None:
    answer = await site.http.request(method, OWN + path, headers={"Origin": BOARD} | JSON)

    assert answer.status_code == status
    assert granted(answer) == BOARD
    assert answer.headers["access-control-expose-headers"] == ", ".join(EXPOSED)
    assert answer.headers["x-request-id"]
    assert "Origin" in answer.headers["vary"].split(", ")


async def test_a_page_whose_name_was_turned_to_this_machine_is_refused(site: Site) -> None:
    rebound = {"Host": "elsewhere.example:8000", "Origin": "http://elsewhere.example:8000"}

    assert (await site.http.get(site.url, params=ASK, headers=rebound)).status_code == 400
    assert (await site.http.post(site.url, json=ASK, headers=rebound)).status_code == 400
