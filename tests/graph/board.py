"""The whole board in one request, boards of any size to ask for, and what the asking costs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from models import (
    Feed,
    Image,
    Job,
    JobBatch,
    JobKind,
    JobStatus,
    MediaStatus,
    Project,
    Scene,
    Shot,
    StoryboardSelection,
)
from models.rank import spread
from resolvers import api
from services.actor import Actor
from tests.conftest import Home

BOARD = """query($id: ID!) {
  project(id: $id) {
    id title prompt promptPlannerData workflowVersion redesignStatus version cursor
    progress { totalScenes totalShots selectionProgress }
    scenes {
      id sceneNumber label title description version storyboardComplete project { id }
      shots {
        id shotNumber description generation { prompt parameters { steps } }
        timing { duration transition } camera { framing movement { type } }
        scene { id } project { id } selectedImage { id } latestIterationNumber
        images {
          id iterationNumber variantNumber status imageUrl thumbnailUrl
          parentImage { id } shot { id } job { id progress }
        }
        selection { id shot { id } selectedImage { id imageUrl } animationStatus animatedVideoUrl }
      }
    }
  }
}"""


async def ask(
    home: Home, document: str, actor: Actor | None = None, **variables: Any
) -> dict[str, Any]:
    result = await api.execute(document, variables, context_value=home.context(actor))
    assert not result.errors, result.errors
    assert result.data is not None
    return result.data


async def a_board(home: Home, scenes: int, shots: int, images: int) -> Project:
    """A project where every shot has a chosen image and every other image refines the first."""
    client_id = next(iter(home.owner.roles))
    project = await Project.create(client_id=client_id, title="Board", prompt="p")
    await Feed.create(id=project.id)
    batch = await JobBatch.create(project_id=project.id, kind=JobKind.IMAGE, input_hash="x")
    of = {"project_id": project.id}
    ranks = spread(None, None, scenes)
    scene_rows = [Scene(rank=rank, title="EXT. CITY", **of) for rank in ranks]
    await Scene.bulk_create(scene_rows)
    shot_rows = [
        Shot(scene_id=scene.id, rank=rank, description="A shot", timing={"duration": 48}, **of)
        for scene in scene_rows
        for rank in spread(None, None, shots)
    ]
    await Shot.bulk_create(shot_rows)
    jobs, image_rows, selections = [], [], []
    for shot in shot_rows:
        first = None
        for variant in range(images):
            job = Job(batch_id=batch.id, kind=JobKind.IMAGE, subject_id="", renderer="local", **of)
            job.status = JobStatus.COMPLETE
            image = Image(
                shot_id=shot.id,
                iteration_number=0,
                variant_number=variant,
                iteration_prompt="Dusk",
                status=MediaStatus.COMPLETE,
                source_url="https://example.org/a.png",
                parent_image_id=first.id if first else None,
                job_id=job.id,
                **of,
            )
            first = first or image
            jobs.append(job)
            image_rows.append(image)
        if first is not None:
            selections.append(StoryboardSelection(shot_id=shot.id, image_id=first.id, **of))
    await Job.bulk_create(jobs, batch_size=500)
    await Image.bulk_create(image_rows, batch_size=500)
    await StoryboardSelection.bulk_create(selections, batch_size=500)
    return project


class Statements(logging.Handler):
    """Remembers every statement that Tortoise hands to a database connection."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements run inside the block."""
    logger, handler = logging.getLogger("tortoise.db_client"), Statements()
    level, logger.propagate = logger.level, False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield handler.seen
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = True
