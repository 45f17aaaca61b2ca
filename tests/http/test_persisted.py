"""Persisted documents over each transport, in the words that clients understand."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.making import a_project
from tests.serving import Site
from tests.sockets import a_socket

ASK = "query { projects { totalCount } }"
LIVE = "subscription ($id: ID!) { liveProject(id: $id) { title } }"
ANSWER = {"projects": {"totalCount": 0}}
NOT_FOUND = {
    "message": "PersistedQueryNotFound",
    "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
}


def named(text: str) -> dict[str, Any]:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"persistedQuery": {"version": 1, "sha256Hash": digest}}


async def test_a_client_asks_by_hash_then_sends_the_document_and_then_never_again(
    site: Site,
) -> None:
    by_hash = {"extensions": named(ASK)}
    first = await site.http.post(site.url, json=by_hash)
    whole = await site.http.post(site.url, json=by_hash | {"query": ASK})
    later = await site.http.post(site.url, json=by_hash)

    assert first.json()["errors"] == [NOT_FOUND]
    assert whole.json()["data"] == later.json()["data"] == ANSWER


async def test_a_document_named_by_its_hash_may_come_by_get(site: Site) -> None:
    await site.http.post(site.url, json={"query": ASK, "extensions": named(ASK)})
    accept = {"Accept": "application/graphql-response+json"}
    parameters = {"extensions": json.dumps(named(ASK))}
    found = await site.http.get(site.url, params=parameters, headers=accept)
    unknown = {"extensions": json.dumps(named("{ __typename }"))}
    missing = await site.http.get(site.url, params=unknown, headers=accept)

    assert (found.status_code, found.json()["data"]) == (200, ANSWER)
    assert (missing.status_code, missing.json()["errors"]) == (400, [NOT_FOUND])


async def test_a_mutation_named_by_its_hash_is_still_refused_by_get(site: Site) -> None:
    create = 'mutation { createProject(input: {prompt: "x"}) { id } }'
    parameters = {"query": create, "extensions": json.dumps(named(create))}
    refused = await site.http.get(site.url, params=parameters)
    again = await site.http.get(site.url, params={"extensions": parameters["extensions"]})

    assert (refused.status_code, again.status_code) == (405, 405)
    assert (await site.post(ASK)).json()["data"] == ANSWER


async def test_an_event_stream_takes_hashes(served: Site) -> None:
    headers = {"Accept": "text/event-stream"}
    project = await a_project(served.home, title="One")
    body: dict[str, Any] = {"variables": {"id": project.id}, "extensions": named(LIVE)}
    missing = await served.http.post(served.url, json=body, headers=headers)
    bodies = (body | {"query": LIVE}, body)

    assert "PERSISTED_QUERY_NOT_FOUND" in missing.text
    for sent in bodies:
        async with served.http.stream("POST", served.url, json=sent, headers=headers) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    break
        told = json.loads(line.removeprefix("data: "))
        assert told == {"data": {"liveProject": {"title": "One"}}}


async def test_a_socket_takes_hashes_that_were_sent_over_another_transport(served: Site) -> None:
    async with a_socket(served.ws_url) as client:
        payload = {"extensions": named(ASK)}
        await client.send({"id": "1", "type": "subscribe", "payload": payload})
        refused = await client.answer("1")
        await served.http.post(served.url, json={"query": ASK, "extensions": named(ASK)})
        await client.send({"id": "2", "type": "subscribe", "payload": payload})
        answered = await client.data("2")

    assert (refused["type"], refused["payload"]) == ("error", [NOT_FOUND])
    assert answered == ANSWER


async def test_a_socket_refuses_an_operation_that_costs_too_much_and_lives_on(
    served: Site,
) -> None:
    many = " ".join(f"a{n}: __typename" for n in range(101))
    async with a_socket(served.ws_url) as client:
        await client.subscribe(f"{{ {many} }}", "1")
        refused = await client.answer("1")
        await client.subscribe(ASK, "2")

        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
        assert await client.data("2") == ANSWER
