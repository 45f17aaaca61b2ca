"""Mutations that come too often: refused one by one, before anything is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from graphql import get_named_type
from strawberry.types import get_object_definition

from models import Image, Project
from resolvers import api
from resolvers.errors import translate
from resolvers.mutations import Mutation
from resolvers.rationing import ORDERED
from services.actor import Actor, Role
from services.backends.rates import Rates
from services.rationing import PEOPLE_AT_AN_ADDRESS
from tests.conftest import Home
from tests.graph.cases import CASES
from tests.graph.stage import a_stage
from tests.making import a_project, a_scene, a_shot, in_a_studio
from tests.stored import stored

CREATE = 'createProject(input: { prompt: "A film" }) { id }'
NOT_MADE = {"cancelJob", "cancelBatch"}  # they answer with jobs, and have nothing made


def rated(home: Home, **words: str) -> Home:
    return replace(home, world=replace(home.world, rates=Rates(words)))  # type: ignore[arg-type]  # names of limits


async def refusals(
    home: Home, fields: str, actor: Actor | None = None, address: str = ""
) -> list[Any]:
    """The extensions of the errors that a request with these mutation fields is answered with."""
    context = home.context(actor)
    context.address = address
    result = await api.execute(f"mutation {{ {fields} }}", context_value=context)
    return [error.extensions for error in translate(result.errors or ())]


def somebody(home: Home, name: str) -> Actor:
    return Actor(f"usr_{name}", name, dict.fromkeys(home.owner.roles, Role.OWNER))


async def test_every_mutation_is_refused_when_it_comes_too_often_and_leaves_nothing(
    home: Home,
) -> None:
    stage = await a_stage(in_a_studio(home))
    stage.answers["deletion"] = {"restoreId": "del_x"}
    home = rated(home, mutations="1/hour")
    await home.world.rates.take("mutations", f"actor:{home.owner.id}")
    documents = {name: cases[0].call(stage) for name, cases in CASES.items()}
    assert documents.keys() == api._schema.mutation_type.fields.keys()  # type: ignore[union-attr]  # there is one
    before = await stored()

    for name, document in documents.items():
        [extensions] = await refusals(home, document)
        assert extensions["code"] == "RATE_LIMITED", name
        assert 1 <= extensions["retryAfter"] <= 3_600

    assert await stored() == before
    assert home.queue.waiting == [stage.job.id]


def test_whatever_has_media_made_says_how_much() -> None:
    answered = {
        name: get_named_type(field.type).name
        for name, field in api._schema.mutation_type.fields.items()  # type: ignore[union-attr]  # there is one
    }
    making = {name for name, kind in answered.items() if kind in ("Job", "JobBatch")} - NOT_MADE
    fields = get_object_definition(Mutation, strict=True).fields
    counted = {
        api.config.name_converter.from_field(field) for field in fields if ORDERED in field.metadata
    }
    assert making == counted, "Give these `metadata=orders(...)`, or name them in NOT_MADE."


async def test_each_alias_counts(home: Home) -> None:
    home = rated(home, mutations="3/hour")
    aliases = " ".join(f"m{number}: {CREATE}" for number in range(5))

    [extensions] = await refusals(home, aliases)

    assert extensions["code"] == "RATE_LIMITED"
    assert await Project.all().count() == 3


async def test_reading_and_following_is_not_counted(home: Home) -> None:
    home = rated(home, mutations="1/hour", generation="1/hour")
    for _ in range(3):
        result = await api.execute("{ projects { totalCount } }", context_value=home.context())
        assert not result.errors
    assert await refusals(home, CREATE) == []


async def test_actors_do_not_wait_for_each_other(home: Home) -> None:
    home = rated(home, mutations="1/hour")
    assert await refusals(home, CREATE, somebody(home, "ada")) == []
    assert await refusals(home, CREATE, somebody(home, "bob")) == []
    assert await refusals(home, CREATE, somebody(home, "ada")) != []


async def test_an_address_is_limited_whoever_calls_from_it(home: Home) -> None:
    home = rated(home, mutations="1/hour")
    people = [somebody(home, str(number)) for number in range(PEOPLE_AT_AN_ADDRESS + 1)]

    answers = [await refusals(home, CREATE, person, "192.0.2.1") for person in people]

    assert answers[:-1] == [[]] * PEOPLE_AT_AN_ADDRESS
    assert answers[-1][0]["code"] == "RATE_LIMITED"
    assert await refusals(home, CREATE, somebody(home, "away"), "192.0.2.2") == []


async def test_one_who_is_refused_takes_nothing_from_others_at_the_address(home: Home) -> None:
    home = rated(home, mutations="1/hour")
    for _ in range(3 * PEOPLE_AT_AN_ADDRESS):
        await refusals(home, CREATE, somebody(home, "ada"), "192.0.2.1")

    assert await refusals(home, CREATE, somebody(home, "bob"), "192.0.2.1") == []


@pytest.mark.parametrize(
    ("rate", "order", "granted"),
    [
        ("7/hour", "", 1),
        ("12/hour", "", 2),
        ("12/hour", "count: 4", 3),
        ("12/hour", "count: 12", 1),
        ("3/hour", "count: 12", 1),
    ],
)
async def test_a_batch_of_images_counts_its_variants(
    home: Home, rate: str, order: str, granted: int
) -> None:
    shots = await a_shots(home, granted + 1)
    home = rated(home, generation=rate)

    documents = [f'generateImages(input: {{ shotId: "{s}" {order} }}) {{ id }}' for s in shots]
    for document in documents[:granted]:
        assert await refusals(home, document) == []
    drawn, queued = await Image.all().count(), list(home.queue.waiting)
    [extensions] = await refusals(home, documents[-1])

    assert extensions["code"] == "RATE_LIMITED"
    assert (await Image.all().count(), home.queue.waiting) == (drawn, queued)


async def a_shots(home: Home, count: int) -> list[str]:
    scene = await a_scene(home, await a_project(home))
    return [(await a_shot(home, scene)).id for _ in range(count)]


@pytest.mark.parametrize("count", ["-5", "0", "2147483647", "null"])
async def test_a_count_that_makes_no_sense_is_refused_for_that(home: Home, count: str) -> None:
    [shot] = await a_shots(home, 1)
    home = rated(home, generation="10/hour")
    order = f'generateImages(input: {{ shotId: "{shot}", count: {count} }}) {{ id }}'

    codes = [extensions["code"] for extensions in await refusals(home, order)]

    assert codes in ([], ["INVALID_INPUT"], ["LIMIT_EXCEEDED"])
