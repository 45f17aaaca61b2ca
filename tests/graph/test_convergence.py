"""A client's old state with the events of a mutation is what a query says after the mutation."""

from __future__ import annotations

import random
import re
from contextlib import aclosing
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import DeletionRecord, Image, Job, JobBatch, Row, Scene, Shot, StoryboardSelection
from resolvers import api
from resolvers.errors import translate
from services.links import Links
from tests.conftest import LINKS_SECRET, Home
from tests.graph import calls
from tests.graph.cases import CASES
from tests.graph.client import a_client, follow, misnamed
from tests.graph.stage import Case, Stage, a_stage
from tests.making import in_a_studio


def still(home: Home) -> Home:
    """Links to assets made at different moments are alike."""
    return replace(home, links=Links(LINKS_SECRET, "", timedelta(hours=1), lambda: 0.0))


@pytest.fixture
async def stage(home: Home) -> Stage:
    return await a_stage(in_a_studio(still(home)))


def test_every_mutation_has_a_case() -> None:
    assert api._schema.mutation_type
    missing = set(api._schema.mutation_type.fields) - set(CASES)
    assert not missing, f"Show in CASES that a cache follows these mutations: {missing}"


EVERY_CASE = [
    pytest.param(case, id=f"{field}-{case.name}")
    for field, cases in CASES.items()
    for case in cases
]


@pytest.mark.parametrize("case", EVERY_CASE)
async def test_old_state_and_events_make_the_new_state(stage: Stage, case: Case) -> None:
    home = stage.home
    if case.before is not None:
        stage.answers = await act(home, case.before(stage))
        await home.queue.run(home.world)
    async with a_client(home, stage.project.id) as client:
        before = deepcopy(client.cache)

        await act(home, case.call(stage))
        if case.runs:
            await home.queue.run(home.world)

        await client.catch_up()
        _, fresh = await client.fetch()
        assert client.shown() == fresh
        wrong = misnamed(before, fresh, client.events)
        assert not wrong, f"By subject: what differs untold, what is told for nothing: {wrong}"


async def act(home: Home, call: str) -> Any:
    result = await api.execute(f"mutation {{ {call} }}", context_value=home.context())
    assert not result.errors, result.errors
    return result.data


async def test_a_client_that_saw_a_project_go_sees_it_come_back(stage: Stage) -> None:
    home, project_id = stage.home, stage.project.id
    async with a_client(home, project_id) as client:
        before = set(client.cache)
        stage.answers = await act(home, calls.delete("Project", project_id))
        await client.catch_up()
        assert client.cache == {}
        await act(home, calls.restore(stage))

        async with aclosing(follow(home, project_id, client.cursor)) as client.stream:
            await client.catch_up()
            _, fresh = await client.fetch()

        assert client.shown() == fresh
        assert fresh.keys() == before


