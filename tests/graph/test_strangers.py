"""What somebody reaches who has a board of their own, and none of the others'."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from models import LegacyMigration, Project, prefix_of
from resolvers import api
from resolvers.errors import translate
from schema.cursor import feed_cursor, pack
from schema.node import Node
from schema.view import View
from services import limits, projects, screenplays
from services.actor import Actor, Role
from services.cancelling import cancel_job
from services.work import perform
from tests.conftest import Home
from tests.graph.board import ask, statements
from tests.graph.calls import animate
from tests.graph.house import SOON, House, a_house
from tests.stored import row_ids, stored

TYPES = api._schema.type_map
TOO_DEAR = {"Project.screenplay"}
"""Not to be asked of each event: plain values without an id in them."""
NODES = {view.__name__: view.over for view in View.__subclasses__() if issubclass(view, Node)}


@pytest.fixture
async def house(home: Home, tmp_path: Path) -> House:
    return await a_house(home, tmp_path / "assets")


def kinds_of(named: GraphQLNamedType) -> list[GraphQLObjectType]:
    """The types of object that a field of this type may show; none for a plain value."""
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        return list(api._schema.get_possible_types(named))
    return [named] if isinstance(named, GraphQLObjectType) else []


def selection(kind: GraphQLObjectType, *, within: bool = False) -> str:
    """All that a type shows; of the nodes that it leads to their plain fields."""
    shown = ["__typename"]
    for name, field in kind.fields.items():
        below = kinds_of(get_named_type(field.type))
        if not below and not (within and f"{kind.name}.{name}" in TOO_DEAR):
            shown.append(name)
        elif below and not (within and kind.name in NODES):
            parts = [f"... on {each.name} {{ {selection(each, within=True)} }}" for each in below]
            shown.append(f"{name} {{ {' '.join(parts)} }}")
    return " ".join(shown)


def edges() -> set[str]:
    """Every field that leads to a node: from another one, or from what a node shows."""
    reached = kinds_of(TYPES["Node"])
    found: set[str] = set()
    for kind in reached:
        for name, field in kind.fields.items():
            below = kinds_of(get_named_type(field.type))
            found |= {f"{kind.name}.{name}" for each in below if each.name in NODES}
            reached += [each for each in below if each not in reached]
    return found


def shown_in(answer: Any) -> Iterator[str]:
    """The fields of an answer that show something with fields of its own."""
    for item in answer if isinstance(answer, list) else [answer]:
        for name, value in item.items():
            if value and isinstance(value, dict | list) and "__typename" in str(value):
                yield f"{item['__typename']}.{name}"
                yield from shown_in(value)


async def a_full_stage(house: House, owner: Actor) -> str:
    """The project of a stage where every edge leads somewhere."""
    stage = await house.stage(lambda stage: animate(stage.our_selection), owner)
    act, project_id = projects.update_project, stage.project.id
    await perform(house.home.world, owner, act, project_id, {"title": "New"})
    await LegacyMigration.create(
        client_id=stage.project.client_id,
        project_id=project_id,
        document_id=stage.ours.asset_id,
        source=project_id,
        content_hash="",
        scenes=0,
        shots=0,
    )
    given = {"projectId": project_id, "text": "INT. A\n\nOne.\n\nANNA\nHello.\n"}
    received = await screenplays.receive_screenplay(owner, house.home.world, None, given)
    await perform(house.home.world, owner, screenplays.import_screenplay, received)
    return project_id


async def test_no_edge_leads_to_what_is_somebody_elses(house: House) -> None:
    """Each edge of each thing of one's own leads to one's own, so no path leads elsewhere."""
    await a_full_stage(house, house.home.owner)
    project_id = await a_full_stage(house, house.outsider)
    rows = [row for table in (await stored()).values() for row in table]
    mine = {row["id"] for row in rows if project_id in (row["id"], row.get("project_id"))}
    mine |= house.outsider.roles.keys()
    around = [row for row in rows if row.get("client_id") in house.outsider.roles]
    mine |= {row[name] for row in around for name in ("id", "user_id") if name in row}
    theirs = await row_ids() - mine
    seen: set[str] = set()
    for name, model in NODES.items():
        [kind] = kinds_of(TYPES[name])
        ids = [row_id for row_id in mine if prefix_of(str(row_id)) == model.PREFIX]
        call = f"nodes(ids: {json.dumps(ids)}) {{ ... on {name} {{ {selection(kind)} }} }}"
        found = (await ask(house.home, f"{{ {call} }}", house.outsider))["nodes"]
        seen |= set(shown_in(found))
        told = json.dumps(found)
        assert [row_id for row_id in theirs if row_id in told] == []
    untried = edges() - seen
    assert not untried, f"Set up a stage on which these edges lead somewhere: {untried}"


@pytest.mark.parametrize("page", ["projects", "jobs", "events"])
async def test_a_cursor_says_nothing_of_what_is_somebody_elses(house: House, page: str) -> None:
    theirs, mine = await house.stage(), await house.stage(owner=house.outsider)

    async def turned(project_id: str, job_id: str) -> tuple[Any, list[str]]:
        own = mine.project.id
        call = {
            "projects": f'projects(after: "{pack("projects", project_id)}") {{ totalCount }}',
            "jobs": f'project(id: "{own}") {{ jobs(after: "{pack(f"{own}/jobs", job_id)}")'
            " { edges { node { id } } } }",
            "events": f'project(id: "{own}") {{ events(after: "{feed_cursor(project_id, 1)}")'
            " { events { subjectId } } }",
        }[page]
        with statements() as asked:
            found = await house.answers(house.outsider, "query", call)
        return found, [statement.partition(": [")[0] for statement in asked]

    ids = theirs.project.id, theirs.job.id
    assert await turned(*ids) == await turned(*map(beside, ids))


def beside(row_id: str) -> str:
    """An id of nothing that sorts where this one does."""
    return row_id[:-1] + ("y" if row_id[-1] == "z" else "z")


async def test_somebody_elses_client_is_as_if_it_were_not_there(house: House) -> None:
    told = []
    for slug in ("local", "nowhere"):
        call = f'createProject(input: {{ prompt: "x", clientSlug: "{slug}" }}) {{ id }}'
        with statements() as asked:
            [answer] = await house.answers(house.outsider, "mutation", call)
        told.append((answer["errors"][0]["extensions"], asked))
    assert told[0] == told[1]
    assert told[0][0] == {"code": "NOT_FOUND", "field": "input.clientSlug"}


async def test_a_key_is_its_owners_alone(house: House) -> None:
    """With somebody else's key one neither gets their answer nor is in their way."""
    stage = await house.stage()
    scene = f'createScene(input: {{ projectId: "{stage.project.id}", title: "A"'
    scene += ', idempotencyKey: "key" }) { id }'
    project = 'createProject(input: { prompt: "x", idempotencyKey: "key" }) { id }'
    [first] = await house.answers(house.home.owner, "mutation", scene)

    [refused] = await house.answers(house.outsider, "mutation", scene)
    [other] = await house.answers(house.outsider, "mutation", project)
    [again] = await house.answers(house.home.owner, "mutation", scene)

    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert await Project.exists(id=other["data"]["createProject"]["id"])
    assert again == first


