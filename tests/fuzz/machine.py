"""A state machine whose steps are documents of the contract.

After each step the model, a fresh query, the log and a follower who knows nothing but events must
agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from graphql import print_ast
from hypothesis.stateful import RuleBasedStateMachine, invariant

from models import Event, Feed
from resolvers import api
from resolvers.errors import translate
from schema.cursor import feed_cursor
from tests.conftest import Home
from tests.fuzz.expected import Board, Scene, Shot, answered
from tests.graph.board import ask
from tests.graph.client import EVERYTHING, Cache, Client, entities, follow
from tests.journeys.contract import documents
from tests.making import a_project

T = TypeVar("T")

DOCUMENTS = {name: print_ast(document) for name, document in documents().items()}
PATIENCE_SECONDS = 30.0
DERIVED = {"sceneNumber", "shotNumber", "storyboardComplete", "redesignStatus", "progress"}
ALWAYS = {"version", "updatedAt"}


class Machine(RuleBasedStateMachine):
    """Runs in a thread of its own, and hands everything asynchronous to the loop of the test."""

    home: Home
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.board = Board()
        self.orders = 0
        self.head = 1
        self.newest: Cache = {}
        self.project: str = self.wait(a_project(self.home)).id
        self.follower = self.wait(self._a_follower())

    # ----- Acting

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_SECONDS)

    def do(self, name: str, /, **variables: Any) -> Any:
        """What an operation of the contract answers in its only root field."""
        data, codes = self.wait(self._send(name, variables))
        assert not codes, (name, variables, codes)
        [answer] = data.values()
        return answer

    def refused(self, code: str, name: str, /, **variables: Any) -> None:
        """The operation is refused; the board and the log stay as they were."""
        _, codes = self.wait(self._send(name, variables))
        assert codes == [code], (name, variables, codes)
        self.nothing_is_told()

    def nothing_is_told(self) -> None:
        head = self.wait(self._head())
        assert head == self.head, f"{head - self.head} events tell of nothing"

    async def _send(self, name: str, variables: dict[str, Any]) -> tuple[Any, list[str]]:
        context = self.home.context()
        result = await api.execute(DOCUMENTS[name], variables, context_value=context)
        codes = [(error.extensions or {})["code"] for error in translate(result.errors or [])]
        return result.data, codes

    async def _head(self) -> int:
        return int((await Feed.get(id=self.project)).head)

    async def _a_follower(self) -> Client:
        start = feed_cursor(self.project, 0)
        follower = Client(self.home, self.project, follow(self.home, self.project, start))
        follower.cursor = start
        return follower

    # ----- What must be after each step

    @invariant()
    def all_agree(self) -> None:
        before, self.newest = self.newest, self.wait(self._look())
        self._versions_rise(before)
        ranked: list[Scene | Shot] = [*self.board.scenes, *self.board.shots]
        for thing in ranked:
            thing.rank = self.newest[thing.id]["rank"]

    async def _look(self) -> Cache:
        """The model, a query, the log and the follower say the same."""
        project = (await ask(self.home, EVERYTHING, id=self.project))["project"]
        project["jobs"] = [edge["node"] for edge in project["jobs"]["edges"]]
        assert answered(project) == self.board.shown()
        self.head = await self._head()
        log = await Event.filter(feed_id=self.project).order_by("id")
        assert [event.sequence for event in log] == list(range(1, self.head + 1))
        assert project.pop("cursor") == feed_cursor(self.project, self.head)
        fresh = {entity["id"]: entity for entity in entities(project)}
        follower = self.follower
        stream = follow(self.home, self.project, follower.cursor)
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(stream) as follower.stream:
            await follower.catch_up()
        assert follower.shown() == fresh
        return fresh

    def _versions_rise(self, before: Cache) -> None:
        """With every change of a thing's own fields; never do they fall."""
        for row_id, entity in self.newest.items():
            if "version" not in entity or row_id not in before:
                continue
            old = before[row_id]
            changed = any(entity[name] != old[name] for name in entity.keys() - DERIVED - ALWAYS)
            assert entity["version"] >= old["version"] + changed, (old, entity)
