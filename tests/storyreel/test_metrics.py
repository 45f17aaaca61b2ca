"""What is counted of operations, and under which names."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from models import Project
from resolvers import api
from resolvers.watch import Ended, Watch
from services.backends.bus import LocalBus
from storyreel.metrics import OPERATION_NAMES, Metrics
from tests.conftest import Home
from tests.operating import Samples

ENDED = "storyreel_operations_total"


async def counted(home: Home, metrics: Metrics) -> Samples:
    return Samples((await metrics.exposition(home.world)).decode())


async def run(home: Home, metrics: Metrics, query: str) -> None:
    context = home.context()
    context.watch = metrics.operations
    await api.execute(query, context_value=context)


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        pytest.param("query A { __typename }", ("A", "query", "ok"), id="named"),
        pytest.param("{ __typename }", ("anonymous", "query", "ok"), id="anonymous"),
        pytest.param('query A { node(id: "x") { id } }', ("other", "query", "refused"), id="id"),
        pytest.param("query A { nope }", ("other", "query", "refused"), id="no such field"),
        pytest.param("query A { ", ("other", "unknown", "refused"), id="no GraphQL"),
        pytest.param(
            f"query {'A' * 61} {{ __typename }}", ("other", "query", "ok"), id="long name"
        ),
    ],
)
async def test_an_operation_is_counted_by_its_name_and_how_it_ended(
    home: Home, query: str, labels: tuple[str, str, str]
) -> None:
    metrics = Metrics()
    await run(home, metrics, query)

    name, kind, outcome = labels
    found = (await counted(home, metrics)).all(ENDED)
    assert found == [({"operation": name, "type": kind, "outcome": outcome}, 1)]


async def test_what_is_our_fault_is_counted_as_failed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    metrics = Metrics()
    monkeypatch.setattr(Project, "filter", broken)
    await run(home, metrics, "query A { projects { edges { node { id } } } }")

    found = (await counted(home, metrics)).all(ENDED)
    assert found == [({"operation": "A", "type": "query", "outcome": "failed"}, 1)]


async def test_names_that_clients_make_up_do_not_make_up_series(home: Home) -> None:
    metrics = Metrics()
    for number in range(3 * OPERATION_NAMES):
        metrics.operations.ended(Ended(f"Flood{number}", "query", "ok", 0.01))
    metrics.operations.ended(Ended("Flood1", "query", "refused", 0.01))

    series = (await counted(home, metrics)).all(ENDED)
    found: dict[str, float] = {}
    for labels, value in series:
        found[labels["operation"]] = found.get(labels["operation"], 0) + value
    assert len(found) == OPERATION_NAMES + 1
    assert found["other"] == 2 * OPERATION_NAMES
    assert "Flood1" in found


async def test_a_subscription_counts_while_it_runs(home: Home) -> None:
    metrics = Metrics()
    context = home.context()
    context.watch = metrics.operations
    query = 'subscription A { jobProgress(projectId: "prj_00000000000000000000000000") { id } }'
    stream = await api.stream(query, context_value=context)
    answers: list[Any] = [result async for result in stream]

    samples = await counted(home, metrics)
    assert answers[0].errors
    assert samples.value("storyreel_subscriptions") == 0
    assert samples.all(ENDED) == [
        ({"operation": "other", "type": "subscription", "outcome": "refused"}, 1)
    ]


class Leaving(Watch):
    """Its client goes away as soon as the operation begins."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []

    def began(self, name: str | None, kind: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    def ended(self, end: Ended) -> None:
        self.outcomes.append(end.outcome)


async def test_an_operation_whose_client_left_has_neither_failed_nor_been_refused(
    home: Home,
) -> None:
    context = home.context()
    context.watch = watch = Leaving()
    query = "query A { projects { edges { node { id } } } }"
    task = asyncio.create_task(api.execute(query, context_value=context))
    await asyncio.wait([task])

    assert task.cancelled()
    assert watch.outcomes == ["left"]


async def test_two_processes_of_one_interpreter_count_apart(home: Home) -> None:
    one, other = Metrics(), Metrics()
    one.observe_bus(LocalBus())
    other.observe_bus(LocalBus())
    one.sockets.inc()

    assert (await counted(home, other)).value("storyreel_sockets") == 0
    assert (await counted(home, other)).value("storyreel_bus_connected") == 1
