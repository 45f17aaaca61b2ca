"""Watching jobs: stored state first, then snapshots while they run; each end is always told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from copy import copy
from dataclasses import dataclass, field
from functools import partial

from tortoise.expressions import Q

from models import ACTIVE, Event, Job, JobStatus, Project, Shot, events_after, reading
from models.database import once_reachable

from . import limits
from .access import check_id, not_found, seen, visible_rows
from .actor import Actor
from .backends.bus import Heard
from .errors import InvalidInput, LimitExceeded
from .feed import check_still_seen, head_of
from .lookout import Lookout
from .progress import Note, progress_topic
from .world import World


async def watch_jobs(
    world: World,
    actor: Actor,
    project_id: str | None = None,
    shot_id: str | None = None,
    job_ids: list[str] | None = None,
    lookout: Lookout | None = None,
) -> AsyncGenerator[Job, None]:
    """Complete snapshots of the jobs that match every argument given.

    Refuses as soon as there is something to tell and the actor may no longer see the project.

    With `job_ids` it starts with each of those jobs and stops when all have ended. Without, it
    starts with the active jobs and follows new ones until the caller stops or the project or shot
    is deleted. Of one job, progress never goes back and comes at most once per
    PROGRESS_INTERVAL_SECONDS.
    """
    lookout = lookout or Lookout()
    watch = await _watch(actor, project_id, shot_id, job_ids)
    topics = [t for owner in watch.project_ids for t in (owner, progress_topic(owner))]
    async with world.bus.listen(*topics) as bell:
        clock = asyncio.get_running_loop().time
        looked_at, heard = clock(), Heard(look=True, notes={})
        while not bell.closed:
            with lookout.looking(bell) as everything:
                heard = Heard(heard.look or everything, heard.notes)
                news = await watch.news(heard, everything)
                for owner in watch.project_ids if news and heard.look else ():
                    await once_reachable(partial(check_still_seen, actor, owner))
                for job, again in news:
                    async with lookout.telling(job.id, again):
                        yield job
            if watch.over:
                return
            await asyncio.sleep(limits.PROGRESS_INTERVAL_SECONDS)
            await bell.rung(limits.FEED_RECHECK_SECONDS - (clock() - looked_at))
            heard = bell.heard()
            if heard.look or clock() - looked_at >= limits.FEED_RECHECK_SECONDS:
                looked_at, heard = clock(), Heard(look=True, notes=heard.notes)


@dataclass
class _Watch:
    """What to look at, and what was told of it."""

    project_ids: list[str]
    shot_id: str | None
    job_ids: list[str] | None
    at: int = 0
    over: bool = False
    told: dict[str, Job] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)

    async def news(self, heard: Heard, everything: bool) -> list[tuple[Job, bool]]:
        """The matching jobs whose state differs from what was told before; with `everything` the
        others too, marked, that one who begins to watch now is told of.

        What is stored is looked at when there is more to know than notes tell; a note counts until
        what is stored is newer.
        """
        for job_id, text in heard.notes.items():
            if job_id in self.told and (note := Note.read(text)) is not None:
                self.notes[job_id] = note
        jobs = await self._look() if heard.look else list(self.told.values())
        self.notes = {job.id: self.notes[job.id] for job in jobs if job.id in self.notes}
        jobs = [self.notes[job.id].onto(job) if job.id in self.notes else job for job in jobs]
        jobs = [_no_less(job, self.told.get(job.id)) for job in jobs]
        known = [_state(self.told.get(job.id)) == _state(job) for job in jobs]
        self.told = {job.id: job for job in jobs}
        return [
            (job, again)
            for job, again in zip(jobs, known, strict=True)
            if not again or (everything and (self.job_ids is not None or not job.status.ended))
        ]

    async def _look(self) -> list[Job]:
        jobs = await (self._named() if self.job_ids is not None else self._current())
        return [job for job in jobs if self._matches(job)]

    async def _named(self) -> list[Job]:
        """The named jobs; those that went with their project in the making count as canceled."""
        found = await once_reachable(partial(reading.by_id, Job, self.job_ids or ()))
        for gone in (job for job in self.told.values() if job.id not in found):
            if not gone.status.ended:
                gone = copy(gone)
                gone.status = JobStatus.CANCELED
            found[gone.id] = gone
        self.over = all(job.status.ended for job in found.values() if self._matches(job))
        return list(found.values())

    async def _current(self) -> list[Job]:
        """The active jobs, and those that the log tells of: one may begin and end between two
        looks.
        """
        project_id = self.project_ids[0]
        logged = await self._logged(project_id)
        active = Q(project_id=project_id, status__in=ACTIVE)
        jobs = Job.filter(active | Q(id__in=logged)).order_by("id")
        return await once_reachable(jobs.all)

    async def _logged(self, project_id: str) -> set[str]:
        """The jobs in the log since the last look, which may also tell of the end of it all."""
        found: set[str] = set()

        async def more() -> list[Event]:
            return await events_after(project_id, self.at, limits.EVENTS_PER_FRAME)

        while events := await once_reachable(more):
            self.at = events[-1].sequence
            found |= {e.subject_id for e in events if e.subject_id.startswith(f"{Job.PREFIX}_")}
            self.over |= any((self.shot_id or project_id) in (e.deleted or ()) for e in events)
        return found

    def _matches(self, job: Job) -> bool:
        here = job.project_id in self.project_ids
        return here and (self.shot_id in (None, job.shot_id) or job.id in self.told)


def _no_less(job: Job, told: Job | None) -> Job:
    """What is stored, and a note that comes late, may be behind what was told of a run."""
    if told is None or told.run != job.run or told.progress <= job.progress:
        return job
    job = copy(job)
    job.progress = told.progress
    if told.attempt == job.attempt:
        job.phase, job.step, job.total_steps = told.phase, told.step, told.total_steps
    return job


def _state(job: Job | None) -> tuple[object, ...] | None:
    if job is None:
        return None
    return (job.status, job.phase, job.progress, job.step, job.attempt, job.preview_id)


async def check_watchable(
    actor: Actor, project_id: str | None, shot_id: str | None, job_ids: list[str] | None
) -> None:
    """Refuse what `watch_jobs` would refuse."""
    await _watch(actor, project_id, shot_id, job_ids)


async def _watch(
    actor: Actor, project_id: str | None, shot_id: str | None, job_ids: list[str] | None
) -> _Watch:
    if project_id is None and shot_id is None and job_ids is None:
        raise InvalidInput("Name a project, a shot or jobs.", "projectId")
    project_ids = []
    if job_ids is not None:
        project_ids = sorted({j.project_id for j in (await jobs_named(actor, job_ids)).values()})
    if shot_id is not None:
        project_ids = [(await seen(actor, Shot, shot_id, "shotId")).project_id]
    if project_id is not None:
        project = await seen(actor, Project, project_id, "projectId")
        if shot_id is not None and project_ids != [project.id]:
            raise InvalidInput("This shot belongs to another project.", "shotId")
        project_ids = [project.id]
    watch = _Watch(project_ids, shot_id, job_ids)
    if job_ids is None:
        watch.at = await head_of(project_ids[0])
        # Still there? Then what deletes it is ahead in the log, and the watch will end with it.
        model, row_id = (Shot, shot_id) if shot_id is not None else (Project, project_ids[0])
        await seen(actor, model, row_id)
    return watch


async def jobs_named(actor: Actor, job_ids: list[str]) -> dict[str, Job]:
    """The jobs of these ids, all of which the actor must be able to see."""
    if len(job_ids) > limits.JOBS_WATCHED:
        raise LimitExceeded(f"At most {limits.JOBS_WATCHED} jobs at once.", "jobIds")
    for index, job_id in enumerate(job_ids):
        check_id(Job, job_id, f"jobIds.{index}")
    found = await visible_rows(actor, Job, job_ids)
    for index, job_id in enumerate(job_ids):
        if job_id not in found:
            raise not_found(Job, f"jobIds.{index}")
    return found
