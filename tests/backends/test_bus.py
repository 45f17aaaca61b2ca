"""What every bus promises, whatever carries it."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from services.backends.bus import NOTE_BYTES, NOTES_KEPT, Bus, Heard, LocalBus
from services.backends.hint_bus import HintBus, Pace

QUICK = Pace(probe=0.05, patience=5.0)
SOON = 5.0

Ends = tuple[Bus, Bus]


@pytest.fixture(params=["local", "memory", "redis", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    match request.param:
        case "redis":
            return str(request.getfixturevalue("redis_server").url)
        case "postgres":
            return str(request.getfixturevalue("postgres_url"))
        case "memory":
            return "memory://"
        case _:
            return None


@pytest.fixture
async def ends(url: str | None) -> AsyncIterator[Ends]:
    """A bus as two processes hold it; one that stays within its process is its own other end."""
    here: Bus = HintBus(url, QUICK) if url else LocalBus()
    there: Bus = HintBus(url, QUICK) if url and url != "memory://" else here
    for bus in {here, there}:
        await bus.start()
    if here is not there:
        await asyncio.gather(quiet(here), quiet(there))
    yield here, there
    for bus in {here, there}:
        await bus.close()


async def quiet(bus: Bus) -> None:
    """Whoever meets a neighbour looks at everything once; after that, bells ring for a reason."""
    async with bus.listen("quiet") as bell:
        while await bell.rung(timeout=3 * QUICK.probe):
            pass


async def test_a_wake_up_reaches_every_listener_of_its_topic_at_both_ends(ends: Ends) -> None:
    here, there = ends
    async with here.listen("a") as near, there.listen("a") as far, there.listen("a") as other:
        here.wake("a")
        assert [await bell.rung(SOON) for bell in (near, far, other)] == [True, True, True]


async def test_a_wake_up_here_is_at_once(ends: Ends) -> None:
    here, _ = ends
    async with here.listen("a") as bell:
        here.wake("a")
        assert await bell.rung(timeout=0)


async def test_a_wake_up_does_not_reach_other_topics(ends: Ends) -> None:
    here, there = ends
    async with there.listen("a") as woken, there.listen("ab", "b") as other:
        here.wake("a")
        assert await woken.rung(SOON)
        assert not await other.rung(timeout=0.05)


async def test_a_bell_may_listen_to_several_topics(ends: Ends) -> None:
    here, there = ends
    async with there.listen("a", "b", "a") as bell:
        for topic in ("a", "b"):
            here.wake("other", topic)
            assert await bell.rung(SOON)


async def test_a_wake_up_between_two_calls_is_kept_for_the_second(ends: Ends) -> None:
    here, there = ends
    async with there.listen("a") as bell, there.listen("end") as end:
        here.wake("a")
        assert await bell.rung(SOON)
        here.wake("a")
        here.wake("end")
        assert await end.rung(SOON)
        assert await bell.rung(timeout=0)


async def test_a_cancelled_wait_leaves_the_wake_up_for_the_next(ends: Ends) -> None:
    here, _ = ends
    async with here.listen("a") as bell:
        waiting = asyncio.create_task(bell.rung())
        await asyncio.sleep(0)
        here.wake("a")
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        assert await bell.rung(timeout=0)


async def test_a_thousand_wake_ups_while_nobody_waits_are_one_ring(ends: Ends) -> None:
    here, there = ends
    async with there.listen("a") as bell, there.listen("end") as end:
        for _ in range(1_000):
            here.wake("a")
        here.wake("end")
        assert await end.rung(SOON)
        assert await bell.rung(SOON)
        assert not await bell.rung(timeout=0.05)
        assert here.health().hints_sent <= 1


async def test_a_topic_may_have_any_name(ends: Ends) -> None:
    here, there = ends
    names = ["", " ", "a\nb", "nul\0", '"]', "'; --", "🎬" * 400, "\ud800", "long" * 10_000]
    for name in names:
        async with there.listen(name) as bell:
            here.wake(name)
            assert await bell.rung(SOON), name[:10]
    assert here.health().rebuilds == there.health().rebuilds == 0


async def test_thousands_of_topics_woken_in_one_moment_all_arrive(ends: Ends) -> None:
    here, there = ends
    topics = [f"prj_01h455vb4pex5vsknk084{number:05}" for number in range(2_000)]
    async with AsyncExitStack() as stack:
        bells = [await stack.enter_async_context(there.listen(topic)) for topic in topics]
        here.wake(*topics)
        async with asyncio.timeout(SOON):
            assert all([await bell.rung() for bell in bells])
    if here is not there:
        assert 1 < there.health().hints_received < 20
    assert here.health().rebuilds == there.health().rebuilds == 0


async def test_a_note_reaches_every_listener_of_its_topic_at_both_ends(ends: Ends) -> None:
    here, there = ends
    async with here.listen("a") as near, there.listen("a") as far, there.listen("b") as other:
        here.tell("a", "job 1", "half")
        for bell in (near, far):
            assert await bell.rung(SOON)
            assert bell.heard() == Heard(look=False, notes={"job 1": "half"})
        assert not await other.rung(timeout=0.05)


async def test_of_the_notes_on_one_subject_the_latest_counts(ends: Ends) -> None:
    here, there = ends
    async with there.listen("a") as bell, there.listen("end") as end:
        for number in range(500):
            here.tell("a", f"job {number % 2}", f"step {number}")
        here.wake("end")
        assert await end.rung(SOON)
        assert await bell.rung(SOON)
        assert bell.heard().notes == {"job 0": "step 498", "job 1": "step 499"}
        assert bell.heard() == Heard(look=False, notes={})


async def test_a_wake_up_among_notes_says_look(ends: Ends) -> None:
    here, there = ends
    async with there.listen("a") as bell, there.listen("end") as end:
        here.tell("a", "job", "half")
        here.wake("a", "end")
        assert await end.rung(SOON)
        assert await bell.rung(SOON)
        assert bell.heard() == Heard(look=True, notes={"job": "half"})


@pytest.mark.parametrize("letter", ["a", "é", "🎬", '"', "\ud800"])
async def test_a_note_that_is_too_long_is_a_wake_up(ends: Ends, letter: str) -> None:
    here, there = ends
    async with there.listen("a") as bell:
        here.tell("a", "job", letter * NOTE_BYTES)
        assert await bell.rung(SOON)
        assert bell.heard() == Heard(look=True, notes={})


async def test_a_listener_keeps_notes_on_so_many_subjects_only(ends: Ends) -> None:
    here, there = ends
    async with there.listen("a") as bell, there.listen("end") as end:
        for number in range(NOTES_KEPT + 1):
            here.tell("a", f"job {number}", "half")
        here.wake("end")
        assert await end.rung(SOON)
        heard = bell.heard()
        assert heard.look
        assert len(heard.notes) <= NOTES_KEPT


async def test_closing_ends_every_wait_and_each_later_one(ends: Ends) -> None:
    here, _ = ends
    async with here.listen("a") as bell:
        waiting = asyncio.create_task(bell.rung())
        await asyncio.sleep(0)
        await here.close()
        assert await asyncio.wait_for(waiting, SOON)
        assert bell.closed
        assert await bell.rung()
    async with here.listen("a") as late:
        assert late.closed
        assert await late.rung()
    here.wake("a")


async def test_a_loop_that_overlooks_the_closing_does_not_starve_the_others() -> None:
    bus = LocalBus()
    await bus.close()

    async def loop() -> None:
        async with bus.listen("a") as bell:
            while True:
                await bell.rung()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(loop(), 0.02)


async def test_what_was_woken_before_closing_is_still_sent(ends: Ends) -> None:
    here, there = ends
    async with there.listen("last") as bell:
        here.wake(*(f"prj_01h455vb4pex5vsknk084{number:05}" for number in range(2_000)), "last")
        started = time.monotonic()
        await here.close()
        assert time.monotonic() - started < QUICK.patience
        assert await bell.rung(timeout=0.1)


async def test_health_tells_a_bus_at_work_from_a_closed_one(ends: Ends) -> None:
    here, _ = ends
    assert here.health().connected
    await here.close()
    assert not here.health().connected


async def test_a_listener_that_left_is_forgotten(ends: Ends) -> None:
    class Topic(str):
        """A name that can be watched being freed, as a plain `str` cannot."""

    here, _ = ends
    topic = Topic("gone")
    async with here.listen(topic) as bell:
        bell_trace, topic_trace = weakref.ref(bell), weakref.ref(topic)
    del bell, topic
    gc.collect()
    assert bell_trace() is None
    assert topic_trace() is None
