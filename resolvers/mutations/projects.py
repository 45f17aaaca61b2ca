from typing import Annotated

import strawberry

from schema.inputs import CreateProjectInput, ProjectPatch
from schema.project import Project
from schema.results import Deletion, UpdateProjectResult
from services import projects

from ..answers import deletion, edited
from ..arguments import ExpectedVersion, Id, Input, Patch
from ..context import Info, document, keyed


@strawberry.type
class ProjectMutations:
    @strawberry.mutation(description="Create a project.")
    async def create_project(
        self, info: Info, input: Annotated[CreateProjectInput, Input]
    ) -> Project:
        once = keyed("createProject", input)
        body = document(input, "idempotencyKey")
        return Project.of(await info.context.do_once(once, projects.create_project, body))

    @strawberry.mutation(description="Change a project's fields.")
    async def update_project(
        self,
        info: Info,
        id: Id,
        patch: Annotated[ProjectPatch, Patch],
        expected_version: ExpectedVersion = None,
    ) -> UpdateProjectResult:
        act = projects.update_project
        return edited(Project, await info.context.do(act, id, document(patch), expected_version))

    @strawberry.mutation(description="Delete a project with everything in it. Only for owners.")
    async def delete_project(self, info: Info, id: Id) -> Deletion:
        return deletion(await info.context.do(projects.delete_project, id))
