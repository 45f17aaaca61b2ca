from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

import models
from schema.cursor import Cursor, feed_cursor, sequence_in
from schema.event import ProjectChanges, ProjectFeed, ResyncRequired
from schema.job import Job
from schema.presence import Presence
from schema.project import Project
from schema.size import expected
from services import feed, watching
from services.access import check_id
from services.presence import watch_room, who_is_here

from .context import Info

ProjectId = Annotated[strawberry.ID, strawberry.argument(description="The project.")]


@strawberry.type(description="Streams. Each event of a stream is read anew.")
class Subscription:
    @strawberry.subscription(
        description="Every change of a project once and in order, resumable from any kept cursor."
    )
    async def project_events(
        self,
        info: Info,
        project_id: ProjectId,
        after: Annotated[
            Cursor | None,
            strawberry.argument(description="The last `cursor` seen; from now on by default."),
        ] = None,
    ) -> AsyncGenerator[ProjectFeed, None]:
        context = info.context
        check_id(models.Project, project_id, "projectId")
        start = context.resume_after or after
        at = sequence_in(start, project_id) if start is not None else None
        begin = context.place or at
        async with aclosing(feed.follow(context.world, context.actor, project_id, begin)) as news:
            async for found in news:
                context.forget()
                context.cursor = feed_cursor(project_id, found.sequence)
                if isinstance(found, feed.Changes):
                    yield ProjectChanges.of(project_id, found.sequence, found.events)
                else:
                    yield ResyncRequired(cursor=context.cursor, reason=found.reason)

    @strawberry.subscription(
        description="A live query: the project at once and again after each change of it."
    )
    async def live_project(self, info: Info, id: ProjectId) -> AsyncGenerator[Project, None]:
        context = info.context
        live = feed.live(context.world, context.actor, id, context.lookout)
        async with aclosing(live) as rows:
            async for row in rows:
                context.forget()
                yield Project.of(row)

    @strawberry.subscription(
        description="Snapshots of jobs while they run. Ends when all jobs named by `jobIds` ended."
    )
    async def job_progress(
        self,
        info: Info,
        project_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Jobs of this project.")
        ] = None,
        shot_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Jobs of this shot.")
        ] = None,
        job_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="These jobs, at most 500.")
        ] = None,
    ) -> AsyncGenerator[Job, None]:
        context = info.context
        ids = [str(job_id) for job_id in job_ids] if job_ids is not None else None
        watch = watching.watch_jobs(
            context.world, context.actor, project_id, shot_id, ids, context.lookout
        )
        async with aclosing(watch) as rows:
            async for row in rows:
                context.forget()
                yield Job.of(row)

    @strawberry.subscription(
        metadata=expected(10),
        description="Everybody who is at a project, you too, at once and after each change.",
    )
    async def presence(
        self, info: Info, project_id: ProjectId
    ) -> AsyncGenerator[list[Presence], None]:
        context = info.context
        rooms = who_is_here(context.world, context.actor, project_id)
        if context.lookout is not None:  # each of those who are told stays by themselves
            rooms = watch_room(context.world, context.actor, project_id, context.lookout)
        async with aclosing(rooms):
            async for here in rooms:
                context.forget()
                yield Presence.all(here)
