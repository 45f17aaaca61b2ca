"""Pages of root lists and of a project's jobs and events."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from models import Client, Job, JobBatch, JobKind, JobStatus, Project
from resolvers import api
from resolvers.errors import translate
from schema.connection import PAGE_MAX
from schema.cursor import pack
from services.actor import Actor, Role
from tests.conftest import Home
from tests.making import a_project, a_scene, an_outsider

PROJECTS = """query($first: Int!, $after: String) {
  projects(first: $first, after: $after) {
    totalCount edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
JOBS = """query($id: ID!, $first: Int!, $after: String, $status: [JobStatus!]) {
  project(id: $id) {
    jobs(first: $first, after: $after, status: $status) {
      edges { cursor node { id } } pageInfo { hasNextPage endCursor }
    }
  }
}"""
EVENTS = """query($id: ID!, $first: Int!, $after: Cursor) {
  project(id: $id) { cursor events(first: $first, after: $after) { cursor events { cursor } } }
}"""


async def ask(home: Home, document: str, actor: Actor | None = None, **variables: Any) -> Any:
    result = await api.execute(document, variables, context_value=home.context(actor))
    assert not result.errors, result.errors
    return result.data


async def page(home: Home, first: int, after: str | None = None) -> Any:
    return (await ask(home, PROJECTS, first=first, after=after))["projects"]


def ids(found: Any) -> list[str]:
    return [edge["node"]["id"] for edge in found["edges"]]


async def some_projects(home: Home, count: int) -> list[str]:
    """Ids, newest first."""
    return [(await a_project(home)).id for _ in range(count)][::-1]


async def test_pages_follow_one_another_newest_first_to_the_end(home: Home) -> None:
    newest_first = await some_projects(home, 5)

    pages = [await page(home, 2)]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(await page(home, 2, pages[-1]["pageInfo"]["endCursor"]))

    assert [len(found["edges"]) for found in pages] == [2, 2, 1]
    assert [row_id for found in pages for row_id in ids(found)] == newest_first
    assert (await page(home, 2, pages[-1]["pageInfo"]["endCursor"]))["edges"] == []


async def test_every_cursor_continues_right_after_its_item(home: Home) -> None:
    newest_first = await some_projects(home, 4)
    for index, edge in enumerate((await page(home, 4))["edges"]):
        assert ids(await page(home, 9, edge["cursor"])) == newest_first[index + 1 :]


async def test_a_page_stays_right_while_projects_are_added_and_removed(home: Home) -> None:
    newest_first = await some_projects(home, 6)
    first = await page(home, 2)

    await some_projects(home, 3)
    await Project.filter(id=newest_first[1]).delete()  # where the page ended
    await Project.filter(id=newest_first[3]).delete()

    second = await page(home, 9, first["pageInfo"]["endCursor"])
    assert ids(second) == [newest_first[2], *newest_first[4:]]


async def test_page_info_tells_where_a_page_stands(home: Home) -> None:
    await some_projects(home, 3)
    first = await page(home, 2)
    last = await page(home, 2, first["pageInfo"]["endCursor"])

    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][1]["cursor"],
    }
    assert last["pageInfo"]["hasNextPage"] is False
    assert last["pageInfo"]["hasPreviousPage"] is True


async def test_a_page_of_no_items_leads_nowhere(home: Home) -> None:
    await some_projects(home, 1)
    found = await page(home, 0)
    assert found == {
        "totalCount": 1,
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
    }


async def test_the_total_counts_what_the_caller_may_see_on_every_page(home: Home) -> None:
    await some_projects(home, 3)
    elsewhere = await Client.create(slug="elsewhere", name="Elsewhere")
    await Project.create(client_id=elsewhere.id, title="Theirs", prompt="x")

    assert (await page(home, 1))["totalCount"] == 3
    theirs = Actor("usr_x", "X", {elsewhere.id: Role.VIEWER})
    assert (await ask(home, PROJECTS, theirs, first=9))["projects"]["totalCount"] == 1
    nobodys = (await ask(home, PROJECTS, an_outsider(), first=9))["projects"]
    assert (nobodys["totalCount"], nobodys["edges"]) == (0, [])


async def test_a_huge_page_is_cut_to_the_limit(home: Home) -> None:
    client_id = next(iter(home.owner.roles))
    many = [Project(client_id=client_id, title="T", prompt="p") for _ in range(PAGE_MAX + 1)]
    await Project.bulk_create(many)

    found = await page(home, 2**31 - 1)

    assert len(found["edges"]) == PAGE_MAX
    assert found["pageInfo"]["hasNextPage"] is True


REFUSED: list[Any] = [
    pytest.param({"first": -1}, "first", id="negative"),
    pytest.param({"first": -(2**31)}, "first", id="very-negative"),
    pytest.param({"after": ""}, "after", id="empty"),
    pytest.param({"after": "garbage!"}, "after", id="not-base64"),
    pytest.param({"after": "Zm9v"}, "after", id="not-json"),
    pytest.param({"after": "é\ud800"}, "after", id="not-ascii"),
    pytest.param({"after": "W1tb" * 50_000}, "after", id="deep"),
    pytest.param({"after": pack("projects")}, "after", id="too-short"),
    pytest.param({"after": pack("projects", "a", "b")}, "after", id="too-long"),
    pytest.param({"after": pack("projects", None)}, "after", id="null"),
    pytest.param({"after": pack("projects", 7)}, "after", id="number"),
    pytest.param({"after": pack("projects", ["x"])}, "after", id="list"),
    pytest.param({"after": pack("projects", "\x00")}, "after", id="nul"),
    pytest.param({"after": pack("projects", "' OR 1=1 --")}, "after", id="sql"),
    pytest.param({"after": pack("prj_x/jobs", "prj_x")}, "after", id="of-another-list"),
    pytest.param({"after": pack({"a": 1}, "prj_x")}, "after", id="scope-of-another-shape"),
]


