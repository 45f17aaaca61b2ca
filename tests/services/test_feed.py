from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import pairwise

import pytest

from models import Event, EventKind, Feed, Project
from services import feed, limits, projects, scenes, upkeep
from services.actor import Actor, Role
from services.errors import NotFound
from services.feed import Changes, Resync
from services.work import perform
from tests.buses import SilentBus, WatchedBus, with_bus
from tests.conftest import Home
from tests.making import a_project, a_scene, a_viewer, an_outsider

QUICK, NEVER = 0.02, 3_600.0
SOON = 5.0


async def rename(home: Home, project: Project, title: str) -> None:
    await perform(home.world, home.owner, projects.update_project, project.id, {"title": title})


async def head_of(project: Project) -> int:
    return int((await Feed.get(id=project.id)).head)


async def taken(stream: AsyncGenerator[Changes | Resync], count: int) -> list[int]:
    """The sequence numbers of that many events; they must come soon."""
    got: list[int] = []
    while len(got) < count:
        news = await next_news(stream)
        assert isinstance(news, Changes), news
        got += [event.sequence for event in news.events]
        assert news.sequence == got[-1]
    return got


async def next_news(stream: AsyncGenerator[Changes | Resync]) -> Changes | Resync:
    async with asyncio.timeout(SOON):
        return await anext(stream)


async def test_every_event_comes_once_and_in_order_while_many_write(home: Home) -> None:
    project = await a_project(home)
    before = await head_of(project)
    stream = feed.follow(home.world, home.owner, project.id, before, recheck=NEVER)

    async def write(name: str) -> None:
        for number in range(8):
            await rename(home, project, f"{name} {number}")
            await a_scene(home, project, "one", "two")

    async with aclosing(stream), asyncio.TaskGroup() as writers:
        for name in "abcd":
            writers.create_task(write(name))
        expected = 4 * 8 * (1 + 3)
        assert await taken(stream, expected) == list(range(before + 1, before + 1 + expected))


async def test_following_can_be_resumed_after_any_event(home: Home) -> None:
    project = await a_project(home)
    await a_scene(home, project, "one", "two", "three")
    head = await head_of(project)
    for after in range(head):
        stream = feed.follow(home.world, home.owner, project.id, after, recheck=NEVER)
        async with aclosing(stream):
            assert await taken(stream, head - after) == list(range(after + 1, head + 1))


async def test_what_is_missed_comes_in_frames_of_bounded_size(home: Home) -> None:
    project = await a_project(home)
    shots = ["a shot"] * (limits.EVENTS_PER_FRAME - 1)
    await a_scene(home, project, *shots)
    await a_scene(home, project, *shots)
    stream = feed.follow(home.world, home.owner, project.id, 0, recheck=NEVER)
    async with aclosing(stream):
        frames = [await next_news(stream) for _ in range(3)]
    sizes = [len(frame.events) for frame in frames if isinstance(frame, Changes)]
    assert sizes == [limits.EVENTS_PER_FRAME, limits.EVENTS_PER_FRAME, 1]


async def test_without_a_cursor_following_begins_now(home: Home) -> None:
    project = await a_project(home)
    await rename(home, project, "Before")
    stream = feed.follow(home.world, home.owner, project.id, None, recheck=NEVER)
    async with aclosing(stream), asyncio.timeout(SOON):
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(QUICK)
        assert not waiting.done()
        await rename(home, project, "After")
        news = await waiting
    assert isinstance(news, Changes)
    assert [event.sequence for event in news.events] == [await head_of(project)]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_nothing_is_lost_around_the_moment_when_listening_begins(
    home: Home, moment: str
) -> None:
    project = await a_project(home)
    bus = WatchedBus()
    watched = with_bus(home, bus)
    setattr(bus, moment, lambda: rename(watched, project, "In between"))
    stream = feed.follow(watched.world, home.owner, project.id, 1, recheck=NEVER)
    async with aclosing(stream):
        assert await taken(stream, 1) == [2]


async def test_what_happens_between_reading_and_waiting_is_not_lost(home: Home) -> None:
    project = await a_project(home)
    stream = feed.follow(home.world, home.owner, project.id, 0, recheck=NEVER)
    async with aclosing(stream):
        assert await taken(stream, 1) == [1]
        await rename(home, project, "While the follower is busy")  # it waits in `yield`
        assert await taken(stream, 1) == [2]


async def test_lost_wake_ups_cost_time_and_no_event(home: Home) -> None:
    project = await a_project(home)
    deaf = with_bus(home, SilentBus())
    stream = feed.follow(deaf.world, home.owner, project.id, None, recheck=QUICK)
    async with aclosing(stream), asyncio.timeout(SOON):
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(2 * QUICK)
        await rename(deaf, project, "Unheard")
        news = await waiting
    assert isinstance(news, Changes)
    assert [event.sequence for event in news.events] == [2]


