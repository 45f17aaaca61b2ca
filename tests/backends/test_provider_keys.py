from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services import limits
from services.backends.provider_keys import NoKeys, ProviderKeys
from tests.making import until
from tests.provider import IdentityProvider, a_key, an_identity_provider


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    async with an_identity_provider() as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def keys(provider: IdentityProvider, clock: Clock) -> AsyncIterator[ProviderKeys]:
    async with opened(provider.url, clock) as found:
        yield found


@asynccontextmanager
async def opened(url: str, clock: Clock) -> AsyncIterator[ProviderKeys]:
    found = ProviderKeys(url, kept=600, again=10, now=clock)
    try:
        yield found
    finally:
        await found.close()


def names(found: object) -> list[str]:
    return [key.kid for key in found]  # type: ignore[attr-defined]  # a set of keys


async def test_keys_are_fetched_once_for_all_who_ask(
    provider: IdentityProvider, keys: ProviderKeys
) -> None:
    provider.answers.clear()
    asking = [asyncio.create_task(keys.known()) for _ in range(20)]
    await provider.was_asked.wait()
    asking.pop().cancel()  # who leaves does not take the answer along
    provider.answers.set()

    assert [names(found) for found in await asyncio.gather(*asking)] == [["first"]] * 19
    assert names(await keys.known()) == ["first"]
    assert provider.asked == 1


async def test_an_unknown_key_makes_them_be_fetched_again_but_not_at_any_rate(
    provider: IdentityProvider, keys: ProviderKeys, clock: Clock
) -> None:
    await keys.known()
    provider.keys = [a_key("second")]

    clock.seconds = 9.9
    assert names(await keys.newest()) == ["first"]
    clock.seconds = 10
    assert names(await keys.newest()) == ["second"]
    assert [names(await keys.newest()) for _ in range(5)] == [["second"]] * 5
    assert provider.asked == 2


async def test_old_keys_are_renewed_without_anybody_waiting(
    provider: IdentityProvider, keys: ProviderKeys, clock: Clock
) -> None:
    await keys.known()
    provider.keys = [a_key("second")]
    provider.answers.clear()
    clock.seconds = 600

    assert names(await keys.known()) == ["first"]
    provider.answers.set()

    async def renewed() -> bool:
        return names(await keys.known()) == ["second"]

    await until(renewed)
    assert provider.asked == 2


@pytest.mark.parametrize("how", ["down", "gone"])
async def test_keys_stay_while_the_provider_is_silent(clock: Clock, how: str) -> None:
    async with an_identity_provider() as provider, opened(provider.url, clock) as keys:
        await keys.known()
        provider.down = how == "down"
        if how == "gone":
            keys._url = "http://127.0.0.1:1/keys"
        for minutes in range(1, 100):
            clock.seconds = minutes * 60
            assert names(await keys.newest()) == ["first"]

        provider.down, keys._url = False, provider.url
        provider.keys = [a_key("second")]
        clock.seconds += 60
        assert names(await keys.newest()) == ["second"]


async def test_a_provider_that_never_answered_is_asked_again_after_a_while(
    provider: IdentityProvider, keys: ProviderKeys, clock: Clock
) -> None:
    provider.down = True
    for _ in range(5):
        with pytest.raises(NoKeys):
            await keys.known()
    assert provider.asked == 1

    provider.down, clock.seconds = False, 10
    assert names(await keys.known()) == ["first"]


async def test_an_answer_has_a_longest_length(
    provider: IdentityProvider, keys: ProviderKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PROVIDER_ANSWER_BYTES", 100)
    with pytest.raises(NoKeys):
        await keys.known()


async def test_a_provider_that_hangs_is_given_up(
    provider: IdentityProvider, keys: ProviderKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PROVIDER_ANSWER_SECONDS", 0.1)
    provider.answers.clear()
    with pytest.raises(NoKeys):
        await keys.known()
    provider.answers.set()
