"""What a process counts, for Prometheus: in a registry of its own, with a bounded set of labels."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars

from models import Job, jobs_by_status, workers_seen_since
from resolvers.watch import Ended, Watch
from services import limits
from services.backends.bus import Bus
from services.backends.queue import Steps
from services.backends.rates import Limit, Outcome
from services.world import World

OPERATION_NAMES = 100
OPERATION_NAME_CHARACTERS = 60
OTHER = "other"
ASK_SECONDS = 2.0
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
LONG = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1_800.0)

logger = logging.getLogger(__name__)


class Metrics:
    """Everything that this process counts."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        self.requests = Counter(
            "storyreel_http_requests",
            "HTTP requests answered.",
            ["method", "route", "status"],
            registry=own,
        )
        self.request_seconds = Histogram(
            "storyreel_http_request_duration_seconds",
            "From a request to the beginning of its answer.",
            ["route"],
            buckets=QUICK,
            registry=own,
        )
        self.sockets = Gauge("storyreel_sockets", "Open WebSockets.", registry=own)
        self.operations = _Operations(own)
        self.feed_lag = Histogram(
            "storyreel_feed_lag_seconds",
            "From a change to its delivery to a follower who was waiting for it.",
            buckets=QUICK,
            registry=own,
        )
        self.job_seconds = Histogram(
            "storyreel_job_duration_seconds",
            "From the beginning of a job to its end, in this process.",
            ["kind", "status"],
            buckets=LONG,
            registry=own,
        )
        self.job_wait_seconds = Histogram(
            "storyreel_job_wait_seconds",
            "From the request of a job to its beginning, of those ended in this process.",
            ["kind"],
            buckets=LONG,
            registry=own,
        )
        self._rates = Counter(
            "storyreel_rates",
            "Questions whether something comes too often; unasked is granted without an answer.",
            ["limit", "outcome"],
            registry=own,
        )
        self._jobs = Gauge("storyreel_jobs", "Jobs not yet ended.", ["status"], registry=own)
        self._workers = Gauge("storyreel_workers", "Workers with a heartbeat.", registry=own)
        self._database = Gauge("storyreel_database_up", "Whether it answers.", registry=own)

    def rated(self, limit: Limit, outcome: Outcome) -> None:
        self._rates.labels(limit, outcome).inc()

    def observe_bus(self, bus: Bus) -> None:
        self.registry.register(_BusState(bus))

    async def exposition(self, world: World) -> bytes:
        """All of it as text. What only the database knows is NaN while that does not answer."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                jobs = await jobs_by_status()
                lost = timedelta(seconds=limits.HEARTBEAT_LOST_SECONDS)
                workers = await workers_seen_since(world.now() - lost)
        except Exception as problem:
            logger.warning("Jobs could not be counted: %s.", type(problem).__name__)
            self._database.set(0)
            self._workers.set(math.nan)
            self._jobs.clear()
        else:
            self._database.set(1)
            self._workers.set(workers)
            for status, count in jobs.items():
                self._jobs.labels(status.value).set(count)
        return generate_latest(self.registry)


class _Operations(Watch):
    """Counts operations, puts their names on log lines, and tells of those without a request of
    their own.

    Clients choose the names: the first OPERATION_NAMES that ran are kept apart, all further ones
    are counted together.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._names: set[str] = set()
        self._ended = Counter(
            "storyreel_operations",
            "GraphQL operations ended; failed is our fault, refused the client's.",
            ["operation", "type", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "storyreel_operation_duration_seconds",
            "Of queries and mutations.",
            ["operation"],
            buckets=QUICK,
            registry=registry,
        )
        self._subscriptions = Gauge(
            "storyreel_subscriptions", "Subscriptions under way.", registry=registry
        )

    def began(self, name: str | None, kind: str) -> None:
        bind_contextvars(operation=(name or "anonymous")[:OPERATION_NAME_CHARACTERS])
        if kind == "subscription":
            self._subscriptions.inc()

    def ended(self, end: Ended) -> None:
        label = self._label(end)
        self._ended.labels(label, end.kind, end.outcome).inc()
        if end.kind == "subscription":
            self._subscriptions.dec()
        elif end.kind != "unknown":
            self._seconds.labels(label).observe(end.seconds)
        if end.kind == "subscription" or "socket_id" in get_contextvars():
            told = {"kind": end.kind, "outcome": end.outcome, "seconds": round(end.seconds, 4)}
            logger.info("Operation ended.", extra=told)

    def _label(self, end: Ended) -> str:
        if end.kind == "unknown":
            return OTHER
        name = end.name or "anonymous"
        if name not in self._names:
            full = len(self._names) >= OPERATION_NAMES or len(name) > OPERATION_NAME_CHARACTERS
            if full or end.outcome == "refused":  # perhaps no more than a guess
                return OTHER
            self._names.add(name)
        return name


class _BusState:
    """The bus as it is when it is asked for."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def collect(self) -> Iterator[Metric]:
        health = self._bus.health()
        yield GaugeMetricFamily(
            "storyreel_bus_connected", "Whether wake-ups arrive.", float(health.connected)
        )
        yield CounterMetricFamily(
            "storyreel_bus_rebuilds", "Connections rebuilt after a failure.", health.rebuilds
        )
        if health.echo_seconds is not None:
            yield GaugeMetricFamily(
                "storyreel_bus_echo_seconds", "There and back, lately.", health.echo_seconds
            )
        hints = CounterMetricFamily(
            "storyreel_bus_hints", "Messages between processes.", labels=["direction"]
        )
        hints.add_metric(["sent"], health.hints_sent)
        hints.add_metric(["received"], health.hints_received)
        yield hints


class MeasuredSteps:
    """The steps of jobs: their log lines name the job, and their ends are measured."""

    def __init__(self, steps: Steps, metrics: Metrics) -> None:
        self._steps, self._metrics = steps, metrics

    async def produce(self, job_id: str) -> dict[str, Any]:
        with bound_contextvars(job_id=job_id):
            return await self._steps.produce(job_id)

    async def conclude(self, job_id: str, outcome: dict[str, Any]) -> None:
        with bound_contextvars(job_id=job_id):
            await self._steps.conclude(job_id, outcome)
            await self._measure(job_id)

    async def _measure(self, job_id: str) -> None:
        job = await Job.get_or_none(id=job_id)
        if job is None or job.started_at is None or job.finished_at is None:
            return
        seconds = (job.finished_at - job.started_at).total_seconds()
        self._metrics.job_seconds.labels(job.kind.value, job.status.value).observe(seconds)
        waited = (job.started_at - job.created_at).total_seconds()
        self._metrics.job_wait_seconds.labels(job.kind.value).observe(waited)
        told = {"kind": job.kind.value, "status": job.status.value, "seconds": round(seconds, 3)}
        logger.info("Job ended.", extra=told)
