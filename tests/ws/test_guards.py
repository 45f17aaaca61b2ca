"""Who may open a socket, and how many."""

from __future__ import annotations

import contextlib
import json
import logging
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Response

from models import Project
from services.rationing import PEOPLE_AT_AN_ADDRESS
from tests.conftest import Home
from tests.gate import Gate, a_gate, initial
from tests.gate import a_socket as a_socket_of
from tests.making import until
from tests.serving import a_whole_site
from tests.sockets import PROTOCOL, Socket, a_socket, a_wire

BOARD = "https://board.example"
CREATE = 'mutation { createProject(input: {prompt: "A film"}) { id } }'
ASK = "{ __typename }"


async def refused(url: str, **options: Any) -> Response:
    """How the handshake is answered, which must not open a socket."""
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(url, subprotocols=[PROTOCOL], proxy=None, **options):
            pass
    return refusal.value.response


async def answers(socket: Socket) -> bool:
    await socket.subscribe(ASK, "asked")
    return bool(await socket.data("asked") == {"__typename": "Query"})


async def test_only_pages_that_may_call_open_a_socket(home: Home) -> None:
    async with a_whole_site(home, origins=BOARD) as site:
        own = site.url.removesuffix("/graphql")
        for origin in (None, own, BOARD):
            async with a_socket(site.ws_url, origin=origin) as socket:
                assert await answers(socket)
        proxied = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-origin"}
        async with a_socket(site.ws_url, additional_headers=proxied) as socket:
            assert await answers(socket)

        for origin in (
            "https://elsewhere.example",
            "null",
            f"{BOARD}:8443",
            f"{BOARD}.evil.example",
            BOARD.replace("https", "http"),
            "http://127.0.0.1:1",
        ):
            assert (await refused(site.ws_url, origin=origin)).status_code == 403, origin


async def test_a_page_whose_name_was_turned_to_this_machine_opens_none(home: Home) -> None:
    async with a_whole_site(home) as site:
        port = site.url.split(":")[2].removesuffix("/graphql")
        rebound = site.ws_url.replace("127.0.0.1", "elsewhere.example")
        origin = f"http://elsewhere.example:{port}"

        answer = await refused(rebound, origin=origin, host="127.0.0.1")

    assert answer.status_code == 400


async def test_sockets_that_are_opened_too_often_are_refused_for_a_while(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_whole_site(home, socket_rate="2/hour") as site:
        for _ in range(2):
            async with a_socket(site.ws_url) as socket:
                assert await answers(socket)

        answer = await refused(site.ws_url)

    assert answer.status_code == 429
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []
    assert 1 <= int(answer.headers["Retry-After"]) <= 3_600
    [error] = json.loads(answer.body)["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"


async def test_only_so_many_sockets_of_one_address_are_open_at_once(home: Home) -> None:
    async with a_whole_site(home, connections_max=2) as site, a_socket(site.ws_url) as one:
        async with a_socket(site.ws_url):
            assert (await refused(site.ws_url)).status_code == 429
            assert await answers(one)
        await until(lambda: opens(site.ws_url))


async def test_only_so_many_sockets_of_one_user_are_open_at_once(home: Home) -> None:
    async with a_gate(home, sockets_max=2) as gate:
        one, another = await gate.a_member("Ada"), await gate.a_member("Ada")
        async with a_socket_of(gate, one):
            async with a_socket_of(gate, another) as second, a_wire(gate.ws_url) as third:
                await third.send(initial(one))
                assert await third.close_code() == 1013
                async with a_socket_of(gate, await gate.a_member("Bob")) as of_another:
                    assert await answers(of_another)
                assert await answers(second)
            await until(lambda: lets_in(gate, one))


async def lets_in(gate: Gate, token: str) -> bool:
    async with a_wire(gate.ws_url) as socket:
        await socket.send(initial(token))
        with contextlib.suppress(ConnectionClosed):
            return bool(await socket.receive() == {"type": "connection_ack"})
    return False


async def opens(url: str) -> bool:
    try:
        async with a_socket(url) as socket:
            return await answers(socket)
    except InvalidStatus:
        return False


async def test_a_mutation_too_many_is_refused_and_leaves_the_socket_open(home: Home) -> None:
    async with (
        a_whole_site(home, mutation_rate="2/hour") as site,
        a_socket(site.ws_url) as socket,
    ):
        for op in "12":
            await socket.subscribe(CREATE, op)
            await socket.data(op)
        await socket.subscribe(CREATE, "3")
        [error] = (await socket.answer("3"))["payload"]["errors"]

        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert error["extensions"]["retryAfter"] >= 1
        assert await answers(socket)
    assert await Project.all().count() == 2


async def test_a_socket_has_the_rate_of_its_address(home: Home) -> None:
    async with (
        a_whole_site(home, mutation_rate="1/hour", trusted_proxies="127.0.0.1") as site,
        a_socket(site.ws_url, additional_headers={"X-Forwarded-For": "192.0.2.1"}) as socket,
    ):
        share = PEOPLE_AT_AN_ADDRESS
        await site.home.world.rates.take("mutations", "address:192.0.2.1", share, share)
        await socket.subscribe(CREATE)
        [error] = (await socket.answer())["payload"]["errors"]

    assert error["extensions"]["code"] == "RATE_LIMITED"


async def test_a_message_over_a_mebibyte_closes_the_socket(home: Home) -> None:
    async with a_whole_site(home) as site, a_socket(site.ws_url) as socket:
        await socket.subscribe(f"{ASK} #{'x' * 1024 * 1024}")

        assert await socket.close_code() == 1009