@pytest.mark.parametrize(("given", "field"), REFUSED)
async def test_what_is_no_page_is_refused(home: Home, given: dict[str, Any], field: str) -> None:
    result = await api.execute(PROJECTS, {"first": 5} | given, context_value=home.context())
    [error] = translate(result.errors or [])
    assert error.extensions == {"code": "INVALID_INPUT", "field": field}


def test_cursors_are_opaque_and_fit_into_an_address() -> None:
    cursor = pack("projects", "prj_01jzy")
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert json.loads(base64.urlsafe_b64decode(cursor + "==")) == ["projects", "prj_01jzy"]


async def jobs_of(project: Project, *statuses: JobStatus) -> list[str]:
    """Jobs with these statuses; their ids, newest first."""
    batch = await JobBatch.create(project_id=project.id, kind=JobKind.EXPORT, input_hash="x")
    jobs = [
        Job(
            project_id=project.id,
            batch_id=batch.id,
            subject_id=project.id,
            kind=JobKind.EXPORT,
            status=status,
            renderer="cutter",
        )
        for status in statuses
    ]
    await Job.bulk_create(jobs)
    return [job.id for job in reversed(jobs)]


async def test_jobs_are_listed_newest_first_and_only_of_their_project(home: Home) -> None:
    project, other = await a_project(home), await a_project(home)
    newest_first = await jobs_of(project, *[JobStatus.QUEUED] * 3)
    await jobs_of(other, JobStatus.QUEUED)

    first = (await ask(home, JOBS, id=project.id, first=2))["project"]["jobs"]
    after = first["pageInfo"]["endCursor"]
    rest = (await ask(home, JOBS, id=project.id, first=2, after=after))["project"]["jobs"]

    assert ids(first) + ids(rest) == newest_first


@pytest.mark.parametrize(
    ("status", "indexes"),
    [(["FAILED"], [0, 3]), (["FAILED", "QUEUED"], [0, 2, 3]), (["UNKNOWN"], []), ([], [])],
)
async def test_jobs_can_be_asked_for_by_status(
    home: Home, status: list[str], indexes: list[int]
) -> None:
    project = await a_project(home)
    given = [JobStatus.FAILED, JobStatus.QUEUED, JobStatus.COMPLETE, JobStatus.FAILED]
    newest_first = await jobs_of(project, *given)
    found = await ask(home, JOBS, id=project.id, first=9, status=status)
    assert ids(found["project"]["jobs"]) == [newest_first[i] for i in indexes]


async def test_a_cursor_of_another_projects_jobs_is_refused(home: Home) -> None:
    one, other = await a_project(home), await a_project(home)
    await jobs_of(one, JobStatus.QUEUED)
    found = await ask(home, JOBS, id=one.id, first=1)
    after = found["project"]["jobs"]["pageInfo"]["endCursor"]
    variables = {"id": other.id, "first": 1, "after": after}
    result = await api.execute(JOBS, variables, context_value=home.context())
    [error] = translate(result.errors or [])
    assert error.extensions == {"code": "INVALID_INPUT", "field": "after"}


async def test_the_history_of_a_project_can_be_read_page_by_page(home: Home) -> None:
    project = await a_project(home)
    await a_scene(home, project, "one", "two", "three")

    first = (await ask(home, EVENTS, id=project.id, first=2))["project"]["events"]
    rest = (await ask(home, EVENTS, id=project.id, first=9, after=first["cursor"]))["project"]
    end = await ask(home, EVENTS, id=project.id, first=9, after=rest["cursor"])

    cursors = [event["cursor"] for event in [*first["events"], *rest["events"]["events"]]]
    assert len(set(cursors)) == len(cursors) == 5
    assert cursors[1] == first["cursor"]
    assert cursors[-1] == rest["events"]["cursor"] == rest["cursor"]
    assert end["project"]["events"] == {"cursor": rest["cursor"], "events": []}


HISTORY: list[Any] = [
    pytest.param(lambda own, other: "nonsense", id="garbage"),
    pytest.param(lambda own, other: pack(other, 1), id="of-another-feed"),
    pytest.param(lambda own, other: pack(own, -1), id="negative"),
    pytest.param(lambda own, other: pack(own, 2**70), id="huge"),
    pytest.param(lambda own, other: pack(own, 1.5), id="fraction"),
    pytest.param(lambda own, other: pack(own, True), id="boolean"),
    pytest.param(lambda own, other: pack(own, "1"), id="text"),
]


@pytest.mark.parametrize("made", HISTORY)
async def test_a_cursor_of_no_place_in_this_history_is_refused(home: Home, made: Any) -> None:
    own, other = await a_project(home), await a_project(home)
    variables = {"id": own.id, "first": 5, "after": made(own.id, other.id)}
    result = await api.execute(EVENTS, variables, context_value=home.context())
    [error] = translate(result.errors or [])
    assert error.extensions == {"code": "INVALID_INPUT", "field": "after"}
