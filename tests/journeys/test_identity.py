"""A server that asks who comes, and what it does when somebody's access ends meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from models import ApiToken, MemberRole, User
from services import granting
from services.actor import SYSTEM
from services.granting import Reach, Who
from services.work import Work, perform
from storyreel.settings import Settings
from storyreel.wiring import open_register
from tests.journeys.contract import one_server
from tests.journeys.processes import ROOT, Server
from tests.sockets import Socket, a_wire

T = TypeVar("T")

SOON = 2.0
"""A second is promised; a busy machine gets another one."""

CREATE = 'mutation { createProject(input: {prompt: "Tokyo"}) { id } }'
RENAME = """mutation($id: ID!, $t: String!) {
  updateProject(id: $id, patch: {title: $t}) { __typename }
}"""
LIVE = "subscription($id: ID!) { liveProject(id: $id) { title } }"
VIEWER = "{ viewer { name memberships { role client { id slug } } } }"


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with one_server(request, tmp_path_factory.mktemp("identity"), STORYREEL_AUTH="token") as server:
        yield server


async def storyreel(server: Server, *arguments: str) -> str:
    """What the command line of the same Storyreel says, in a process of its own."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STORYREEL_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "storyreel", *arguments),
        cwd=ROOT,
        env=inherited | server.env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode().strip()


async def register(server: Server, act: Callable[..., Awaitable[T]], *given: Any) -> T:
    """The same in this process, which is as far from the server as the command line is."""
    settings = Settings(
        data_dir=Path(server.env["STORYREEL_DATA_DIR"]),
        database_url=server.env.get("STORYREEL_DATABASE_URL", ""),
    )
    async with open_register(settings) as world:
        return await perform(world, SYSTEM, act, *given)


async def a_member(
    server: Server,
    name: str,
    role: MemberRole = MemberRole.OWNER,
    ceiling: MemberRole = MemberRole.OWNER,
) -> str:
    """A token of a new member."""

    async def come(work: Work) -> str:
        membership, _ = await granting.add_member(work, "acme", Who(name), role)
        user = await User.get(id=membership.user_id)
        return (await granting.create_token(work, name, user, Reach(ceiling)))[1]

    return await register(server, come)


