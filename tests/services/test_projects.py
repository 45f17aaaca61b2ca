from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from models import Client, Event, EventKind, Feed, Project
from services import limits, projects
from services.actor import Actor, Role
from services.errors import NotFound, Refusal
from services.work import perform
from tests.conftest import Home
from tests.making import a_project, an_outsider
from tests.stored import stored


async def test_a_project_begins_with_a_feed_that_tells_of_it(home: Home) -> None:
    project = await a_project(home, title="Film", promptPlannerData={"mood": "calm"})

    kept = await Project.get(id=project.id)
    assert (kept.title, kept.prompt, kept.version) == ("Film", "A night in Tokyo", 1)
    assert (kept.prompt_planner_data, kept.rate) == ({"mood": "calm"}, Fraction(24))
    [event] = await Event.all()
    assert (event.feed_id, event.subject_id) == (project.id, project.id)
    assert (event.kind, event.sequence) == (EventKind.CREATED, 1)
    assert (await Feed.get(id=project.id)).head == 1


async def test_a_project_may_have_no_title_yet(home: Home) -> None:
    assert (await a_project(home)).title == "Untitled"


async def test_the_frame_rate_is_kept_as_a_ratio(home: Home) -> None:
    project = await a_project(home, frameRate="23.976")
    assert (await Project.get(id=project.id)).rate == Fraction(24000, 1001)
    assert (await a_project(home, frameRate=None)).rate == 24


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"title": ""}, "INVALID_INPUT", "title"),
        ({"title": None}, "INVALID_INPUT", "title"),
        ({"title": "x" * (limits.TITLE + 1)}, "LIMIT_EXCEEDED", "title"),
        ({"title": "a\x00"}, "INVALID_INPUT", "title"),
        ({"prompt": " "}, "INVALID_INPUT", "prompt"),
        ({"prompt": "x" * (limits.PROMPT + 1)}, "LIMIT_EXCEEDED", "prompt"),
        ({"prompt": "\ud83d"}, "INVALID_INPUT", "prompt"),
        ({"promptPlannerData": {"a": float("nan")}}, "INVALID_INPUT", "promptPlannerData"),
        ({"promptPlannerData": {"a": 2**64}}, "INVALID_INPUT", "promptPlannerData"),
        ({"frameRate": "1e999999999"}, "INVALID_INPUT", "frameRate"),
        ({"frameRate": "2147483648"}, "INVALID_INPUT", "frameRate"),
        ({"clientSlug": "a\x00"}, "INVALID_INPUT", "clientSlug"),
        ({"clientSlug": "nobody"}, "NOT_FOUND", "clientSlug"),
        ({"version": 7}, "INVALID_INPUT", "version"),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_a_bad_field_is_refused_and_leaves_nothing(
    home: Home, given: dict[str, Any], code: str, field: str
) -> None:
    before = await stored()
    with pytest.raises(Refusal) as refused:
        await a_project(home, **given)
    assert (refused.value.code, refused.value.field) == (code, f"input.{field}")
    assert await stored() == before


async def test_texts_as_long_as_allowed_are_kept_in_full(home: Home) -> None:
    project = await a_project(home, title="𝄞" * limits.TITLE, prompt="ä" * limits.PROMPT)
    kept = await Project.get(id=project.id)
    assert (kept.title, kept.prompt) == ("𝄞" * limits.TITLE, "ä" * limits.PROMPT)


async def test_a_project_is_made_at_the_client_that_is_named(home: Home) -> None:
    first = await Client.get(slug="local")
    second = await Client.create(slug="second", name="Second")
    both = Actor("usr_both", "Bo", {first.id: Role.OWNER, second.id: Role.EDITOR})
    create = projects.create_project

    named = await perform(home.world, both, create, {"prompt": "x", "clientSlug": "second"})
    unnamed = await perform(home.world, both, create, {"prompt": "x", "clientSlug": None})

    assert (named.client_id, unnamed.client_id) == (second.id, first.id)


async def test_a_client_of_others_cannot_be_told_from_none(home: Home) -> None:
    await Client.create(slug="second", name="Second")
    for slug in ("second", "missing"):
        with pytest.raises(NotFound, match="There is no such client"):
            await a_project(home, clientSlug=slug)


async def test_projects_are_listed_newest_first_to_those_who_may_see_them(home: Home) -> None:
    made = [(await a_project(home)).id for _ in range(5)]
    newest = made[::-1]

    page = await projects.projects_page(home.owner, None, 3)
    rest = await projects.projects_page(home.owner, page[-1].id, 3)

    assert [project.id for project in page + rest] == newest
    assert await projects.projects_count(home.owner) == 5
    assert await projects.projects_page(an_outsider(), None, 3) == []
    assert await projects.projects_count(an_outsider()) == 0