async def test_needless_wake_ups_are_not_told(home: Home) -> None:
    project = await a_project(home)
    stream = feed.follow(home.world, home.owner, project.id, None, recheck=QUICK)
    async with aclosing(stream):
        waiting = asyncio.ensure_future(anext(stream))
        for _ in range(5):
            await asyncio.sleep(QUICK)
            home.world.bus.wake(project.id, project.id)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])


async def test_a_cursor_older_than_what_is_kept_asks_for_a_resync(home: Home) -> None:
    project = await a_project(home)
    await rename(home, project, "Two")
    await rename(home, project, "Three")
    await perform(home.world, home.owner, upkeep.prune_feed, project.id, 2)

    stream = feed.follow(home.world, home.owner, project.id, 1, recheck=NEVER)
    async with aclosing(stream):
        assert await next_news(stream) == Resync(3, feed.PRUNED)
        await rename(home, project, "Four")
        assert await taken(stream, 1) == [4]


async def test_a_cursor_at_the_edge_of_what_is_kept_needs_no_resync(home: Home) -> None:
    project = await a_project(home)
    await rename(home, project, "Two")
    await rename(home, project, "Three")
    await perform(home.world, home.owner, upkeep.prune_feed, project.id, 2)
    stream = feed.follow(home.world, home.owner, project.id, 2, recheck=NEVER)
    async with aclosing(stream):
        assert await taken(stream, 1) == [3]


@pytest.mark.parametrize("kept", [0, 1], ids=["all-of-it", "but-the-newest"])
async def test_pruning_what_a_slow_follower_has_not_read_asks_for_a_resync(
    home: Home, kept: int
) -> None:
    project = await a_project(home)
    stream = feed.follow(home.world, home.owner, project.id, 0, recheck=NEVER)
    async with aclosing(stream):
        assert await taken(stream, 1) == [1]
        for title in ("Two", "Three", "Four"):
            await rename(home, project, title)
        await perform(home.world, home.owner, upkeep.prune_feed, project.id, 4 - kept)
        assert await next_news(stream) == Resync(4, feed.PRUNED)
        await rename(home, project, "Five")
        assert await taken(stream, 1) == [5]


async def test_a_cursor_ahead_of_the_log_asks_for_a_resync(home: Home) -> None:
    project = await a_project(home)
    stream = feed.follow(home.world, home.owner, project.id, 99, recheck=NEVER)
    async with aclosing(stream):
        assert await next_news(stream) == Resync(1, feed.AHEAD)
        await rename(home, project, "Two")
        assert await taken(stream, 1) == [2]


async def test_a_log_put_back_while_somebody_follows_asks_for_a_resync(home: Home) -> None:
    project = await a_project(home)
    await rename(home, project, "Two")
    stream = feed.follow(home.world, home.owner, project.id, 1, recheck=QUICK)
    async with aclosing(stream):
        assert await taken(stream, 1) == [2]
        await Event.filter(feed_id=project.id, sequence=2).delete()  # as a restored backup does
        await Feed.filter(id=project.id).update(head=1)
        assert await next_news(stream) == Resync(1, feed.AHEAD)


async def test_following_ends_with_the_deletion_of_the_project(home: Home) -> None:
    project = await a_project(home)
    await a_scene(home, project, *["a shot"] * limits.EVENTS_PER_FRAME)  # more than one frame
    stream = feed.follow(home.world, home.owner, project.id, 0, recheck=NEVER)
    first = await next_news(stream)
    await perform(home.world, home.owner, projects.delete_project, project.id)

    async with asyncio.timeout(SOON):
        rest = [news async for news in stream]

    assert isinstance(first, Changes)
    assert len(rest) == 1
    assert isinstance(rest[0], Changes)
    last = rest[0].events[-1]
    assert (last.kind, last.subject_id) == (EventKind.DELETED, project.id)


async def test_deleting_a_part_of_a_project_does_not_end_its_feed(home: Home) -> None:
    project = await a_project(home)
    scene = await a_scene(home, project)
    await perform(home.world, home.owner, scenes.delete_scene, scene.id)
    stream = feed.follow(home.world, home.owner, project.id, 2, recheck=NEVER)
    async with aclosing(stream):
        assert await taken(stream, 1) == [3]
        await rename(home, project, "Goes on")
        assert await taken(stream, 1) == [4]


@pytest.mark.parametrize("stream", ["follow", "live"])
async def test_whoever_may_not_see_a_project_may_not_follow_it(home: Home, stream: str) -> None:
    project = await a_project(home)
    args = (project.id, 0) if stream == "follow" else (project.id,)
    with pytest.raises(NotFound):
        await anext(getattr(feed, stream)(home.world, an_outsider(), *args))


async def test_a_viewer_may_follow(home: Home) -> None:
    project = await a_project(home)
    stream = feed.follow(home.world, a_viewer(project), project.id, 0, recheck=NEVER)
    async with aclosing(stream):
        assert await taken(stream, 1) == [1]


