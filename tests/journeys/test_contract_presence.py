from __future__ import annotations

from contextlib import aclosing
from typing import Any

from tests.journeys.contract import Board


async def test_those_at_a_board_see_one_another_and_what_they_do(board: Board) -> None:
    project = await board.ask("CreateProject", input={"prompt": "A night in Tokyo"})
    async with aclosing(board.follow("Presence", projectId=project["id"])) as stream:
        [me] = await anext(stream)
        assert (me["focus"], me["editing"]) == (None, False)

        said = await set_presence(board, project, focusId=project["id"], editing=True)
        [me] = await anext(stream)

    assert said["focus"] == me["focus"] == {"id": project["id"]}
    assert me["user"] == {"id": said["user"]["id"], "name": "You"}
    assert me["editing"]
    assert me["since"]


async def set_presence(board: Board, project: Any, **given: object) -> Any:
    return await board.ask("SetPresence", input={"projectId": project["id"]} | given)
