"""Who gets what of every root field; what is not theirs is to them as if it were not there."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from models import Row, new_id
from models.ids import PATTERN
from resolvers import api
from tests.conftest import Home
from tests.graph.board import statements
from tests.graph.house import House, Undone, a_house, ids_on, is_id, rows_on
from tests.graph.rights import MATRIX, NAMING_SEVERAL, ROLES, Gets
from tests.graph.stage import Stage


@pytest.fixture
async def house(home: Home, tmp_path: Path) -> House:
    return await a_house(home, tmp_path / "assets")


def test_every_root_field_has_an_entry() -> None:
    served = api._schema
    roots = {
        "query": served.query_type,
        "mutation": served.mutation_type,
        "subscription": served.subscription_type,
    }
    missing = {
        operation: sorted(set(root.fields) ^ set(MATRIX[operation]))
        for operation, root in roots.items()
        if root is not None and set(root.fields) != set(MATRIX[operation])
    }
    assert not missing, (
        f"Say in tests/graph/rights.py, in MATRIX, who gets what of these fields: {missing}"
    )


@pytest.mark.parametrize("operation", MATRIX)
async def test_each_role_gets_what_the_matrix_says(house: House, operation: str) -> None:
    everybodys = await house.stage()
    wrong: list[str] = []
    for entry in [entry for found in MATRIX[operation].values() for entry in found]:
        before = entry.case.before
        stage = everybodys if before is None else await house.stage(before)
        for role, expected in zip(ROLES, entry.rights, strict=True):
            place = house.without_commits() if expected is Gets.ANSWER else house
            state = await house.state()
            found = await place.answers(house.actor(role, stage), operation, entry.case.call(stage))
            if (got := what(operation, found, stage)) != expected:
                wrong.append(f"{entry.case.name}: {role} gets {got}, not {expected}: {found}")
            if expected is not Gets.ANSWER and await house.state() != state:
                wrong.append(f"{entry.case.name}: {role} leaves something")
    assert wrong == []


def what(operation: str, found: list[Any], stage: Stage) -> Gets | list[Any]:
    """A read that shows nothing of the stage is an empty one."""
    [answer] = found
    codes = [error["extensions"]["code"] for error in answer["errors"]]
    if codes in (["NOT_FOUND"], ["FORBIDDEN"]):
        return Gets(codes[0])
    if answer["data"] == {"applyOperations": {"committed": False}}:
        return Gets.REJECTED
    if codes or operation == "mutation":
        return Gets.ANSWER if codes == [Undone.CODE] else codes
    text = json.dumps(answer)
    return Gets.ANSWER if any(row_id in text for row_id in ids_on(stage)) else Gets.NOTHING


CALLS = [
    (operation, entry.case)
    for operation, found in MATRIX.items()
    for entry in [*[each for some in found.values() for each in some], *NAMING_SEVERAL[operation]]
]


async def test_what_is_somebody_elses_is_as_if_it_were_not_there(house: House) -> None:
    """The same answer by the same statements, whichever of the ids in a call are not one's own."""
    theirs, mine = await house.stage(), await house.stage(owner=house.outsider)
    nowhere = a_ghost(theirs)
    before = await house.state()
    wrong, tried = [], 0
    for operation, case in CALLS:
        calls = [case.call(stage) for stage in (mine, theirs, nowhere)]
        if len(root_fields(operation, calls[0])) > 1:
            continue  # the second would be carried out
        if "REJECT_FAILED" in calls[0]:
            continue  # and so would what is one's own
        for foreign, missing in alike(*calls):
            told = await observed(house, operation, foreign)
            tried += 1
            if told != await observed(house, operation, missing):
                wrong.append(f"{foreign}: {told}")
            if any(row_id in str(told) for row_id in ids_on(theirs)):
                wrong.append(f"{foreign} tells of it: {told}")
        if await house.state() != before:
            wrong.append(f"{case.name} leaves something")
            before = await house.state()
    assert wrong == []
    assert tried > 150


def root_fields(operation: str, call: str) -> list[Any]:
    [definition] = parse(f"{operation} {{ {call} }}").definitions
    assert isinstance(definition, OperationDefinitionNode)
    return list(definition.selection_set.selections)


def a_ghost(stage: Stage) -> Stage:
    """The same stage, but none of its rows exist."""
    names = {row_id: new_id(row_id.split("_")[0]) for row_id in ids_on(stage)}
    ghosts = {row.id: copy.copy(row) for row in rows_on(stage)}
    for ghost in ghosts.values():
        vars(ghost).update({n: names[v] for n, v in vars(ghost).items() if is_id(v)})
    rows: dict[str, Any] = {n: ghosts[v.id] for n, v in vars(stage).items() if isinstance(v, Row)}
    return replace(stage, **rows, answers={"deleteShot": {"restoreId": new_id("del")}})


def alike(mine: str, theirs: str, nowhere: str) -> Iterator[tuple[str, str]]:
    """Calls that name what is somebody else's, each with one that names what does not exist:
    all of it at once, then each id alone.
    """
    if theirs == mine:
        return
    yield theirs, nowhere
    ids = [list(PATTERN.finditer(call)) for call in (mine, theirs, nowhere)]
    for own, foreign, missing in zip(*ids, strict=True) if len(ids[0]) > 1 else ():
        before, after = mine[: own.start()], mine[own.end() :]
        yield before + foreign[0] + after, before + missing[0] + after


async def observed(house: House, operation: str, call: str) -> tuple[str, list[str]]:
    """What an outsider gets, and the statements that it takes, without their values."""
    with statements() as asked:
        found = await house.answers(house.outsider, operation, call)
    return json.dumps(found), [statement.partition(": [")[0] for statement in asked]
