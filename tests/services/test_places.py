"""Following on from a place: by whom a part of a feed was shown to before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from models import Project
from services import feed, projects
from services.feed import Changes, Place
from services.work import perform
from tests.conftest import Home
from tests.making import a_project, a_scene

SOON = 5.0


async def followed(home: Home, project: Project, place: Place) -> list[int]:
    """The sequence numbers that come before following ends by itself."""
    got: list[int] = []
    async with asyncio.timeout(SOON):
        stream = feed.follow(home.world, home.owner, project.id, place)
        async with aclosing(stream) as found:
            async for news in found:
                assert isinstance(news, Changes)
                assert place.at == news.sequence
                got += [event.sequence for event in news.events]
    return got


async def test_following_ends_where_it_is_told_to(home: Home) -> None:
    project = await a_project(home)
    await a_scene(home, project, "one", "two", "three")
    place = Place(1, until=3)

    assert await followed(home, project, place) == [2, 3]
    assert (place.at, place.over) == (3, False)
    assert await followed(home, project, place) == []


async def test_who_was_let_in_is_told_of_the_end_of_a_project_and_of_nothing_after_it(
    home: Home,
) -> None:
    project = await a_project(home)
    await perform(home.world, home.owner, projects.delete_project, project.id)
    for at, told in ((0, [1, 2]), (2, [])):
        place = Place(at)
        assert await followed(home, project, place) == told
        assert place.over


async def test_an_end_that_comes_while_somebody_finds_their_place_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is read first, it ends right after that."""
    project = await a_project(home)

    def ending(read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def then_ended(*args: Any, **named: Any) -> Any:
            monkeypatch.undo()
            found = await read(*args, **named)
            await perform(home.world, home.owner, projects.delete_project, project.id)
            return found

        return then_ended

    monkeypatch.setattr(feed, "head_of", ending(feed.head_of))
    monkeypatch.setattr(Project, "exists", ending(Project.exists))
    assert await followed(home, project, Place(1)) == [2]
