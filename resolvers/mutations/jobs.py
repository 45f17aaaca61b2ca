from typing import Annotated

import strawberry

from schema.inputs import AnimateInput, ExportInput, GenerateImagesInput, RefineImageInput
from schema.job import Job, JobBatch
from services import animation, cancelling, export, generation, limits, retrying

from ..arguments import Id, Input
from ..context import Info, document, keyed
from ..rationing import orders

KEY = "idempotencyKey"


def variants(given: GenerateImagesInput | RefineImageInput) -> int:
    return given.count or limits.VARIANTS_DEFAULT


@strawberry.type
class JobMutations:
    @strawberry.mutation(
        metadata=orders(variants), description="Order images of a shot: one batch is one iteration."
    )
    async def generate_images(
        self, info: Info, input: Annotated[GenerateImagesInput, Input]
    ) -> JobBatch:
        body = document(input, KEY, "shotId")
        parent = body.pop("parentImageId", None)
        batch = await info.context.do_once(
            keyed("generateImages", input),
            generation.generate_images,
            input.shot_id,
            body,
            parent,
        )
        return JobBatch.of(batch)

    @strawberry.mutation(
        metadata=orders(variants), description="Order images made from another image of the shot."
    )
    async def refine_image(self, info: Info, input: Annotated[RefineImageInput, Input]) -> JobBatch:
        body = document(input, KEY, "imageId")
        batch = await info.context.do_once(
            keyed("refineImage", input), generation.refine_image, input.image_id, body
        )
        return JobBatch.of(batch)

    @strawberry.mutation(
        metadata=orders(lambda given: len(given.selection_ids or ())),
        description="Order animations of chosen images.",
    )
    async def animate(self, info: Info, input: Annotated[AnimateInput, Input]) -> JobBatch:
        body = document(input, KEY)
        project, selections = body.pop("projectId", None), body.pop("selectionIds", None)
        batch = await info.context.do_once(
            keyed("animate", input), animation.animate, body, project, selections
        )
        return JobBatch.of(batch)

    @strawberry.mutation(
        metadata=orders(), description="Order the film: the storyboard cut into one file."
    )
    async def export_project(self, info: Info, input: Annotated[ExportInput, Input]) -> Job:
        job = await info.context.do_once(
            keyed("exportProject", input),
            export.export_project,
            input.project_id,
            input.format.value,
            document(input).get("options"),
        )
        return Job.of(job)

    @strawberry.mutation(description="Cancel a job; one that has ended stays as it is.")
    async def cancel_job(self, info: Info, id: Id) -> Job:
        return Job.of(await info.context.do(cancelling.cancel_job, id))

    @strawberry.mutation(
        metadata=orders(),
        description="Try a job anew that failed, was canceled or lost, with the inputs it had.",
    )
    async def retry_job(self, info: Info, id: Id) -> Job:
        return Job.of(await info.context.do(retrying.retry_job, id))

    @strawberry.mutation(description="Cancel the jobs of an order that have not ended.")
    async def cancel_batch(self, info: Info, id: Id) -> JobBatch:
        return JobBatch.of(await info.context.do(cancelling.cancel_batch, id))
