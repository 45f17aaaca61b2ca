"""What an operation of a batch may do: the use cases by the names of their mutations, each with
the arguments of its mutation as one document; where that takes an `input`, with the input.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from . import images, projects, restoring, scenes, shots, storyboard
from .checks import Document
from .work import Work

Verb = Callable[[Work, Document], Awaitable[Any]]


def _less(given: Document, *names: str) -> dict[str, Any]:
    """The fields of what is made, without those that are handed over by themselves."""
    return {name: value for name, value in given.items() if name not in names}


def _create_scene(work: Work, given: Document) -> Awaitable[Any]:
    fields = _less(given, "projectId", "sceneNumber", "shots")
    place, added = given.get("sceneNumber"), given.get("shots")
    return scenes.create_scene(work, given["projectId"], fields, place, added)


def _create_shot(work: Work, given: Document) -> Awaitable[Any]:
    fields = _less(given, "sceneId", "shotNumber")
    return shots.create_shot(work, given["sceneId"], fields, given.get("shotNumber"))


def _register_images(work: Work, given: Document) -> Awaitable[Any]:
    return images.register_images(
        work,
        given["shotId"],
        given["iterationPrompt"],
        given["images"],
        iteration=given.get("iterationNumber"),
        parent_id=given.get("parentImageId"),
    )


def _editing(update: Callable[..., Awaitable[Any]]) -> Verb:
    return lambda work, given: update(
        work, given["id"], given["patch"], given.get("expectedVersion")
    )


def _with(act: Callable[..., Awaitable[Any]], *names: str) -> Verb:
    """A use case that takes these, each as it is."""
    return lambda work, given: act(work, *(given.get(name) for name in names))


VERBS: Mapping[str, Verb] = {
    "createProject": projects.create_project,
    "updateProject": _editing(projects.update_project),
    "deleteProject": _with(projects.delete_project, "id"),
    "createScene": _create_scene,
    "updateScene": _editing(scenes.update_scene),
    "moveScene": _with(scenes.move_scene, "id", "sceneNumber"),
    "deleteScene": _with(scenes.delete_scene, "id"),
    "createShot": _create_shot,
    "updateShot": _editing(shots.update_shot),
    "moveShot": _with(shots.move_shot, "id", "shotNumber", "sceneId"),
    "deleteShot": _with(shots.delete_shot, "id"),
    "registerImages": _register_images,
    "updateImage": _with(images.update_image, "id", "patch"),
    "setFavorite": _with(images.set_favorite, "imageId", "isFavorite"),
    "deleteImage": _with(images.delete_image, "id"),
    "selectMasterShot": _with(storyboard.select_master_shot, "shotId", "imageId"),
    "clearMasterShot": _with(storyboard.clear_master_shot, "shotId"),
    "updateStoryboardAnimation": _with(
        storyboard.update_storyboard_animation, "selectionId", "patch"
    ),
    "restore": _with(restoring.restore, "restoreId"),
}
