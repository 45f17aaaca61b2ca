"""People of every role around one board, and a stranger with a board of their own elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from graphql import GraphQLError

from models import Client, Row
from models.ids import PATTERN
from resolvers import api
from resolvers.errors import translate
from services import shots
from services.actor import Actor, Role
from services.work import perform
from tests.buses import OverheardBus, with_bus
from tests.conftest import Home
from tests.graph.stage import Stage, a_stage
from tests.making import HeldQueue, a_shot, a_viewer, in_a_studio
from tests.stored import stored

SOON = 20.0


class Undone(GraphQLError):
    """All went well, and was rolled back."""

    CODE = "UNDONE"

    def __init__(self) -> None:
        super().__init__("This was all right until the commit.", extensions={"code": self.CODE})


class LastMomentQueue(HeldQueue):
    """Stops every unit of work right before its commit."""

    async def enqueue_inside(self, job_ids: Sequence[str]) -> None:
        raise Undone


@dataclass(frozen=True)
class House:
    """A home whose bus is overheard, and the owner of another client."""

    home: Home
    bus: OverheardBus
    files: Path
    outsider: Actor

    async def stage(
        self, before: Callable[[Stage], str] | None = None, owner: Actor | None = None
    ) -> Stage:
        """A board with something of everything and a deletion to restore; then a mutation."""
        owner = owner or self.home.owner
        home = replace(self.home, owner=owner)
        stage = await a_stage(home)
        gone = (await a_shot(home, stage.scene)).id
        deletion = await perform(home.world, home.owner, shots.delete_shot, gone)
        stage.answers = {"deleteShot": {"restoreId": deletion.restore_id}}
        if before is not None:
            [answer] = await self.answers(owner, "mutation", before(stage))
            stage.answers = answer["data"]
        return stage

    def actor(self, role: str, stage: Stage) -> Actor:
        """Somebody in this role at the client of a stage."""
        client = stage.project.client_id
        return {
            "anonymous": Actor("anonymous", "Nobody", {}),
            "outsider": self.outsider,
            "viewer": a_viewer(stage.project),
            "editor": Actor("usr_editor", "Eddy", {client: Role.EDITOR}),
            "owner": self.home.owner,
        }[role]

    def without_commits(self) -> House:
        """The same house, where nothing that is done stays."""
        world = replace(self.home.world, queue=LastMomentQueue())
        return replace(self, home=replace(self.home, world=world))

    async def answers(self, actor: Actor, operation: str, call: str) -> list[Any]:
        """What comes, as a client reads it: one answer, or the first of a stream that goes on."""
        stream: Any = await api.stream(f"{operation} {{ {call} }}", None, self.home.context(actor))
        found: list[Any] = []
        async with aclosing(stream), asyncio.timeout(SOON):
            async for result in stream:
                errors = [error.formatted for error in translate(result.errors or [])]
                found.append({"data": result.data, "errors": errors})
                if not errors:
                    break  # the end of a refused stream must come by itself
        return found

    async def state(self) -> object:
        """All that is stored, waits in the queue, or was told to listeners."""
        files = sorted(str(path) for path in self.files.rglob("*") if path.is_file())
        return await stored(), files, list(self.home.queue.waiting), list(self.bus.woken)


async def a_house(home: Home, files: Path) -> House:
    client = await Client.create(slug="abroad", name="Abroad")
    bus = OverheardBus()
    outsider = Actor("usr_outsider", "Otto", {client.id: Role.OWNER})
    return House(with_bus(in_a_studio(home), bus), bus, files, outsider)


def is_id(value: object) -> bool:
    return isinstance(value, str) and PATTERN.fullmatch(value) is not None


def rows_on(stage: Stage) -> list[Row]:
    return [row for field in fields(stage) if isinstance(row := getattr(stage, field.name), Row)]


def ids_on(stage: Stage) -> set[str]:
    """The ids of the rows on a stage, and those that they name."""
    return {value for row in rows_on(stage) for value in vars(row).values() if is_id(value)}
