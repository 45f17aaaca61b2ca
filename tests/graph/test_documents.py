"""Documents: named by their hash, read once, and the only ones where there is a list of them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from graphql import GraphQLSyntaxError, get_introspection_query
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionResult

from resolvers import api, documents
from resolvers.context import Context
from resolvers.documents import Documents, Recent
from resolvers.errors import translate
from resolvers.measuring import Limits
from services import limits
from tests.conftest import Home

ASK = "query Ask($first: Int! = 1) { projects(first: $first) { totalCount } }"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def named(text: str, version: int = 1) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": digest(text)}}


async def ask(
    home: Home, known: Documents, text: str | None, extensions: Any = None, **variables: Any
) -> ExecutionResult:
    context = Context(home.owner, home.world, home.links, documents=known)
    return await api.execute(
        text, variables, context_value=context, operation_extensions=extensions
    )


def code(result: ExecutionResult) -> str:
    [error] = translate(result.errors or [])
    return str((error.extensions or {})["code"])


async def test_a_document_is_sent_once_and_named_by_its_hash_ever_after(home: Home) -> None:
    known = Documents()
    before = await ask(home, known, None, named(ASK))
    sent = await ask(home, known, ASK, named(ASK))
    again = await ask(home, known, None, named(ASK))

    assert [error.formatted for error in translate(before.errors or [])] == [
        {
            "message": "PersistedQueryNotFound",
            "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
        }
    ]
    assert sent.data == again.data == {"projects": {"totalCount": 0}}


@pytest.mark.parametrize(
    ("text", "extensions", "expected"),
    [
        (None, {"persistedQuery": {"version": 2, "sha256Hash": digest(ASK)}}, "_NOT_SUPPORTED"),
        (None, {"persistedQuery": {"sha256Hash": digest(ASK)}}, "_NOT_SUPPORTED"),
        (None, {"persistedQuery": "x"}, "_NOT_SUPPORTED"),
        (None, {"persistedQuery": {"version": 1}}, "INVALID_INPUT"),
        (None, {"persistedQuery": {"version": 1, "sha256Hash": 7}}, "INVALID_INPUT"),
        (ASK, named("another"), "INVALID_INPUT"),
        (ASK, named(ASK.upper()), "INVALID_INPUT"),
    ],
    ids=str,
)
async def test_a_hash_that_says_nothing_or_lies_is_refused(
    home: Home, text: str | None, extensions: Any, expected: str
) -> None:
    known = Documents()
    refused = await ask(home, known, text, extensions)

    assert code(refused).endswith(expected)
    assert code(await ask(home, known, None, named(ASK))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_where_documents_are_listed_no_other_runs(home: Home) -> None:
    other = ASK.replace("Ask", "Other")
    known = Documents(allowed={digest(ASK): ASK})

    for text, extensions in ((ASK, None), (ASK, named(ASK)), (None, named(ASK))):
        assert (await ask(home, known, text, extensions)).data == {"projects": {"totalCount": 0}}
    for text, extensions in ((other, None), (other, named(other)), (None, named(other))):
        assert code(await ask(home, known, text, extensions)) == "PERSISTED_QUERY_REQUIRED"


async def test_the_schema_is_told_unless_it_is_switched_off(home: Home) -> None:
    text = get_introspection_query()
    told = await ask(home, Documents(), text)
    silent = await ask(home, Documents(Limits(introspection=False)), text)
    typename = await ask(home, Documents(Limits(introspection=False)), "{ __typename }")

    assert told.data is not None
    assert told.data["__schema"]["queryType"]["name"] == "Query"
    assert {e.extensions["code"] for e in translate(silent.errors or []) if e.extensions} == {
        "GRAPHQL_VALIDATION_FAILED"
    }
    assert typename.data == {"__typename": "Query"}


async def test_an_answer_tells_what_it_cost_and_a_refusal_what_it_would_have(home: Home) -> None:
    known = Documents(Limits(cost=20))
    small = await ask(home, known, ASK, first=19)
    large = await ask(home, known, ASK, first=20)

    assert small.errors is None
    assert small.extensions == {"cost": {"requested": 20, "maximum": 20}}
    assert large.extensions == {"cost": {"requested": 21, "maximum": 20}}
    assert [error.message for error in large.errors or []] == [
        "The operation costs 21; at most 20 is allowed."
    ]


@pytest.mark.parametrize(
    ("allowance", "text", "sentence"),
    [
        (Limits(depth=1), ASK, "The operation is 2 levels deep; at most 1 are allowed."),
        (Limits(aliases=0), "{ a: __typename }", "The operation has 1 aliases; at most 0 are all"),
        (Limits(tokens=5), ASK, "The document has more than the 5 tokens or comments that are all"),
        (Limits(repeats=0), "{ __typename __typename }", "The document names 1 things again"),
        (Limits(), " " * limits.QUERY_CHARACTERS + "{", "The document has 100,001 characters; at"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
async def test_a_refusal_tells_how_much_it_was_and_how_much_may_be(
    home: Home, allowance: Limits, text: str, sentence: str
) -> None:
    refused = await ask(home, Documents(allowance), text)

    assert code(refused) == "LIMIT_EXCEEDED"
    assert translate(refused.errors or [])[0].message.startswith(sentence)


async def test_a_document_is_read_and_validated_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    validated = []

    def counted(*given: Any) -> Any:
        validated.append(given)
        return validate_document(*given)

    monkeypatch.setattr(documents, "validate_document", counted)
    known = Documents()
    for first in (1, 2, 2):
        assert (await ask(home, known, ASK, first=first)).errors is None
    for _ in range(2):
        assert code(await ask(home, known, "{ nothing }")) == "GRAPHQL_VALIDATION_FAILED"

    assert known.read(ASK) is known.read(ASK)
    assert len(validated) == 2


async def test_what_was_measured_is_measured_again_for_other_sizes_only(home: Home) -> None:
    known = Documents()
    document = known.read(ASK)
    [operation] = document.operations(None)
    costs = [
        document.measure(api._schema, operation, variables).cost
        for variables in ({"first": 3}, {"first": 3, "x": 1}, {"first": 9}, {}, {"first": 3})
    ]

    assert costs == [4, 4, 10, 2, 4]


async def test_a_syntax_error_is_told_every_time_and_on_streams_too(home: Home) -> None:
    known = Documents()
    for _ in range(2):
        assert code(await ask(home, known, "{ a")) == "GRAPHQL_PARSE_FAILED"
    context = Context(home.owner, home.world, home.links, documents=known)
    results: Any = await api.stream("subscription {", context_value=context)
    [told] = [result async for result in results]

    assert code(told) == "GRAPHQL_PARSE_FAILED"
    with pytest.raises(GraphQLSyntaxError):
        known.read("{ a")


async def test_events_of_a_stream_tell_no_cost(home: Home) -> None:
    context = home.context()
    text = 'subscription { liveProject(id: "prj_01h455vb4pex5vsknk084sn02q") { id } }'
    results: Any = await api.stream(text, context_value=context)

    assert [result.extensions for result in [r async for r in results]] == [{}]


def test_what_is_kept_stays_within_its_weight_and_keeps_what_is_used() -> None:
    kept: Recent[str, str] = Recent(10, len)
    kept.keep("a", "aaaa")
    kept.keep("b", "bbbb")
    assert kept.get("a") == "aaaa"
    kept.keep("c", "cccc")

    assert (kept.get("a"), kept.get("b"), kept.get("c")) == ("aaaa", None, "cccc")
    kept.keep("d", "d" * 11)
    assert [kept.get(key) for key in "acd"] == ["aaaa", "cccc", None]
