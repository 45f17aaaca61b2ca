"""Snapshots over plain HTTP: the same services, JSON errors, deprecated routes of old importers."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from models import Project, Snapshot, new_id
from services.actor import Actor
from storyreel.app import create_app
from storyreel.rest.exchange import Resource
from storyreel.rest.routes import store
from storyreel.settings import Settings
from tests.conftest import Home
from tests.making import a_document_scene, a_project, a_scene, all_that_is_kept
from tests.serving import OWN, Site, a_house, an_unserved_whole_site
from tests.stored import stored as all_rows

PIER, BAR = a_document_scene("EXT. PIER"), a_document_scene("INT. BAR")


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    async with an_unserved_whole_site(home, origins="https://board.example") as here:
        here.http.base_url = httpx.URL(OWN)
        yield here


@pytest.fixture
async def project(site: Site) -> Project:
    return await a_project(site.home)


def at(project: Project, *rest: str) -> str:
    return "/".join(["/api/projects", project.id, "snapshot", *rest])


async def stored(site: Site, project: Project, *scenes: Any, **given: Any) -> Any:
    answer = await site.http.post(at(project), json={"scenes": list(scenes)} | given)
    assert answer.status_code == 201, answer.text
    return answer.json()


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    [(name, error)] = answer.json().items()
    assert name == "error"
    assert error["message"]
    return answer.status_code, error["code"], error.get("field")


async def test_a_document_is_stored_read_counted_and_deleted(site: Site, project: Project) -> None:
    given = {"scenes": [PIER, BAR | {"x": 1}], "metadata": {"draft": 1}, "version": 2**40}
    created = await site.http.post(at(project), json=given)
    read = await site.http.get(at(project))
    stats = await site.http.get(at(project, "stats"))
    patch = {"by": "Ada", "draft": None}
    changed = await site.http.patch(at(project, "metadata"), json=patch)
    gone = await site.http.delete(at(project))

    assert (created.status_code, created.json()["version"]) == (201, 2**40)
    assert created.headers["location"] == f"{at(project)}?version={2**40}"
    assert (read.status_code, read.json()["scenes"]) == (200, given["scenes"])
    assert created.json().items() <= read.json().items()
    assert stats.json() == {"version": 2**40} | created.json()["stats"]
    assert changed.json()["metadata"] == {"by": "Ada"}
    assert gone.json()["deleted"][0] == created.json()["id"]
    assert problem(await site.http.get(at(project))) == (404, "NOT_FOUND", "projectId")
    for answer in (created, read, stats, changed, gone):
        assert answer.headers["content-type"] == "application/json"
        assert "deprecation" not in answer.headers


async def test_one_version_is_read_and_deleted_by_its_number(site: Site, project: Project) -> None:
    for scene in (PIER, BAR):
        await stored(site, project, scene)
    first = await site.http.get(at(project), params={"version": 1})
    await site.http.delete(at(project), params={"version": 2})
    newest = await site.http.get(at(project))
    assert first.json()["scenes"] == newest.json()["scenes"] == [PIER]
    missing = await site.http.get(at(project), params={"version": 2})
    assert problem(missing) == (404, "NOT_FOUND", "version")


async def test_what_was_read_can_be_stored_in_another_project(site: Site, project: Project) -> None:
    await stored(site, project, PIER, elements=[{"text": "END"}])
    read = (await site.http.get(at(project))).json()
    taken = {name: read[name] for name in ("scenes", "elements", "metadata", "checksum")}
    again = await stored(site, await a_project(site.home), **taken)
    assert again["checksum"] == read["checksum"]


async def test_a_stale_document_is_a_conflict_that_says_where(site: Site, project: Project) -> None:
    for scene in (PIER, BAR):
        await stored(site, project, scene)
    answer = await site.http.post(at(project), json={"scenes": [PIER], "baseVersion": 1.0})
    assert problem(answer) == (409, "CONFLICT", "baseVersion")
    assert answer.json()["error"]["fields"] == ["scenes.0"]
    assert await Snapshot.all().count() == 2


async def test_a_repeated_key_gets_the_first_answer_again(site: Site, project: Project) -> None:
    headers = {"Idempotency-Key": "one"}
    first, again = [
        await site.http.post(at(project), json={"scenes": [PIER]}, headers=headers)
        for _ in range(2)
    ]
    other = await site.http.post(at(project), json={"scenes": [BAR]}, headers=headers)
    elsewhere = await site.http.patch(at(project, "metadata"), json={}, headers=headers)

    assert (again.status_code, again.json()) == (201, first.json())
    for answer in (other, elsewhere):
        assert problem(answer) == (422, "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key")
    assert await Snapshot.all().count() == 1


async def test_old_importers_send_scene_by_scene_and_read_all(site: Site, project: Project) -> None:
    scene = await a_scene(site.home, project, title="EXT. PIER", description="Rain.")
    ask = {"projectId": project.id}
    all_of_it = await site.http.get("/api/memory/all", params=ask)
    for scene_id, heading in ((scene.id, "EXT. QUAY"), ("s2", "INT. BAR"), ("s2", "INT. CLUB")):
        sent = ask | {"sceneId": scene_id, "data": {"heading": heading}}
        answer = await site.http.post("/api/memory/update", json=sent)
        assert answer.status_code == 200
    again = await site.http.get("/api/memory/all", params=ask)

    told = {"id": scene.id, "heading": "EXT. PIER"}
    rain = {"elements": [{"type": "action", "text": "Rain."}]}
    assert (all_of_it.json()["version"], all_of_it.json()["scenes"]) == (1, [told | rain])
    assert again.json()["version"] == 4
    assert again.json()["scenes"] == [
        told | rain | {"heading": "EXT. QUAY"},
        {"id": "s2", "heading": "INT. CLUB"},
    ]
    for each in (all_of_it, answer):
        assert each.headers["deprecation"] == "@1795132800"
        assert each.headers["link"] == f'<{at(project)}>; rel="successor-version"'
    refused = await site.http.get("/api/memory/all")
    assert problem(refused) == (400, "INVALID_INPUT", "projectId")
    assert refused.headers["deprecation"] == "@1795132800"


async def test_what_is_wrong_with_a_scene_is_told_where_it_was_sent(
    site: Site, project: Project
) -> None:
    before = await all_rows()
    for given, field in (
        ({"data": {"heading": 1}}, "data.heading"),
        ({"data": {"a": 2**64}}, "data"),
        ({"data": {"elements": [{"text": []}]}}, "data.elements.0.text"),
        ({"sceneId": "s\0"}, "sceneId"),
        ({"scene": {}}, "scene"),
    ):
        sent = {"projectId": project.id, "sceneId": "s", "data": {}} | given
        answer = await site.http.post("/api/memory/update", json=sent)
        assert problem(answer) == (400, "INVALID_INPUT", field)
    assert await all_rows() == before


BAD_BODIES: dict[str, tuple[Any, int, str, str | None]] = {
    "no scenes": ({}, 400, "INVALID_INPUT", "scenes"),
    "another name": ({"scenes": [], "genre": 1}, 400, "INVALID_INPUT", "genre"),
    "a list": ([], 400, "INVALID_INPUT", None),
    "no object": ({"scenes": [1]}, 400, "INVALID_INPUT", "scenes.0"),
    "a number as heading": ({"scenes": [{"heading": 1}]}, 400, "INVALID_INPUT", "scenes.0.heading"),
    "a version as text": ({"scenes": [], "version": "1"}, 400, "INVALID_INPUT", "version"),
    "a version too large": ({"scenes": [], "version": 2**53}, 400, "INVALID_INPUT", "version"),
    "a base that never was": (
        {"scenes": [], "baseVersion": 1}, 400, "INVALID_INPUT", "baseVersion"
    ),
    "another checksum": ({"scenes": [], "checksum": "0" * 64}, 400, "INVALID_INPUT", "checksum"),
    "what nobody can store": ({"scenes": [{"a": "\0"}]}, 400, "INVALID_INPUT", "scenes.0"),
    "a number of 65 bits": ({"scenes": [{"a": 2**64}]}, 400, "INVALID_INPUT", "scenes.0"),
    "too many scenes": ({"scenes": [{}] * 2_001}, 413, "LIMIT_EXCEEDED", "scenes"),
    "too much": ({"scenes": [{"a": "x" * 2_100_000}]}, 413, "LIMIT_EXCEEDED", "scenes"),
    "more than any request": ({"scenes": [{"a": "x" * 4_200_000}]}, 413, "LIMIT_EXCEEDED", None),
}  # fmt: skip


async def test_bad_requests_are_refused_in_json_and_leave_nothing(
    site: Site, project: Project, tmp_path: Path
) -> None:
    before = await all_that_is_kept(site.home, tmp_path / "assets")
    for name, (body, *expected) in BAD_BODIES.items():
        answer = await site.http.post(at(project), json=body)
        assert problem(answer) == tuple(expected), name
    form = {"Content-Type": "text/plain", "GraphQL-Preflight": "1"}
    for content, headers, status in (
        ("{", {"Content-Type": "application/json"}, 400),
        ('{"scenes": [NaN]}', {"Content-Type": "application/json"}, 400),
        ("{}", form, 415),
    ):
        answer = await site.http.post(at(project), content=content, headers=headers)
        assert problem(answer) == (status, "BAD_REQUEST", None)
    for path, code in (
        ("/api/projects/x/snapshot", (400, "INVALID_INPUT", "projectId")),
        (f"/api/projects/{new_id('prj')}/snapshot", (404, "NOT_FOUND", "projectId")),
        ("/api/nothing", (404, "NOT_FOUND", None)),
        (at(project) + "?version=1x", (400, "INVALID_INPUT", "version")),
        (at(project) + "?version=1&version=2", (400, "INVALID_INPUT", "version")),
        (at(project) + "?draft=1", (400, "INVALID_INPUT", "draft")),
    ):
        assert problem(await site.http.get(path)) == code
    assert await all_that_is_kept(site.home, tmp_path / "assets") == before


async def test_a_method_that_does_not_fit_says_which_do(site: Site, project: Project) -> None:
    answer = await site.http.put(at(project), json={})
    assert problem(answer) == (405, "METHOD_NOT_ALLOWED", None)
    assert answer.headers["allow"] == "GET, POST, DELETE, HEAD"


async def test_a_head_is_that_of_the_whole_answer(site: Site, project: Project) -> None:
    await stored(site, project, PIER)
    whole, head = [await site.http.request(method, at(project)) for method in ("GET", "HEAD")]
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))


async def test_a_compressed_document_is_refused(site: Site, project: Project) -> None:
    content = gzip.compress(json.dumps({"scenes": [PIER]}).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await site.http.post(at(project), content=content, headers=headers)
    assert problem(answer) == (415, "BAD_REQUEST", None)


async def test_a_body_that_does_not_end_in_time_is_refused(home: Home) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"scenes": '
        await asyncio.sleep(60)

    async def the_owner(request: Request) -> Actor:
        return home.owner

    resource = Resource(home.world, the_owner, (), {"POST": store}, {})
    resource.body_seconds = 0.05
    async with httpx.AsyncClient(transport=httpx.ASGITransport(resource)) as http:
        headers = {"Content-Type": "application/json"}
        answer = await http.post(OWN, content=slowly(), headers=headers)
    assert problem(answer) == (408, "LIMIT_EXCEEDED", None)
    assert answer.headers["connection"] == "close"


async def test_pages_of_other_origins_run_nothing_unasked(site: Site, project: Project) -> None:
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    ask = {"projectId": project.id}
    image = await site.http.get("/api/memory/all", params=ask, headers=elsewhere)
    form = elsewhere | {"Content-Type": "text/plain"}
    posted = await site.http.post(at(project), content='{"scenes": []}', headers=form)
    assert problem(image) == problem(posted) == (400, "BAD_REQUEST", None)
    assert not await Snapshot.exists()

    preflight = {"Origin": "https://board.example", "Access-Control-Request-Method": "PATCH"}
    allowed = await site.http.options(at(project, "metadata"), headers=preflight)
    assert allowed.headers["access-control-allow-origin"] == "https://board.example"


async def test_what_comes_too_often_is_told_when_to_come_again(home: Home) -> None:
    project = await a_project(home)
    async with an_unserved_whole_site(home, mutation_rate="1/hour") as site:
        url = OWN + at(project)
        first, second = [await site.http.post(url, json={"scenes": []}) for _ in range(2)]
        read = await site.http.get(url)
    assert (first.status_code, read.status_code) == (201, 200)
    assert problem(second) == (429, "RATE_LIMITED", None)
    assert 1 <= int(second.headers["retry-after"]) <= 3_600


async def test_an_address_with_too_much_under_way_is_told_so_as_every_refusal_is(
    home: Home,
) -> None:
    project = await a_project(home)
    app = create_app(replace(a_house(home, Settings()), connections_max=0), home.documents)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        answer = await http.get(OWN + at(project))
    assert problem(answer) == (429, "RATE_LIMITED", None)
    assert answer.headers["retry-after"] == "5"


async def test_what_is_our_fault_is_masked_and_logged(
    site: Site, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    snapshot = await stored(site, project, PIER)
    await Snapshot.filter(id=snapshot["id"]).update(checksum="0" * 64)
    answer = await site.http.get(at(project))
    assert problem(answer) == (500, "INTERNAL", None)
    reference = answer.json()["error"]["reference"]
    assert reference in caplog.text
    assert "checksum" not in answer.text
