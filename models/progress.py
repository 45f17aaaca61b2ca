"""How far projects are, counted from the rows. Nothing here is ever stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .database import marks, statement


class RedesignStatus(StrEnum):
    PROMPT_PLANNING = "PROMPT_PLANNING"
    SCENES_SETUP = "SCENES_SETUP"
    SHOT_ITERATION = "SHOT_ITERATION"
    STORYBOARD_FINAL = "STORYBOARD_FINAL"
    ANIMATION_COMPLETE = "ANIMATION_COMPLETE"


@dataclass(frozen=True)
class ProjectProgress:
    """Counts of one project; percentages have one decimal and are 0 where there is no shot."""

    total_scenes: int
    total_shots: int
    total_images: int
    shots_with_selections: int
    shots_with_animations: int

    @property
    def selection_progress(self) -> float:
        return self._percent(self.shots_with_selections)

    @property
    def animation_progress(self) -> float:
        return self._percent(self.shots_with_animations)

    @property
    def is_selection_complete(self) -> bool:
        return 0 < self.total_shots == self.shots_with_selections

    @property
    def is_animation_complete(self) -> bool:
        return 0 < self.total_shots == self.shots_with_animations

    @property
    def status(self) -> RedesignStatus:
        """The stage that follows from the counts."""
        if self.is_animation_complete:
            return RedesignStatus.ANIMATION_COMPLETE
        if self.is_selection_complete:
            return RedesignStatus.STORYBOARD_FINAL
        if self.total_images:
            return RedesignStatus.SHOT_ITERATION
        return RedesignStatus.SCENES_SETUP if self.total_scenes else RedesignStatus.PROMPT_PLANNING

    def _percent(self, shots: int) -> float:
        return round(100 * shots / self.total_shots, 1) if self.total_shots else 0.0


COUNTS = """
SELECT project.id,
  (SELECT COUNT(*) FROM scene WHERE project_id = project.id) AS total_scenes,
  (SELECT COUNT(*) FROM shot WHERE project_id = project.id) AS total_shots,
  (SELECT COUNT(*) FROM image WHERE project_id = project.id) AS total_images,
  (SELECT COUNT(*) FROM storyboard_selection WHERE project_id = project.id)
    AS shots_with_selections,
  (SELECT COUNT(*) FROM storyboard_selection
    WHERE project_id = project.id AND animation_status = 'COMPLETE') AS shots_with_animations
FROM project WHERE project.id IN ({marks})
"""


async def progress_of_projects(project_ids: Sequence[str]) -> list[ProjectProgress]:
    """The counts of each project, in order; a missing project counts nothing."""
    rows = await statement(COUNTS.format(marks=marks(len(project_ids))), project_ids)
    found = {row.pop("id"): ProjectProgress(**row) for row in rows}
    return [found.get(project_id, ProjectProgress(0, 0, 0, 0, 0)) for project_id in project_ids]


UNCHOSEN = """
SELECT shot.scene_id AS id, COUNT(*) AS shots, COUNT(storyboard_selection.id) AS chosen
FROM shot LEFT JOIN storyboard_selection ON storyboard_selection.shot_id = shot.id
WHERE shot.scene_id IN ({marks}) GROUP BY shot.scene_id
"""


async def scenes_complete(scene_ids: Sequence[str]) -> list[bool]:
    """Whether each scene has shots and every one of them a chosen image."""
    rows = await statement(UNCHOSEN.format(marks=marks(len(scene_ids))), scene_ids)
    complete = {row["id"] for row in rows if row["shots"] == row["chosen"]}
    return [scene_id in complete for scene_id in scene_ids]