STREAMS = {
    "projectEvents": 'projectEvents(projectId: "<>", after: "{at}") { __typename }',
    "liveProject": 'liveProject(id: "<>") { title }',
    "jobProgress": 'jobProgress(projectId: "<>") { id status }',
}


@pytest.mark.parametrize("field", STREAMS)
async def test_who_may_look_no_more_hears_no_more(
    house: House, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thing to tell is checked against the roles that the actor has at that moment."""
    monkeypatch.setattr(limits, "PROGRESS_INTERVAL_SECONDS", 0.02)
    stage = await house.stage()
    project_id = stage.project.id
    roles = {stage.project.client_id: Role.VIEWER}
    context = house.home.context(Actor("usr_guest", "Guest", roles))
    call = STREAMS[field].replace("<>", project_id)
    call = call.replace("{at}", feed_cursor(project_id, 0))
    stream: Any = await api.stream(f"subscription {{ {call} }}", None, context)
    async with aclosing(stream), asyncio.timeout(SOON):
        assert not (await anext(stream)).errors

        roles.clear()
        await perform(house.home.world, house.home.owner, cancel_job, stage.job.id)

        rest = [result async for result in stream]
    codes = [error.extensions for each in rest for error in translate(each.errors or [])]
    assert [each.data for each in rest if each.data] == []
    gone = {"code": "NOT_FOUND", "field": "projectId"}
    assert codes == ([] if field == "liveProject" else [gone])
