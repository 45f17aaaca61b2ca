"""Mutations as they are written in a document, on the rows of a stage."""

from __future__ import annotations

from collections.abc import Callable

from models import (
    Image,
    Job,
    Project,
    Shot,
    StoryboardSelection,
)
from tests.graph.stage import Stage

PICTURE = "{ width: 320, height: 320 }"
MIGRATE = (
    'migrateLegacyProject(input: { document: { id: "old", scenes: [{ prompt: "x" }] } }) { id }'
)


def edit(kind: str, row: str, patch: str) -> Callable[[Stage], str]:
    def call(stage: Stage) -> str:
        row_id = getattr(stage, row).id
        return f'update{kind}(id: "{row_id}", patch: {{ {patch} }}) {{ __typename }}'

    return call


def batch(operations: str, *more: str) -> str:
    given = ", ".join([f"operations: [{operations}]", *more])
    return f"applyOperations({given}) {{ committed }}"


def bring(project: Project | None) -> str:
    into = f'projectId: "{project.id}"' if project else ""
    script = "INT. A\\n\\nOne.\\n\\nANNA\\nHello.\\n\\nEXT. B #2#\\n"
    return f'importScreenplay(input: {{ {into} text: "{script}", createShots: true }}) {{ id }}'


def revise(stage: Stage, mode: str) -> str:
    """One scene more, one in another place with other words, one less."""
    script = "EXT. B #2#\\n\\nTwo.\\n\\nINT. NEW\\n\\nRain.\\n\\nINT. A #1#\\n\\nOne more.\\n"
    given = f'projectId: "{stage.project.id}", mode: {mode}, text: "{script}"'
    return f"reimportScreenplay(input: {{ {given} }}) {{ applied }}"


def retry(job: Job) -> str:
    return f'retryJob(id: "{job.id}") {{ id }}'


def choose(shot: Shot, image: Image) -> str:
    return f'selectMasterShot(input: {{ shotId: "{shot.id}", imageId: "{image.id}" }}) {{ id }}'


def clear(shot: Shot) -> str:
    return f'clearMasterShot(shotId: "{shot.id}") {{ id }}'


def delete(kind: str, row_id: str) -> str:
    return f'delete{kind}(id: "{row_id}") {{ restoreId }}'


def of(project: Project) -> str:
    return f'projectId: "{project.id}"'


def snap(project: Project, given: str) -> str:
    scenes = 'scenes: [{ heading: "EXT. PIER", elements: [{ type: "action", text: "Rain." }] }]'
    return f"storeSnapshot(input: {{ {of(project)}, {scenes}, {given} }}) {{ __typename }}"


def patch(project: Project, patches: str) -> str:
    given = f"{of(project)}, scenes: [{patches}]"
    return f"patchSnapshotScenes(input: {{ {given} }}) {{ __typename }}"


def describe(project: Project, metadata: str) -> str:
    return f"updateSnapshotMetadata({of(project)}, metadata: {metadata}) {{ id }}"


def unsnap(project: Project, version: int | None = None) -> str:
    which = f", version: {version}" if version else ""
    return f"deleteSnapshot({of(project)}{which}) {{ id }}"


def restore(stage: Stage) -> str:
    """What was deleted first."""
    restore_id = next(found["restoreId"] for found in stage.answers.values())
    return f'restore(restoreId: "{restore_id}") {{ id }}'


def report(selection: StoryboardSelection, patch: str) -> str:
    given = f'selectionId: "{selection.id}", patch: {{ {patch} }}'
    return f"updateStoryboardAnimation({given}) {{ id }}"


def draw(shot: Shot) -> str:
    given = f'shotId: "{shot.id}", count: 2, parameters: {PICTURE}'
    return f"generateImages(input: {{ {given} }}) {{ id }}"


def refine(image: Image) -> str:
    given = f'imageId: "{image.id}", prompt: "At dawn", count: 1, parameters: {PICTURE}'
    return f"refineImage(input: {{ {given} }}) {{ id }}"


def animate(selection: StoryboardSelection) -> str:
    return f'animate(input: {{ selectionIds: ["{selection.id}"], duration: 0.1 }}) {{ id }}'


def export(project: Project) -> str:
    return f'exportProject(input: {{ projectId: "{project.id}", format: MP4 }}) {{ id }}'


def invite(stage: Stage) -> str:
    given = f'clientId: "{stage.project.client_id}", role: VIEWER'
    return f"inviteMember(input: {{ {given} }}) {{ invitation {{ id }} }}"


def member(stage: Stage) -> str:
    return f'clientId: "{stage.guest.client_id}", userId: "{stage.guest.user_id}"'
