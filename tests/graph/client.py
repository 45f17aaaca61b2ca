"""A front end's normalized cache of a project, kept current by nothing but the project's events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from copy import deepcopy
from typing import Any

from models import Feed
from resolvers import api
from schema.cursor import feed_cursor
from tests.conftest import Home
from tests.graph.board import ask

Entity = dict[str, Any]
Cache = dict[str, Entity]
SOON = 20.0

FIELDS = """
fragment Derived on Project {
  id redesignStatus
  progress {
    totalScenes totalShots shotsWithSelections shotsWithAnimations
    selectionProgress animationProgress isSelectionComplete isAnimationComplete
  }
}
fragment ProjectFields on Project {
  __typename id title prompt promptPlannerData workflowVersion frameRate
  version createdAt updatedAt client { id } script { id }
}
fragment SceneFields on Scene {
  __typename id rank label title description version createdAt updatedAt project { id }
  dialogue { character lines }
}
fragment ShotFields on Shot {
  __typename id rank label description initialPrompt type status version createdAt updatedAt
  generation { prompt negativePrompt model parameters { steps cfgScale width height seed } }
  timing { duration inPoint outPoint transition }
  camera { framing angle movement { type } }
  scene { id } project { id }
}
fragment ImageFields on Image {
  __typename id iterationNumber variantNumber iterationPrompt status imageUrl thumbnailUrl blurhash
  width height externalId isFavorite metadata version createdAt updatedAt
  parentImage { id } shot { id } job { id }
}
fragment SelectionFields on StoryboardSelection {
  __typename id animationStatus animatedVideoUrl externalVideoId version createdAt updatedAt
  shot { id } selectedImage { id } animationJob { id }
}
fragment JobFields on Job {
  __typename id kind status phase progress step totalSteps attempt maxAttempts renderer model
  externalId previewUrl createdAt startedAt finishedAt
  error { code message } asset { id } batch { id }
}
fragment SnapshotFields on Snapshot {
  __typename id version baseVersion checksum metadata createdAt updatedAt project { id }
  inside: scenes { data } outside: elements { data }
  stats { sceneCount elementCount wordCount estimatedTokens storedBytes }
}
"""
EVERYTHING = (
    FIELDS
    + """
query($id: ID!, $jobsAfter: String) {
  project(id: $id) {
    cursor ...ProjectFields ...Derived
    scenes {
      ...SceneFields sceneNumber storyboardComplete
      shots {
        ...ShotFields shotNumber images { ...ImageFields } selection { ...SelectionFields }
      }
    }
    snapshots(first: 200) { edges { node { ...SnapshotFields } } pageInfo { hasNextPage } }
    jobs(first: 200, after: $jobsAfter) {
      edges { node { ...JobFields } } pageInfo { hasNextPage endCursor }
    }
  }
}"""
)
FOLLOW = (
    FIELDS
    + """
