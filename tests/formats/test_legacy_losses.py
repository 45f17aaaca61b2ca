"""What of a document of the first version is cut, left out or refused, and that it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.formats.legacy import NotLegacy, TooLarge, read_legacy
from services.legacy import BOUNDS, legacy_document
from tests.formats.legacy_documents import SCENE, A, B, V, W, read, told

LOST = {
    "an unknown field": ({"mood": "calm"}, "$.scenes[1].mood"),
    "a name with spaces": ({"my mood": 1}, '$.scenes[1]["my mood"]'),
    "an address that is none": ({"imageUrl": "a.png"}, "$.scenes[1].imageUrl"),
    "data in an address": ({"image": "data:image/png;base64,AA=="}, "$.scenes[1].image"),
    "an object without an address": ({"images": [A, {"id": 1}]}, "$.scenes[1].images[1]"),
    "a picture that is a number": ({"images": [A, 5]}, "$.scenes[1].images[1]"),
    "a video without a picture": ({"video": V}, "$.scenes[1].video"),
    "a second video": ({"image": A, "videos": [V, {"url": W}]}, "$.scenes[1].videos[1]"),
    "a choice of nothing": ({"image": A, "selectedImageId": "y"}, "$.scenes[1].selectedImageId"),
    "pictures without a choice": ({"images": [A, B]}, "$.scenes[1]"),
    "two choices": (
        {"images": [{"url": A, "selected": 1}, {"url": B, "selected": 1}]},
        "$.scenes[1]",
    ),
    "a long title": ({"title": "x" * 201}, "$.scenes[1].title"),
    "a title that is none": ({"title": ["x"]}, "$.scenes[1].title"),
    "a duration that is none": ({"duration": "long"}, "$.scenes[1].duration"),
    "a duration of the clock": ({"duration": "0:05"}, "$.scenes[1].duration"),
    "an endless duration": ({"duration": 601}, "$.scenes[1].duration"),
    "a negative duration": ({"duration": "-5"}, "$.scenes[1].duration"),
    "an order that is none": ({"order": "last"}, "$.scenes[1].order"),
    "a camera of strange words": ({"camera": "wide, xyzzy"}, "$.scenes[1].camera"),
    "a camera of strange fields": ({"camera": {"lens": 50}}, "$.scenes[1].camera.lens"),
    "a camera that is none": ({"camera": 7}, "$.scenes[1].camera"),
    "shots that are none": ({"shots": "many"}, "$.scenes[1].shots"),
    "a shot that is none": ({"shots": [{"prompt": "x"}, 5]}, "$.scenes[1].shots[1]"),
    "another value under another spelling": (
        {"imagePrompt": "a", "image_prompt": "b"},
        "$.scenes[1].image_prompt",
    ),
}


@pytest.mark.parametrize(("fields", "path"), LOST.values(), ids=LOST)
def test_what_cannot_be_used_is_told_of_and_the_scene_stays(
    fields: dict[str, Any], path: str
) -> None:
    project = read({"scenes": [{"title": "First"}, {"text": "x"} | fields]})
    assert list(told(project)) == [path]
    assert len(project.scenes) == 2


def test_a_scene_that_is_none_is_told_of_and_left_out() -> None:
    project = read([None, {"title": "Roof"}, 5, [], True])
    assert len(project.scenes) == 1
    assert list(told(project)) == ["$[0]", "$[2]", "$[3]", "$[4]"]


def test_what_is_too_long_is_cut() -> None:
    [scene] = read([{"title": "x" * 300, "text": "y" * 30_000}]).scenes
    assert scene.given["title"] == "x" * 199 + "…"
    assert len(scene.given["description"]) == 20_000


def test_of_many_problems_the_first_are_listed_and_the_others_counted() -> None:
    project = read([{"title": "x", "mood": "calm"}] * 502)
    assert len(project.problems) == 501
    assert project.problems[-1].path == "$"
    assert project.problems[-1].message.startswith("2 further")


NONE: list[Any] = [
    *[None, True, 7, 1.5, "scenes", {}, [], [5], [None], [[]], {"scenes": []}, {"scenes": 7}],
    *[{"a": 1}, {"project": None}, {"data": {"data": {"data": {"data": {"title": "x"}}}}}],
]


@pytest.mark.parametrize("document", NONE, ids=ascii)
def test_a_document_without_scenes_or_title_is_none(document: Any) -> None:
    with pytest.raises(NotLegacy, match="neither scenes nor a title"):
        read(document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (["x"] * 2_001, r"\$: at most 2,000, not 2,001"),
        ([{"shots": ["x"] * 1_001}], r"\$\[0\]\.shots: at most 1,000"),
        ([{"images": [f"{A}?{n}" for n in range(1_000)]}], r"\$\[0\]: at most 999 images"),
    ],
)
def test_more_than_a_project_may_have_is_refused(document: Any, message: str) -> None:
    with pytest.raises(TooLarge, match=message):
        read(document)


def test_all_together_have_a_limit_too() -> None:
    few = replace(BOUNDS, things=10)
    assert read_legacy([{"shots": ["x"] * 2}] * 3, few)  # three scenes, six shots
    assert read_legacy([{"images": [A, B]}] * 2, few)  # and a choice each
    with pytest.raises(TooLarge, match=r"^\$\[3\].*: at most 10 scenes, shots and images in all"):
        read_legacy([{"shots": ["x"] * 2}] * 4, few)


NAMES = st.sampled_from(
    [
        *("id", "title", "prompt", "description", "scenes", "storyboard", "shots", "project"),
        *("data", "1", "2", "scene_3", "imageUrl", "images", "image_url", "url", "selected"),
        *("selectedImage", "videoUrl", "videos", "duration", "camera", "framing", "movement"),
        *("type", "order", "sceneNumber", "number", "label", "fps", "seed", "createdAt", "width"),
        *("$oid", "anything"),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([A, B, V, "1", "2.5s", "wide, pan", "Scene 3", 10**400, "9" * 5_000]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=40,
)


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(VALUES)
def test_no_json_does_anything_else_than_become_a_project_or_be_none(document: Any) -> None:
    try:
        project = read(document)
    except NotLegacy:
        return
    json.dumps(project.given)
    for shot in project.shots:
        assert shot.given["description"].strip()
        assert len({picture.url for picture in shot.media.pictures}) == len(shot.media.pictures)
        assert not shot.media.pictures or shot.media.chosen < len(shot.media.pictures)


def texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {text for inner in value.values() for text in texts(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in texts(inner)}
    return {value} if isinstance(value, str) and value.strip() else set()


SCENES = st.lists(
    st.dictionaries(
        NAMES.filter(lambda name: name not in ("id", "createdAt")),
        st.text("abcdefghijklmnopqrstuvwxyzäßж ", min_size=3),
        min_size=1,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(SCENES)
def test_every_text_of_a_scene_is_in_the_project_or_told_of(scenes: list[dict[str, str]]) -> None:
    project = read_legacy(scenes, replace(BOUNDS, problems=10_000))
    paths = " ".join(told(project))
    everything = repr([(scene.given, scene.shots) for scene in project.scenes])
    for index, scene in enumerate(scenes):
        for key, text in scene.items():
            assert text.strip() in everything or f"$[{index}]" in paths, (key, text)


def test_a_document_of_the_largest_size_is_read() -> None:
    scenes = [SCENE | {"camera": "wide", "text": "x" * 700} for _ in range(2_000)]
    document = legacy_document({"scenes": scenes}, "input.document")
    assert len(read(document).scenes) == 2_000