async def test_whoever_loses_access_hears_no_more(home: Home) -> None:
    project = await a_project(home)
    roles = {project.client_id: Role.VIEWER}
    guest = Actor("usr_guest", "Guest", roles)
    stream = feed.follow(home.world, guest, project.id, 0, recheck=NEVER)
    assert await taken(stream, 1) == [1]

    roles.clear()
    await rename(home, project, "Not for guests")

    with pytest.raises(NotFound):
        await next_news(stream)


@pytest.mark.parametrize("stream", ["follow", "live"])
async def test_leaving_a_stream_releases_its_listener(home: Home, stream: str) -> None:
    project = await a_project(home)
    bus = WatchedBus()
    watched = with_bus(home, bus)
    args = (project.id, 0) if stream == "follow" else (project.id,)
    following = getattr(feed, stream)(watched.world, home.owner, *args)
    await anext(following)
    assert bus.listening == 1
    await following.aclose()
    assert bus.listening == 0


async def test_cancelling_a_waiting_follower_releases_its_listener(home: Home) -> None:
    project = await a_project(home)
    bus = WatchedBus()
    watched = with_bus(home, bus)
    stream = feed.follow(watched.world, home.owner, project.id, None, recheck=NEVER)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(QUICK)
    assert (bus.listening, waiting.done()) == (1, False)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert bus.listening == 0


@pytest.mark.parametrize("stream", ["follow", "live"])
async def test_streams_end_when_the_bus_closes(home: Home, stream: str) -> None:
    project = await a_project(home)
    args = (project.id, 0) if stream == "follow" else (project.id,)
    following = getattr(feed, stream)(home.world, home.owner, *args)
    await anext(following)
    await home.world.bus.close()
    async with asyncio.timeout(SOON):
        assert [news async for news in following] == []


async def test_a_live_project_is_told_at_once_and_after_each_change(home: Home) -> None:
    project = await a_project(home, title="One")
    stream = feed.live(home.world, home.owner, project.id, recheck=NEVER)
    async with aclosing(stream), asyncio.timeout(SOON):
        assert (await anext(stream)).title == "One"
        await rename(home, project, "Two")
        assert (await anext(stream)).title == "Two"
        await a_scene(home, project)
        assert (await anext(stream)).title == "Two"


async def test_a_live_project_tells_many_quick_changes_together(home: Home) -> None:
    project = await a_project(home, title="0")
    stream = feed.live(home.world, home.owner, project.id, recheck=NEVER)
    clock = asyncio.get_running_loop().time
    told: list[tuple[str, float]] = []

    async def hear() -> None:
        while not told or told[-1][0] != "10":
            told.append(((await anext(stream)).title, clock()))

    async with aclosing(stream), asyncio.timeout(SOON), asyncio.TaskGroup() as tasks:
        tasks.create_task(hear())
        for number in range(1, 11):
            await asyncio.sleep(QUICK)
            await rename(home, project, str(number))
    pauses = [after - before for (_, before), (_, after) in pairwise(told)]
    assert min(pauses) >= 0.9 * limits.LIVE_INTERVAL_SECONDS
    assert len(told) < 10


async def test_a_change_while_a_live_project_is_read_is_told_next(home: Home) -> None:
    """What is told is never older than the change that is taken for told."""
    project = await a_project(home, title="One")
    bus = WatchedBus()
    watched = with_bus(home, bus)
    bus.after = lambda: rename(watched, project, "Two")
    stream = feed.live(watched.world, home.owner, project.id, recheck=NEVER)
    async with aclosing(stream):
        assert (await anext(stream)).title == "Two"


async def test_lost_wake_ups_delay_a_live_project_and_no_more(home: Home) -> None:
    project = await a_project(home, title="One")
    deaf = with_bus(home, SilentBus())
    stream = feed.live(deaf.world, home.owner, project.id, recheck=QUICK)
    async with aclosing(stream), asyncio.timeout(SOON):
        await anext(stream)
        await rename(deaf, project, "Two")
        assert (await anext(stream)).title == "Two"


async def test_a_live_project_ends_when_it_is_deleted(home: Home) -> None:
    project = await a_project(home)
    stream = feed.live(home.world, home.owner, project.id, recheck=NEVER)
    await anext(stream)
    await perform(home.world, home.owner, projects.delete_project, project.id)
    async with asyncio.timeout(SOON):
        assert [row async for row in stream] == []


async def test_a_project_deleted_while_one_begins_to_follow_is_not_waited_for(home: Home) -> None:
    bus = WatchedBus()
    project = await a_project(home)
    home = with_bus(home, bus)

    async def delete() -> None:
        await perform(home.world, home.owner, projects.delete_project, project.id)

    bus.after = delete
    with pytest.raises(NotFound):
        async with (
            asyncio.timeout(5),
            aclosing(feed.follow(home.world, home.owner, project.id, None)) as news,
        ):
            await anext(news)