subscription($id: ID!, $after: Cursor!) {
  projectEvents(projectId: $id, after: $after) {
    ... on ProjectChanges {
      cursor
      events {
        __typename cursor kind subjectId changed idempotencyKey project { ...Derived }
        ... on ProjectEvent { project { ...ProjectFields } }
        ... on SceneEvent { scene { ...SceneFields } }
        ... on ShotEvent { shot { ...ShotFields } }
        ... on ImageEvent { image { ...ImageFields } }
        ... on StoryboardEvent { selection { ...SelectionFields } }
        ... on JobEvent { job { ...JobFields } }
        ... on SnapshotEvent { snapshot { ...SnapshotFields } }
        ... on RemovedEvent { deleted }
      }
    }
  }
}"""
)
SUBJECTS = ("scene", "shot", "image", "selection", "job", "snapshot")
CHILDREN = ("scenes", "shots", "images", "selection", "jobs", "snapshots")
WITH_EVERY_CHANGE = {"version", "updatedAt"}
PLACE = {"sceneNumber": "rank", "shotNumber": "rank"}
"""A place has two names: the number that people see, and the rank that sorts."""
NOT_IN_THE_LOG = {"phase", "progress", "step", "totalSteps", "previewUrl"}
"""What jobs show while they run."""


@asynccontextmanager
async def a_client(home: Home, project_id: str) -> AsyncGenerator[Client]:
    """Fetched the project once and follows it: it has been told the last event again."""
    before = feed_cursor(project_id, (await Feed.get(id=project_id)).head - 1)
    async with aclosing(follow(home, project_id, before)) as stream, asyncio.timeout(SOON):
        client = Client(home, project_id, stream)
        client.cursor, fetched = await client.fetch()
        client.cache = {row_id: stored(entity) for row_id, entity in fetched.items()}
        assert (await anext(stream))["cursor"] == client.cursor
        yield client


async def follow(home: Home, project_id: str, after: str) -> AsyncGenerator[Any]:
    variables = {"id": project_id, "after": after}
    results = await api.stream(FOLLOW, variables, context_value=home.context())
    async with aclosing(results):
        async for found in results:
            result: Any = found
            assert not result.errors, result.errors
            yield result.data["projectEvents"]


class Copy:
    """What a front end knows of a project: what it fetched once and what the events told since."""

    def __init__(self, project_id: str) -> None:
        self.project_id = project_id
        self.cursor = ""
        self.cache: Cache = {}
        self.events: list[Any] = []

    def take(self, changes: Any) -> None:
        """Apply one frame of the subscription."""
        self.cursor = changes["cursor"]
        self.events += changes["events"]
        for event in changes["events"]:
            self._apply(event)

    def _apply(self, event: Any) -> None:
        for gone in event.get("deleted", ()):
            self.cache.pop(gone, None)
            for entity in self.cache.values():
                entity.update({name: None for name, at in entity.items() if at == {"id": gone}})
        for subject in filter(None, map(event.get, SUBJECTS)):
            self.cache[subject["id"]] = subject
        if event["project"] is not None:
            self.cache.setdefault(self.project_id, {}).update(event["project"])

    def shown(self) -> Cache:
        """With what a front end derives: numbers from ranks, completeness from choices."""
        shown = deepcopy(self.cache)
        chosen = {e["shot"]["id"] for e in of_type(shown, "StoryboardSelection")}
        for _, scenes in siblings(shown, "Scene", "project"):
            for number, scene in enumerate(scenes, 1):
                scene |= {"sceneNumber": number, "storyboardComplete": False}
        for scene_id, shots in siblings(shown, "Shot", "scene"):
            for number, shot in enumerate(shots, 1):
                shot["shotNumber"] = number
            complete = all(shot["id"] in chosen for shot in shots)
            shown[scene_id]["storyboardComplete"] = complete
        return shown


class Client(Copy):
    """Keeps its copy current inside the process of the test."""

    def __init__(self, home: Home, project_id: str, stream: AsyncGenerator[Any]) -> None:
        super().__init__(project_id)
        self.home = home
        self.stream = stream

    async def catch_up(self) -> None:
        """Apply every event since, as the subscription delivers them."""
        goal, _ = await self.fetch()
        while self.cursor != goal:
            changes = await anext(self.stream, None)
            if changes is None:
                return  # the project is gone
            self.take(changes)

    async def fetch(self) -> tuple[str, Cache]:
        """What a query says now, and the cursor to follow from."""
        found = (await ask(self.home, EVERYTHING, id=self.project_id))["project"]
        if found is None:
            return "", {}
        for pages in ("jobs", "snapshots"):
            assert found[pages]["pageInfo"]["hasNextPage"] is False
        return found.pop("cursor"), {entity["id"]: entity for entity in entities(found)}


def entities(tree: Entity) -> Iterator[Entity]:
    """Each thing of a tree by itself, naming its parents and not its children."""
    yield {name: value for name, value in tree.items() if name not in CHILDREN}
    for name in CHILDREN:
        below = tree.get(name) or []
        if isinstance(below, dict):
            below = [edge["node"] for edge in below["edges"]] if "edges" in below else [below]
        for child in below:
            yield from entities(child)


def stored(entity: Entity) -> Entity:
    """Without what a front end derives by itself."""
    derived = ("sceneNumber", "shotNumber", "storyboardComplete")
    return {name: value for name, value in entity.items() if name not in derived}


def of_type(cache: Cache, typename: str) -> list[Entity]:
    return [entity for entity in cache.values() if entity["__typename"] == typename]


def siblings(cache: Cache, typename: str, parent: str) -> Iterator[tuple[str, list[Entity]]]:
    """By the id of each parent, its children in order."""
    found: dict[str, list[Entity]] = {}
    for entity in of_type(cache, typename):
        found.setdefault(entity[parent]["id"], []).append(entity)
    for parent_id, children in found.items():
        yield parent_id, sorted(children, key=lambda entity: str(entity["rank"]))


def differing(before: Any, after: Any, path: str = "") -> set[str]:
    """Paths at which two answers differ, as deep as both have fields."""
    if isinstance(before, Mapping) and isinstance(after, Mapping) and "id" not in before:
        below = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        return {p for n in below for p in differing(before.get(n), after.get(n), f"{path}.{n}")}
    return set() if before == after else {path.lstrip(".")}


def misnamed(
    before: Cache, after: Cache, events: list[Any]
) -> dict[str, tuple[set[str], set[str]]]:
    """Of each thing only updated or moved: what differs untold, what is told for nothing.

    What was told more than once may have changed and changed back.
    """
    wrong: dict[str, tuple[set[str], set[str]]] = {}
    for subject_id in {event["subjectId"] for event in events}:
        own = [event for event in events if event["subjectId"] == subject_id]
        if subject_id in after and {event["kind"] for event in own} <= {"UPDATED", "MOVED"}:
            silent = WITH_EVERY_CHANGE | derived_of(after[subject_id])
            one, other = (without(c[subject_id], silent) for c in (before, after))
            paths = {path for name in one for path in differing(one[name], other[name], name)}
            told = {PLACE.get(name, name) for event in own for name in event["changed"]} - silent
            untold = {path for path in paths if not any(covers(name, path) for name in told)}
            needless = {name for name in told if not any(covers(name, path) for path in paths)}
            needless = needless if len(own) == 1 else set()
            if untold or needless:
                wrong[subject_id] = (untold, needless)
    return wrong


def derived_of(entity: Entity) -> set[str]:
    numbers = {"sceneNumber", "shotNumber", "storyboardComplete", "redesignStatus"}
    return NOT_IN_THE_LOG if entity["__typename"] == "Job" else numbers | {"progress"}


def without(entity: Entity, names: set[str]) -> Entity:
    return {name: value for name, value in entity.items() if name not in names}


def covers(name: str, path: str) -> bool:
    return path == name or path.startswith(f"{name}.")
