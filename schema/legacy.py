from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

import models

from .asset import Asset
from .node import Node
from .size import expected
from .view import View, up

if TYPE_CHECKING:
    from .project import Project


@strawberry.type(description="Something in a document that could not be carried over.")
class LegacyProblem:
    path: str = strawberry.field(description="Where it is, such as `$.scenes[3].imageUrl`.")
    message: str = strawberry.field(description="What became of it.")


DIFFERS = LegacyProblem(
    path="$",
    message="Another document with this id was migrated before; this one changed nothing.",
)


@strawberry.type(description="How a document of the first version became a project.")
class LegacyMigration(View[models.LegacyMigration], Node):
    scenes: int = strawberry.field(description="How many scenes were made of it.")
    shots: int = strawberry.field(description="How many shots were made of it.")
    created_at: datetime = strawberry.field(description="When that was.")
    project: Annotated["Project", strawberry.lazy(".project")] = up(
        models.Project, by="project_id", description="The project, as it is now."
    )
    document: Asset = up(
        models.Asset, by="document_id", description="The whole document, as JSON to download."
    )
    differs: strawberry.Private[bool] = False

    @strawberry.field(
        metadata=expected(20),
        description="What could not be mapped; of more than 500, the first and how many more.",
    )
    def problems(self) -> list[LegacyProblem]:
        told = [LegacyProblem(**problem) for problem in self.row.problems]
        return [DIFFERS, *told] if self.differs else told
