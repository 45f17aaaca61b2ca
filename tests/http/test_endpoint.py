"""GraphQL over HTTP, byte by byte where it matters."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from models.database import statement
from tests.making import a_project
from tests.serving import Site

JSON = {"Content-Type": "application/json"}
RESPONSE = "application/graphql-response+json"
PROJECT = "query Project($id: ID!) { project(id: $id) { id } }"
PLAN = """mutation($id: ID!, $data: JSON!) {
  updateProject(id: $id, patch: {promptPlannerData: $data}) { __typename }
}"""
CREATE = 'mutation { createProject(input: {prompt: "A film"}) { id } }'

CANNOT_RUN: dict[str, tuple[Any, str]] = {
    "a syntax error": ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    "an unknown field": ({"query": "{ nothingLikeThis }"}, "GRAPHQL_VALIDATION_FAILED"),
    "a missing variable": ({"query": PROJECT}, "INVALID_INPUT"),
    "a null variable": ({"query": PROJECT, "variables": {"id": None}}, "INVALID_INPUT"),
    "an object for an id": ({"query": PROJECT, "variables": {"id": {"a": 1}}}, "INVALID_INPUT"),
    "a list for an id": ({"query": PROJECT, "variables": {"id": [1]}}, "INVALID_INPUT"),
    "an unknown operation": ({"query": PROJECT, "operationName": "Other"}, "BAD_REQUEST"),
    "no operation": ({"query": "fragment F on Query { __typename }"}, "BAD_REQUEST"),
    "an empty query": ({"query": ""}, "BAD_REQUEST"),
    "a null query": ({"query": None}, "BAD_REQUEST"),
    "no query": ({}, "BAD_REQUEST"),
    "a number as query": ({"query": 1}, "BAD_REQUEST"),
    "an object as query": ({"query": {"a": "b"}}, "BAD_REQUEST"),
    "variables in a list": ({"query": PROJECT, "variables": ["x"]}, "BAD_REQUEST"),
    "variables in a string": ({"query": PROJECT, "variables": "x"}, "BAD_REQUEST"),
    "a number as name": ({"query": "{ __typename }", "operationName": 3}, "BAD_REQUEST"),
    "extensions in a list": ({"query": "{ __typename }", "extensions": []}, "BAD_REQUEST"),
    "a batch": ([{"query": "{ __typename }"}], "BAD_REQUEST"),
    "a string": ("query", "BAD_REQUEST"),
    "a number": (1, "BAD_REQUEST"),
    "null": (None, "BAD_REQUEST"),
    "true": (True, "BAD_REQUEST"),
    "an empty list": ([], "BAD_REQUEST"),
}

UNREADABLE = {
    "deep selections": "{" + "project{" * 5_000 + "}" * 5_001,
    "deep lists": "{ nodes(ids: " + "[" * 5_000 + "]" * 5_000 + ") { id } }",
    "half of a character": '{ project(id: "\\uD800") { id } }',
}


def codes(answer: httpx.Response) -> list[str]:
    """The code of every error, each of which must have a message for people too."""
    errors = answer.json()["errors"]
    assert all(error["message"] for error in errors)
    return [error["extensions"]["code"] for error in errors]


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("image/png", "application/json"),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}, application/json;q=0.9", RESPONSE),
    ],
)
async def test_the_answer_has_the_media_type_asked_for(
    site: Site, accept: str, answered: str
) -> None:
    answer = await site.http.post(
        site.url, json={"query": "{ __typename }"}, headers={"Accept": accept}
    )

    assert answer.status_code == 200
    assert answer.headers["content-type"] == answered
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("accept", ["application/json", RESPONSE])
@pytest.mark.parametrize(("body", "code"), CANNOT_RUN.values(), ids=CANNOT_RUN)
async def test_a_request_that_cannot_run_answers_without_data(
    site: Site, body: Any, code: str, accept: str
) -> None:
    headers = JSON | {"Accept": accept}
    answer = await site.http.post(site.url, content=json.dumps(body), headers=headers)

    read_as_graphql = code != "BAD_REQUEST" and accept != RESPONSE
    assert answer.status_code == (200 if read_as_graphql else 400)
    assert answer.headers["content-type"] == accept
    assert codes(answer) == [code]
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"query { __typename }",
        b'{"query": "{ __typename }"',
        b'{"query": NaN}',
        b'{"query": "\\ud800"}',
        b'{"query": "{ __typename }", "variables": {"a": "\\udfff"}}',
        b'{"query": "{ __typename }", "variables": {"a": 1e999}}',
        b'{"query": "\xff\xfe"}',
        '{"query": "{ __typename }"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"variables": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
        b"9" * 10_000,
    ],
    ids=range(13),
)
async def test_what_is_not_json_is_refused(site: Site, body: bytes) -> None:
    answer = await site.http.post(site.url, content=body, headers=JSON)

    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("seed", [2**64, -(10**30)])
async def test_a_number_that_cannot_be_stored_is_refused_and_not_rounded(
    site: Site, seed: int
) -> None:
    project = await a_project(site.home)
    variables = {"id": project.id, "data": {"seed": seed}}
    posted = await site.post(PLAN, **variables)
    operations = json.dumps({"query": PLAN, "variables": variables})
    form = {"operations": (None, operations), "map": (None, "{}")}
    headers = {"GraphQL-Preflight": "1"}
    formed = await site.http.post(site.url, files=form, headers=headers)

    assert codes(posted) == codes(formed) == ["INVALID_INPUT"]


async def test_a_number_of_thousands_of_digits_is_no_json_of_ours(site: Site) -> None:
    body = '{"query": "{ __typename }", "variables": {"a": ' + "1" * 300 + "0" * 5_000 + "}}"
    answer = await site.http.post(site.url, content=body, headers=JSON)
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("query", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_document_that_no_reader_can_take_is_refused(site: Site, query: str) -> None:
    answer = await site.post(query)

    assert codes(answer) == ["GRAPHQL_PARSE_FAILED"]


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/mixed; boundary=x",
        "application/jsonp",
        "application/graphql",
        "",
    ],
)
async def test_another_content_type_answers_415(site: Site, kind: str) -> None:
    body = json.dumps({"query": CREATE})
    answer = await site.http.post(site.url, content=body, headers={"Content-Type": kind})

    assert (answer.status_code, codes(answer)) == (415, ["BAD_REQUEST"])
    assert (await site.post("{ projects { totalCount } }")).json()["data"]["projects"] == {
        "totalCount": 0
    }


async def test_parameters_of_the_content_type_are_ignored(site: Site) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    body = json.dumps({"query": "{ __typename }"})

    assert (await site.http.post(site.url, content=body, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "parameters",
    [
        {"query": "{ __typename }"},
        {"query": "{ __typename }", "variables": "", "operationName": "", "extensions": ""},
        {"query": "query A { __typename } query B { b: __typename }", "operationName": "A"},
        {
            "query": "query A($yes: Boolean!) { __typename @include(if: $yes) }",
            "variables": '{"yes": true}',
        },
    ],
)
async def test_a_query_may_come_by_get(site: Site, parameters: dict[str, str]) -> None:
    answer = await site.http.get(site.url, params=parameters)

    assert answer.status_code == 200
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "BAD_REQUEST"),
        ({"query": ""}, "BAD_REQUEST"),
        ({"query": "{ __typename }", "variables": "{"}, "BAD_REQUEST"),
        ({"query": "{ __typename }", "variables": "[]"}, "BAD_REQUEST"),
        ({"query": "{ __typename }", "variables": "1"}, "BAD_REQUEST"),
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    ],
    ids=str,
)
async def test_a_bad_query_by_get_answers_400(
    site: Site, parameters: dict[str, str], code: str
) -> None:
    headers = {"Accept": f"text/html, {RESPONSE}"}
    answer = await site.http.get(site.url, params=parameters, headers=headers)

    assert (answer.status_code, codes(answer)) == (400, [code])


async def test_a_mutation_comes_by_post(site: Site) -> None:
    answer = await site.post('mutation { createProject(input: {prompt: "x"}) { prompt } }')

    assert answer.status_code == 200
    assert answer.json()["data"] == {"createProject": {"prompt": "x"}}


async def test_a_mutation_by_get_is_refused_and_changes_nothing(site: Site) -> None:
    answer = await site.http.get(site.url, params={"query": CREATE})

    assert (answer.status_code, codes(answer)) == (405, ["METHOD_NOT_ALLOWED"])
    assert answer.headers["allow"] == "POST"
    assert (await site.post("{ projects { totalCount } }")).json()["data"]["projects"] == {
        "totalCount": 0
    }


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods_are_told_which_are_served(site: Site, method: str) -> None:
    answer = await site.http.request(method, site.url)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert method == "HEAD" or codes(answer) == ["METHOD_NOT_ALLOWED"]


async def test_a_subscription_by_plain_post_is_told_how_to_subscribe(site: Site) -> None:
    answer = await site.post('subscription { liveProject(id: "prj_x") { id } }')

    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])
    assert "text/event-stream" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
async def test_a_body_beyond_the_limit_is_refused(served: Site, chunked: bool) -> None:
    body = b'{"query": "' + b"#" * (4 * 1024 * 1024) + b'"}'
    start = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body

    answer = await _raw(served, start + length + b"\r\n\r\n" + sent)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"LIMIT_EXCEEDED"' in answer


async def test_a_body_within_the_limit_is_read_whole(site: Site) -> None:
    query = "{ __typename } #" + "x" * (4 * 1024 * 1024 - 100)

    assert (await site.post(query)).status_code == 200


async def test_a_client_that_leaves_while_it_sends_is_no_error(
    served: Site, caplog: pytest.LogCaptureFixture
) -> None:
    start = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    _, writer = await _connected(served)
    writer.write(start + b'Content-Length: 1000\r\n\r\n{"query": ')
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    assert (await served.post("{ __typename }")).status_code == 200
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_refusal_of_a_field_stands_beside_the_data(site: Site) -> None:
    project = await a_project(site.home)
    query = 'query ($id: ID!) { node(id: "nonsense") { id } project(id: $id) { id } }'

    answer = await site.post(query, id=project.id)

    assert answer.status_code == 200
    assert answer.json()["data"] == {"node": None, "project": {"id": project.id}}
    assert codes(answer) == ["INVALID_INPUT"]
    assert answer.json()["errors"][0]["extensions"]["field"] == "id"


async def test_what_nobody_expected_is_masked_and_logged_under_its_reference(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    project = await a_project(site.home)
    await statement("ALTER TABLE scene RENAME TO scene_away")
    try:
        answer = await site.post(
            "query($id: ID!) { project(id: $id) { scenes { id } } }", id=project.id
        )
    finally:
        await statement("ALTER TABLE scene_away RENAME TO scene")

    [error] = answer.json()["errors"]
    assert answer.status_code == 200
    assert error["extensions"]["code"] == "INTERNAL"
    reference = error["extensions"]["reference"]
    assert error["message"] == f"Something went wrong here; it is logged as {reference}."
    assert "scene" not in answer.text.replace('"path":["project","scenes"]', "")
    [record] = [record for record in caplog.records if reference in record.getMessage()]
    assert record.exc_info is not None


async def _connected(site: Site) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = httpx.URL(site.url)
    return await asyncio.open_connection(url.host, url.port)


async def _raw(site: Site, request: bytes) -> bytes:
    """The start of the answer to a request written by hand."""
    reader, writer = await _connected(site)

    async def send() -> None:
        try:
            writer.write(request)
            await writer.drain()
        except ConnectionError:
            pass  # refused before all of it was sent

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(5):
            answer = await reader.readuntil(b"}]}")
    finally:
        await sending
        writer.close()
    return answer