ANYTHING = {
    "updateProject": 'updateProject(id: "{project}", patch: { title: "T{one}" }) { __typename }',
    "createScene": 'createScene(input: { projectId: "{project}", title: "S", sceneNumber: {one} })'
    " { id }",
    "updateScene": 'updateScene(id: "{scene}", patch: { label: "{two}" }) { __typename }',
    "moveScene": 'moveScene(id: "{scene}", sceneNumber: {two}) { id }',
    "deleteScene": 'deleteScene(id: "{scene}") { id }',
    "createShot": 'createShot(input: { sceneId: "{scene}", description: "x", shotNumber: {two} })'
    " { id }",
    "updateShot": 'updateShot(id: "{shot}", patch: { camera: { angle: "{two}" } }) { __typename }',
    "moveShot": 'moveShot(id: "{shot}", shotNumber: {one}, sceneId: "{scene}") { id }',
    "deleteShot": 'deleteShot(id: "{shot}") { id }',
    "registerImages": 'registerImages(input: { shotId: "{shot}", iterationPrompt: "x", images: ['
    '{ variantNumber: {one}, imageUrl: "https://example.org/{two}" }] }) { id }',
    "updateImage": 'updateImage(id: "{image}", patch: { externalId: "{two}" }) { id }',
    "setFavorite": 'setFavorite(imageId: "{image}", isFavorite: true) { id }',
    "setPresence": 'setPresence(input: { projectId: "{project}", focusId: "{shot}" }) { editing }',
    "deleteImage": 'deleteImage(id: "{image}") { id }',
    "selectMasterShot": 'selectMasterShot(input: { shotId: "{home}", imageId: "{image}" }) { id }',
    "clearMasterShot": 'clearMasterShot(shotId: "{shot}") { id }',
    "updateStoryboardAnimation": 'updateStoryboardAnimation(selectionId: "{selection}", patch: '
    "{ animationStatus: PROCESSING }) { id }",
    "generateImages": 'generateImages(input: { shotId: "{shot}", count: {two}, '
    "parameters: { width: 320, height: 320 } }) { id }",
    "refineImage": 'refineImage(input: { imageId: "{image}", prompt: "x", count: 1 }) { id }',
    "animate": 'animate(input: { projectId: "{project}", duration: 0.1 }) { id }',
    "exportProject": 'exportProject(input: { projectId: "{project}", format: MP4 }) { id }',
    "importScreenplay": 'importScreenplay(input: { projectId: "{project}", text: "INT. A" })'
    " { id }",
    "reimportScreenplay": 'reimportScreenplay(input: { projectId: "{project}", mode: APPLY, '
    'text: "INT. B{one}\\n\\nINT. A{two}" }) { applied }',
    "cancelJob": 'cancelJob(id: "{job}") { id }',
    "retryJob": 'retryJob(id: "{job}") { id }',
    "cancelBatch": 'cancelBatch(id: "{batch}") { id }',
    "storeSnapshot": 'storeSnapshot(input: { projectId: "{project}", scenes: [{ id: "{two}" }] })'
    " { __typename }",
    "patchSnapshotScenes": 'patchSnapshotScenes(input: { projectId: "{project}", scenes: '
    '[{ number: {one}, scene: { heading: "{two}" } }] }) { __typename }',
    "restoreSnapshot": 'restoreSnapshot(input: { projectId: "{project}", version: {two} }) { id }',
    "updateSnapshotMetadata": 'updateSnapshotMetadata(projectId: "{project}", '
    "metadata: { a: {one} }) { id }",
    "deleteSnapshot": 'deleteSnapshot(projectId: "{project}", version: {one}) { id }',
    "exportSnapshot": 'exportSnapshot(projectId: "{project}") { id }',
    "restore": 'restore(restoreId: "{deletion}") { id }',
    "applyOperations": "applyOperations(onError: REJECT_FAILED, operations: ["
    '{ ref: "a", createScene: { projectId: "{project}", title: "S", sceneNumber: {two} } } '
    '{ moveShot: { id: "{shot}", shotNumber: {one}, sceneId: "$a" } } '
    '{ deleteImage: { id: "{image}" } } { restore: { restoreId: "{deletion}" } }'
    "]) { committed }",
}
NOT_AT_RANDOM = {
    "createProject": "is another project's",
    "migrateLegacyProject": "is another project's",
    "deleteProject": "ends the sequence",
    "inviteMember": "is about a client, which has no feed",
    "acceptInvitation": "too",
    "revokeInvitation": "too",
    "changeMemberRole": "too",
    "removeMember": "too",
}
RANDOMLY_NAMED: dict[str, type[Row]] = {
    "scene": Scene,
    "shot": Shot,
    "image": Image,
    "selection": StoryboardSelection,
    "job": Job,
    "batch": JobBatch,
    "deletion": DeletionRecord,
}
WORK = "the worker runs"
NAMELESS = re.compile(r"{\w+}")
"""A place in a call that no row fills."""


def test_every_mutation_can_come_at_random() -> None:
    assert set(ANYTHING) | set(NOT_AT_RANDOM) == set(CASES)


@settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32))
async def test_a_client_that_slept_through_anything_catches_up(home: Home, seed: int) -> None:
    dice = random.Random(seed)
    home = in_a_studio(still(home))
    stage = await a_stage(home)
    async with a_client(home, stage.project.id) as client:
        for _ in range(25):
            act = dice.choice([*ANYTHING, WORK])
            if act == WORK:
                await home.queue.run(home.world)
            else:
                await attempt(home, await filled(ANYTHING[act], stage.project.id, dice))
        await client.catch_up()
        assert client.shown() == (await client.fetch())[1]


async def filled(call: str, project_id: str, dice: random.Random) -> str:
    """The call on rows that exist now; on the project where there is nothing of a kind any more."""
    words: dict[str, object] = {"project": project_id}
    words |= {name: dice.randint(1, 3) for name in ("one", "two")}
    for name, model in RANDOMLY_NAMED.items():
        rows = await model.filter(project_id=project_id).order_by("id")
        if rows:
            row = dice.choice(rows)
            words[name] = row.id
            words |= {"home": row.shot_id} if isinstance(row, Image) else {}
    return NAMELESS.sub(lambda word: str(words.get(word[0][1:-1], project_id)), call)


async def attempt(home: Home, call: str) -> None:
    """Do it, or be refused; nothing else may happen."""
    result = await api.execute(f"mutation {{ {call} }}", context_value=home.context())
    codes = {(error.extensions or {})["code"] for error in translate(result.errors or [])}
    assert codes <= {"CONFLICT", "NOT_FOUND", "INVALID_INPUT", "LIMIT_EXCEEDED"}, result.errors