def as_bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def ask(server: Server, token: str | None, document: str, **variables: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        body = {"query": document, "variables": variables}
        headers = as_bearer(token) if token is not None else {}
        return await http.post(server.graphql_url, json=body, headers=headers)


async def a_project(server: Server, token: str) -> str:
    answer = (await ask(server, token, CREATE)).json()
    return str(answer["data"]["createProject"]["id"])


async def told_of(server: Server, token: str, project_id: str, title: str) -> None:
    answer = await ask(server, token, RENAME, id=project_id, t=title)
    assert "errors" not in answer.json(), answer.json()


@asynccontextmanager
async def following(server: Server, token: str, project_id: str) -> AsyncIterator[Socket]:
    """A socket on which the project was just shown."""
    async with a_wire(server.ws_url) as socket:
        await socket.send({"type": "connection_init", "payload": as_bearer(token)})
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.subscribe(LIVE, id=project_id)
        await socket.data()
        yield socket


@asynccontextmanager
async def an_event_stream(
    server: Server, token: str, project_id: str
) -> AsyncIterator[AsyncGenerator[str]]:
    """Each event as it stands on the wire; signs of life are left out."""
    headers = as_bearer(token) | {"Accept": "text/event-stream"}
    body = {"query": LIVE, "variables": {"id": project_id}}

    async def events(answer: httpx.Response) -> AsyncGenerator[str]:
        text = ""
        async for chunk in answer.aiter_text():
            *whole, text = (text + chunk).split("\n\n")
            for event in whole:
                if not event.startswith(":"):
                    yield event

    async with (
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
        http.stream("POST", server.graphql_url, json=body, headers=headers) as answer,
        aclosing(events(answer)) as found,
    ):
        yield found


async def all_of(events: AsyncGenerator[str]) -> list[str]:
    return [event async for event in events]


async def frames_until_closed(socket: Socket) -> tuple[list[Any], int | None]:
    """All that still comes, and the code with which it ends."""
    frames: list[Any] = []
    try:
        async with asyncio.timeout(10):
            while True:
                frames.append(json.loads(await socket.wire.recv()))
    except ConnectionClosed:
        return frames, socket.wire.close_code


async def test_a_token_is_a_ceiling_on_what_its_user_may_do(served: Server) -> None:
    token = await a_member(served, "Ada", ceiling=MemberRole.EDITOR)

    viewer = (await ask(served, token, VIEWER)).json()["data"]["viewer"]

    assert viewer["name"] == "Ada"
    [at] = viewer["memberships"]
    assert (at["client"]["slug"], at["role"]) == ("acme", "EDITOR")


async def test_without_a_good_token_nothing_is_even_parsed(served: Server) -> None:
    token = await a_member(served, "Bea")
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    async with httpx.AsyncClient(trust_env=False) as http:
        answers = [
            await http.post(served.graphql_url, content=b"{ no JSON", headers=headers)
            for headers in [
                {},
                {"Authorization": "Bearer"},
                {"Authorization": f"Basic {token}"},
                as_bearer(wrong),
                as_bearer("x" * 9_000),
                as_bearer("eyJhbGciOiJub25lIn0.e30."),
            ]
        ]
        page = await http.get(served.graphql_url, headers={"Accept": "text/html"})
        alive = await http.get(f"{served.url}/healthz")
        counted = await http.get(f"{served.url}/metrics")
        counted_by_token = await http.get(f"{served.url}/metrics", headers=as_bearer(token))

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert answers[0].json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert (page.status_code, alive.status_code) == (200, 200)
    assert (counted.status_code, counted_by_token.status_code) == (401, 200)


@pytest.mark.parametrize(
    ("payload", "code"),
    [({}, 4401), ({"Authorization": "Bearer no"}, 4403), ({"authorization": 7}, 4403)],
)
async def test_a_socket_is_refused_by_its_first_message(
    served: Server, payload: dict[str, Any], code: int
) -> None:
    async with a_wire(served.ws_url) as socket:
        await socket.send({"type": "connection_init", "payload": payload})
        frames, closed_with = await frames_until_closed(socket)

    assert (frames, closed_with) == ([], code)


async def test_a_program_may_show_its_token_with_the_upgrade(served: Server) -> None:
    token = await a_member(served, "Cy")
    async with a_wire(served.ws_url, additional_headers=as_bearer(token)) as socket:
        await socket.send({"type": "connection_init"})
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.subscribe("{ viewer { name } }")
        assert await socket.data() == {"viewer": {"name": "Cy"}}


async def taken_by_the_command_line(server: Server, name: str, token: str) -> None:
    await storyreel(server, "token", "revoke", f"tok_{token.split('_')[1]}")


async def removed(server: Server, name: str, token: str) -> None:
    await register(server, granting.drop_member, "acme", Who(name))


async def lowered(server: Server, name: str, token: str) -> None:
    await register(server, granting.add_member, "acme", Who(name), MemberRole.VIEWER)


async def expired(server: Server, name: str, token: str) -> None:
    """Its end was known beforehand: nobody changes anything when it comes."""


ENDS = [taken_by_the_command_line, removed, lowered, expired]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_what_is_open_ends_with_the_access_of_who_opened_it(
    served: Server, end: Callable[[Server, str, str], Awaitable[None]]
) -> None:
    owner, name = await a_member(served, f"Owner {end.__name__}"), f"Guest {end.__name__}"
    token = await a_member(served, name, MemberRole.EDITOR)
    project_id = await a_project(served, owner)
    ending = time.time() + 1.5
    if end is expired:
        await register(served, expiring, token, ending)
    async with (
        following(served, token, project_id) as socket,
        following(served, owner, project_id) as other,
        an_event_stream(served, token, project_id) as events,
    ):
        assert "event: next" in await anext(events)
        await end(served, name, token)
        since = ending if end is expired else time.time()
        (_, code), rest = await asyncio.gather(frames_until_closed(socket), all_of(events))
        took = time.time() - since
        await told_of(served, owner, project_id, "Secret")

        assert await other.data() == {"liveProject": {"title": "Secret"}}
    again = await ask(served, token, VIEWER)

    assert code == 4403
    assert took < SOON
    assert rest[-1].startswith('event: next\ndata: {"errors":')
    assert "UNAUTHENTICATED" in rest[-1]
    assert not any("event: complete" in event for event in rest)
    assert again.status_code == (200 if end in (removed, lowered) else 401)


async def expiring(work: Work, token: str, moment: float) -> None:
    row = ApiToken.filter(id=f"tok_{token.split('_')[1]}")
    await row.update(expires_at=datetime.fromtimestamp(moment, UTC))
