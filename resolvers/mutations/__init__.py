"""The verbs that change something, a class for each capability."""

import strawberry
from strawberry.types import get_object_definition

from ..rationing import Rationed
from .images import ImageMutations
from .jobs import JobMutations
from .legacy import LegacyMutations
from .members import MemberMutations
from .operations import OperationMutations
from .presence import PresenceMutations
from .projects import ProjectMutations
from .restoring import RestoringMutations
from .scenes import SceneMutations
from .screenplays import ScreenplayMutations
from .shots import ShotMutations
from .snapshots import SnapshotMutations
from .storyboard import StoryboardMutations


@strawberry.type(description="Changes. Each field is one transaction, one after another.")
class Mutation(
    ProjectMutations,
    SceneMutations,
    ShotMutations,
    ImageMutations,
    StoryboardMutations,
    JobMutations,
    MemberMutations,
    RestoringMutations,
    PresenceMutations,
    OperationMutations,
    LegacyMutations,
    SnapshotMutations,
    ScreenplayMutations,
):
    pass


for field in get_object_definition(Mutation, strict=True).fields:
    field.extensions.append(Rationed())
