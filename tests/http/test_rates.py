"""What comes too often over HTTP, and what one address may have under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from models import Project
from tests.conftest import Home
from tests.making import until
from tests.operating import Samples
from tests.servers import Redis
from tests.serving import Site, a_whole_site, an_unserved_whole_site

CREATE = 'mutation { createProject(input: {prompt: "A film"}) { id } }'


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    async with an_unserved_whole_site(home, mutation_rate="3/hour") as here:
        yield here


async def granted(site: Site, times: int) -> int:
    """How many of so many mutations were carried out; the others must have been refused."""
    answers = [(await site.post(CREATE)).json() for _ in range(times)]
    codes = [e["extensions"]["code"] for answer in answers for e in answer.get("errors", ())]
    assert set(codes) <= {"RATE_LIMITED"}
    return times - len(codes)


async def counts(site: Site, outcome: str) -> float | None:
    text = (await site.http.get(f"{site.url.removesuffix('/graphql')}/metrics")).text
    return Samples(text).value("storyreel_rates_total", limit="mutations", outcome=outcome)


async def test_the_answer_says_when_to_come_again(site: Site) -> None:
    assert await granted(site, 3) == 3

    answer = await site.post(CREATE)

    [error] = answer.json()["errors"]
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert error["path"] == ["createProject"]
    assert answer.headers["retry-after"] == str(error["extensions"]["retryAfter"])
    assert await Project.all().count() == 3
    assert (await counts(site, "granted"), await counts(site, "refused")) == (6, 1)


async def test_an_answer_to_what_was_not_refused_does_not(site: Site) -> None:
    assert "retry-after" not in (await site.post(CREATE)).headers


async def test_whoever_is_alone_on_the_machine_may_do_as_they_like(home: Home) -> None:
    async with an_unserved_whole_site(home) as site:
        assert await granted(site, 5) == 5
        assert await counts(site, "granted") is None


async def test_servers_that_share_a_redis_count_together_and_go_on_without_it(
    home: Home, redis_server: Redis
) -> None:
    settings = {"mutation_rate": "3/hour", "bus_url": redis_server.url}
    async with (
        an_unserved_whole_site(home, **settings) as one,
        an_unserved_whole_site(home, **settings) as other,
    ):
        assert await granted(one, 2) + await granted(other, 2) == 3

        redis_server.kill()

        assert await granted(one, 2) + await granted(other, 2) == 4
        assert await counts(one, "unasked") == 4  # of the actor and of the address


async def test_only_so_much_of_one_address_is_under_way(home: Home) -> None:
    async with a_whole_site(home, connections_max=2) as site:
        waiting = [asyncio.create_task(unfinished(site)) for _ in range(2)]
        await until(lambda: answered(site, 429))
        answer = await site.post("{ __typename }")
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        await until(lambda: answered(site, 200))

    [error] = answer.json()["errors"]
    assert error["extensions"] == {
        "code": "RATE_LIMITED",
        "retryAfter": int(answer.headers["retry-after"]),
    }


async def unfinished(site: Site) -> None:
    """A request whose end never comes."""

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    await site.http.post(site.url, content=body(), headers={"Content-Type": "application/json"})


async def answered(site: Site, status: int) -> bool:
    return (await site.post("{ __typename }")).status_code == status


async def test_a_probe_always_finds_room(home: Home) -> None:
    async with a_whole_site(home, connections_max=1) as site:
        waiting = asyncio.create_task(unfinished(site))
        await until(lambda: answered(site, 429))
        url = site.url.removesuffix("/graphql")
        assert (await site.http.get(f"{url}/healthz")).status_code == 200
        waiting.cancel()
        await asyncio.wait([waiting])


@pytest.mark.parametrize(
    ("trusted", "forwarded", "apart"),
    [
        ("", "192.0.2.{}", False),
        ("192.0.2.0/24", "192.0.2.{}", False),
        ("127.0.0.1", "192.0.2.{}", True),
        ("127.0.0.1", "192.0.2.{}, 198.51.100.1", False),
        ("127.0.0.0/8, 198.51.100.1", "192.0.2.{}, 198.51.100.1", True),
        ("127.0.0.1", "2001:db8:0:{}::1", True),
        ("127.0.0.1", "2001:db8::{}", False),
        ("127.0.0.1", "::ffff:192.0.2.1", False),
    ],
)
async def test_only_a_trusted_proxy_says_who_calls(
    home: Home, monkeypatch: pytest.MonkeyPatch, trusted: str, forwarded: str, apart: bool
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    async with a_whole_site(home, trusted_proxies=trusted, socket_rate="1/hour") as site:
        statuses = [
            (await opening(site, {"X-Forwarded-For": forwarded.format(number)})).status_code
            for number in (1, 2)
        ]

    assert statuses == [101, 101 if apart else 429]


async def opening(site: Site, headers: dict[str, str]) -> httpx.Response:
    """The answer to the handshake of a WebSocket."""
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "graphql-transport-ws",
    }
    async with site.http.stream("GET", site.url, headers=handshake | headers) as answer:
        return answer
