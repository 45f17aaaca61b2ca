"""Which subscriptions count as the same."""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import pytest
from strawberry.types.base import StrawberryObjectDefinition

from resolvers import api
from resolvers.documents import Documents
from resolvers.measuring import Limits
from resolvers.sharing import shared
from schema.cursor import feed_cursor
from schema.personal import PERSONAL
from services.actor import Actor, Role
from tests.conftest import Home

PROJECT = "prj_01h455vb4pex5vsknk084sn02q"
JOB = "job_01h455vb4pex5vsknk084sn02q"
EVENTS = (
    "subscription Follow($id: ID!, $after: Cursor) { projectEvents(projectId: $id, after: $after)"
    " { ... on ProjectChanges { cursor } } }"
)
JOBS = "subscription($id: ID, $jobs: [ID!]) { jobProgress(projectId: $id, jobIds: $jobs) { id } }"
LIVE = (
    "subscription($id: ID!, $on: Boolean! = true)"
    " { liveProject(id: $id) { title @include(if: $on) } }"
)
THUMBNAILS = """subscription($id: ID!) { liveProject(id: $id) { scenes { shots { ...Shown } } } }
fragment Shown on Shot { images { ... on Image { thumbnailUrl } } }"""


def key(
    home: Home, query: str, actor: Actor | None = None, name: str | None = None, **variables: Any
) -> Hashable:
    """What decides with whom an operation is shared; None for with nobody."""
    found = shared(home.context(actor), query, {"id": PROJECT} | variables, name)
    return found.key if found is not None else None


SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "laid out differently": ({"query": EVENTS}, {"query": f"# Mine\n{EVENTS.replace('{', '{ ,')}"}),
    "from another place": (
        {"query": EVENTS},
        {"query": EVENTS, "after": feed_cursor(PROJECT, 3)},
    ),
    "named or not": ({"query": EVENTS}, {"query": EVENTS, "name": "Follow"}),
    "with a variable that nobody uses": ({"query": LIVE}, {"query": LIVE, "other": 1}),
    "of jobs": ({"query": JOBS}, {"query": JOBS.replace(",", " ")}),
}
DIFFERENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "other fields": ({"query": LIVE}, {"query": LIVE.replace("title", "prompt")}),
    "other jobs": ({"query": JOBS, "jobs": [JOB]}, {"query": JOBS, "jobs": [JOB, JOB]}),
    "another project": ({"query": LIVE}, {"query": LIVE, "id": PROJECT[:-1] + "r"}),
    "a variable that matters": ({"query": LIVE}, {"query": LIVE, "on": False}),
    "a cursor that is asked about too": (
        {
            "query": EVENTS.replace(
                "{ cursor }", "{ events { project { events(after: $after) { cursor } } } }"
            )
        },
        {
            "query": EVENTS.replace(
                "{ cursor }", "{ events { project { events(after: $after) { cursor } } } }"
            ),
            "after": feed_cursor(PROJECT, 3),
        },
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_the_same_is_shared(home: Home, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key(home, **one) == key(home, **other) is not None


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_not(home: Home, one: dict[str, Any], other: dict[str, Any]) -> None:
    assert None not in (key(home, **one), key(home, **other))
    assert key(home, **one) != key(home, **other)


@pytest.mark.parametrize(
    "query",
    [
        "{ projects { edges { node { id } } } }",
        "mutation { createProject(input: {prompt: \"x\"}) { id } }",
        "subscription($id: ID!) { liveProject(id: $id) { nothing } }",
        "subscription($id: ID!) { liveProject(id: $id) @skip(if: false) { title } }",
        "subscription($id: ID!) { ...Root }"
        " fragment Root on Subscription { liveProject(id: $id) { title } }",
        f"{LIVE} query Other {{ __typename }}",
        "subscription($id: ID!",
        LIVE.replace("Boolean! = true", "Boolean!"),
    ],
    ids=[
        "a query", "a mutation", "an unknown field", "a condition", "a fragment",
        "two operations", "no document", "a missing variable",
    ],
)  # fmt: skip
def test_anything_out_of_the_ordinary_is_answered_by_itself(home: Home, query: str) -> None:
    assert key(home, query) is None


def test_what_asks_for_too_much_is_not_shared_but_refused_by_itself(home: Home) -> None:
    strict = replace(home, documents=Documents(Limits(depth=1)))
    assert key(strict, LIVE) is None


def test_rights_tell_apart_and_people_only_where_something_is_for_one_of_them(home: Home) -> None:
    a, b = Actor("usr_a", "A", {"cli": Role.VIEWER}), Actor("usr_b", "B", {"cli": Role.VIEWER})
    editor = Actor("usr_a", "A", {"cli": Role.EDITOR})
    anywhere = Actor("usr_a", "A", {}, Role.VIEWER)

    assert key(home, LIVE, a) == key(home, LIVE, b)
    assert len({key(home, LIVE, actor) for actor in (a, editor, anywhere)}) == 3
    assert key(home, THUMBNAILS, a) != key(home, THUMBNAILS, b)
    assert key(home, THUMBNAILS, a) == key(home, THUMBNAILS, replace(a, name="Anna"))
    by_token = replace(a, bearer="tok_1")
    assert key(home, LIVE, a) == key(home, LIVE, by_token)
    assert key(home, THUMBNAILS, a) != key(home, THUMBNAILS, by_token)  # links name the bearer


def test_whatever_links_to_an_asset_is_marked_as_personal() -> None:
    """Links are made for the one who asks."""
    unmarked = [
        f"{definition.name}.{field.python_name}"
        for named in api.schema_converter.type_map.values()
        if isinstance(definition := named.definition, StrawberryObjectDefinition)
        for field in definition.fields
        if field.base_resolver is not None
        and "asset_url" in source(field.base_resolver.wrapped_func)
        and PERSONAL not in field.metadata
    ]
    assert not unmarked, f"Give these `metadata=personal()`: {unmarked}"


def source(resolver: Any) -> str:
    return inspect.getsource(resolver)
