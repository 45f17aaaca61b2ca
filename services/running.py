"""Carrying out a job: what the engine calls, step by step. Every step may be repeated."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from structlog.contextvars import bind_contextvars

from models import Job, JobKind, new_id

from . import limits
from .actor import SYSTEM
from .assets import Made, store_picture, store_video
from .backends.renderer import Canceled, ClipOrder, FrameOrder, Renderer, RenderFailure, Report
from .formats.film import Cut, NotAFilm, cut_film
from .formats.picture import NotAPicture
from .jobs import begin_job, complete_job, discount_attempt, fail_job
from .progress import Meter
from .work import perform
from .world import World

logger = logging.getLogger(__name__)

Outcome = dict[str, Any]
OVER: Outcome = {"over": True}


@dataclass
class Runner:
    """Runs jobs of every kind in this process."""

    world: World
    meter: Meter

    async def produce(self, job_id: str) -> Outcome:
        """One attempt. The file it made is in storage before this returns; no row tells of it yet.

        The outcome is plain data: {"made": …}, {"failed": [code, message], "again": bool} or
        {"over"}. Cancelled, as when the worker stops, it leaves no trace but what is stored.
        """
        job = await self._begin(job_id)
        if job is None:
            return OVER
        bind_contextvars(attempt=job.attempt)  # onto the log lines of what follows
        try:
            async with self.meter.measuring(job) as report:
                made = await self._make(job, report)
        except asyncio.CancelledError:
            await perform(self.world, SYSTEM, discount_attempt, job.id)
            raise
        except Canceled:
            return OVER
        except Exception as problem:
            failure = _failure(job, problem)
            again = failure.retryable and job.attempt < job.max_attempts
            return {"failed": [failure.code, failure.message], "again": again}
        return {"made": asdict(made)}

    async def _begin(self, job_id: str) -> Job | None:
        """Count the attempt; a worker that is stopped while it begins counts it off again."""
        beginning = asyncio.ensure_future(perform(self.world, SYSTEM, begin_job, job_id))
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            if await beginning is not None:
                await perform(self.world, SYSTEM, discount_attempt, job_id)
            raise

    async def conclude(self, job_id: str, outcome: Outcome) -> None:
        """Make the last attempt's outcome visible. A job that has ended meanwhile keeps its end."""
        if "made" in outcome:
            await perform(
                self.world, SYSTEM, complete_job, job_id, Made.from_record(outcome["made"])
            )
        elif "failed" in outcome:
            await perform(self.world, SYSTEM, fail_job, job_id, *outcome["failed"])

    async def _make(self, job: Job, report: Report) -> Made:
        if job.kind is JobKind.IMAGE:
            return await self._draw(self._renderer(job), job, report)
        if job.kind is JobKind.ANIMATION:
            return await self._animate(self._renderer(job), job.inputs, report)
        return await self._cut(job.inputs, report)

    def _renderer(self, job: Job) -> Renderer:
        renderer = self.world.renderers.get(job.renderer)
        if renderer is None:
            message = f"This worker has no renderer {job.renderer!r}."
            raise RenderFailure("RENDERER_MISSING", message, retryable=False)
        return renderer

    async def _draw(self, renderer: Renderer, job: Job, report: Report) -> Made:
        inputs = job.inputs
        parent, parameters, camera = inputs["parentSha256"], inputs["parameters"], inputs["camera"]
        order = FrameOrder(
            prompt=inputs["prompt"],
            negative_prompt=inputs["negativePrompt"],
            label=inputs["label"],
            iteration=inputs["iteration"],
            variant=inputs["variant"],
            seed=inputs["seed"],
            framing=camera.get("framing"),
            angle=camera.get("angle"),
            movement=(camera.get("movement") or {}).get("type"),
            width=parameters.get("width", limits.FRAME_WIDTH),
            height=parameters.get("height", limits.FRAME_HEIGHT),
            parent=await self.world.storage.get(parent) if parent else None,
            model=job.model,
            parameters=parameters,
        )
        return await store_picture(self.world.storage, (await renderer.draw(order, report)).data)

    async def _animate(self, renderer: Renderer, inputs: Mapping[str, Any], report: Report) -> Made:
        order = ClipOrder(
            image=await self.world.storage.get(inputs["imageSha256"]),
            frames=inputs["frames"],
            rate=Fraction(inputs["rate"]),
            seed=inputs["seed"],
            movement=inputs["movement"],
            width=limits.FRAME_WIDTH,
            height=limits.FRAME_HEIGHT,
        )
        return await store_video(self.world.storage, (await renderer.animate(order, report)).data)

    async def _cut(self, inputs: Mapping[str, Any], report: Report) -> Made:
        with tempfile.TemporaryDirectory(prefix="storyreel-") as folder:
            cuts = []
            for index, cut in enumerate(inputs["cuts"]):
                source = Path(folder, f"{index:04}")
                await self.world.storage.download(cut["sha256"], source)
                cuts.append(Cut(source, cut["mediaType"], cut["frames"]))
            film = Path(folder, "film.mp4")
            size = (limits.FRAME_WIDTH, limits.FRAME_HEIGHT)
            await asyncio.to_thread(
                cut_film, cuts, film, Fraction(inputs["rate"]), size=size, report=report
            )
            return await store_video(self.world.storage, film)


def _failure(job: Job, problem: Exception) -> RenderFailure:
    """What may be told of a problem: all that is not foreseen is logged under a reference."""
    if isinstance(problem, RenderFailure):
        return problem
    if isinstance(problem, NotAFilm):
        return RenderFailure("NOT_A_FILM", str(problem), retryable=False)
    if isinstance(problem, NotAPicture):
        return RenderFailure("NOT_A_PICTURE", str(problem), retryable=True)
    reference = new_id("err")
    logger.error("Job %s failed unexpectedly (%s).", job.id, reference, exc_info=problem)
    message = f"Unexpected failure, logged as {reference}."
    return RenderFailure("INTERNAL", message, retryable=True)
