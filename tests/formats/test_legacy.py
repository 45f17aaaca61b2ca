"""Documents of the first version, in every shape that docs/LEGACY.md names."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.formats import legacy, legacy_camera, legacy_media
from services.formats.legacy import LegacyProject, LegacyShot, NotLegacy, TooLarge, read_legacy
from services.formats.loose import SPELLING
from services.legacy import BOUNDS, legacy_document

ROOT = Path(__file__).parents[2]

A, B, C = (f"https://example.org/{name}.png" for name in "abc")
V, W = "https://example.org/v.mp4", "https://example.org/w.mp4"


def read(document: object) -> LegacyProject:
    return read_legacy(document, BOUNDS)


def told(project: LegacyProject) -> dict[str, str]:
    return {problem.path: problem.message for problem in project.problems}


def the_shot(project: LegacyProject) -> LegacyShot:
    [scene] = project.scenes
    [shot] = scene.shots
    return shot


SCENE = {"title": "Roof", "prompt": "A roof at night", "imageUrl": A, "videoUrl": V}
OTHER = {"title": "Street", "prompt": "A street", "imageUrl": B}

SAME = {
    "scenes": {"scenes": [SCENE, OTHER]},
    "storyboard": {"storyboard": [SCENE, OTHER]},
    "shots": {"shots": [SCENE, OTHER]},
    "frames": {"frames": [SCENE, OTHER]},
    "panels": {"panels": [SCENE, OTHER]},
    "a bare list": [SCENE, OTHER],
    "keyed by number": {"scenes": {"1": SCENE, "2": OTHER}},
    "keyed by number out of order": {"scenes": {"2": OTHER, "1": SCENE}},
    "keyed by words": {"scenes": {"scene_1": SCENE, "scene_2": OTHER}},
    "keyed at the top": {"1": SCENE, "2": OTHER},
    "in a project": {"project": {"scenes": [SCENE, OTHER]}},
    "in data": {"data": {"scenes": [SCENE, OTHER]}},
    "as an API answers": {"data": {"project": {"scenes": [SCENE, OTHER]}}},
    "a list in data": {"data": [SCENE, OTHER]},
    "in an object of the storyboard": {"storyboard": {"scenes": [SCENE, OTHER]}},
    "beside the project": {"project": {"id": 1}, "scenes": [SCENE, OTHER]},
    "by order": {"scenes": [OTHER | {"order": 2}, SCENE | {"order": 1}]},
    "by order from zero": {"scenes": [OTHER | {"order": 1}, SCENE | {"order": 0}]},
    "by numbers as text": {"scenes": [OTHER | {"number": "2"}, SCENE | {"number": "01"}]},
    "by numbers in words": {"scenes": [OTHER | {"index": "Scene 2"}, SCENE | {"index": "Scene 1"}]},
    "with blanks": {"scenes": [SCENE | {"image": None, "camera": "", "images": []}, OTHER]},
    "in snake case": {
        "scenes": [
            {"title": "Roof", "prompt": SCENE["prompt"], "image_url": A, "video_url": V},
            OTHER,
        ]
    },
    "as objects": {"scenes": [SCENE | {"image": {"url": A}, "video": {"src": V}}, OTHER]},
    "the same twice": {"scenes": [SCENE | {"image_url": A, "images": [A]}, OTHER]},
}


@pytest.mark.parametrize("document", SAME.values(), ids=SAME)
def test_a_flat_list_of_scenes_is_found_in_every_shape(document: Any) -> None:
    project = read(document)

    roof, street = project.scenes
    assert (roof.given, street.given) == ({"title": "Roof"}, {"title": "Street"})
    [shot] = roof.shots
    assert shot.given["description"] == shot.given["initialPrompt"] == "A roof at night"
    assert [picture.url for picture in shot.media.pictures] == [A]
    assert shot.media.clip is not None
    assert shot.media.clip.url == V
    assert street.shots[0].media.clip is None
    assert project.problems == []


@dataclass(frozen=True)
class Told:
    """What becomes of a scene's fields, in the words of the contract."""

    fields: dict[str, Any]
    given: dict[str, Any]


GIVEN = {
    "a description is no prompt": Told(
        {"description": "She waits"}, {"description": "She waits", "initialPrompt": None}
    ),
    "a text is one": Told({"text": "She waits"}, {"description": "She waits"}),
    "both": Told(
        {"description": "She waits", "prompt": "noir"},
        {"description": "She waits", "initialPrompt": "noir"},
    ),
    "nothing": Told({"image": A}, {"description": "Scene 1"}),
    "a number as text": Told({"description": 7}, {"description": "7"}),
    "seconds": Told({"duration": 2.5}, {"timing": {"duration": 2.5, "transition": None}}),
    "seconds in words": Told(
        {"duration": "2.5 s"}, {"timing": {"duration": 2.5, "transition": None}}
    ),
    "milliseconds": Told({"duration_ms": 500}, {"timing": {"duration": 0.5, "transition": None}}),
    "a transition": Told(
        {"transition": "fade"}, {"timing": {"duration": None, "transition": "fade"}}
    ),
    "camera words": Told(
        {"camera": "low angle, close-up, slow dolly in"},
        {
            "camera": {
                "framing": "close-up",
                "angle": "low angle",
                "movement": {"type": "slow dolly in"},
            }
        },
    ),
    "a camera": Told(
        {"camera": {"framing": "WIDE", "angle": "high", "movement": {"type": "pan left"}}},
        {"camera": {"framing": "WIDE", "angle": "high", "movement": {"type": "pan left"}}},
    ),
    "camera fields": Told(
        {"shot_type": "WIDE", "cameraAngle": "high", "camera_movement": "pan left"},
        {"camera": {"framing": "WIDE", "angle": "high", "movement": {"type": "pan left"}}},
    ),
    "what a generator wants": Told(
        {"negativePrompt": "rain", "model": "m", "seed": 7},
        {"generation": {"negativePrompt": "rain", "model": "m", "parameters": {"seed": 7}}},
    ),
    "type and status": Told({"type": "insert", "status": "ok"}, {"type": "insert", "status": "ok"}),
}


@pytest.mark.parametrize("case", GIVEN.values(), ids=GIVEN)
def test_fields_of_a_scene_become_fields_of_its_shot(case: Told) -> None:
    project = read([case.fields])
    shot = the_shot(project)
    assert {name: shot.given[name] for name in case.given} == case.given
    assert project.problems == []


PICTURES: dict[str, tuple[dict[str, Any], list[str], int]] = {
    "an address": ({"image": A}, [A], 0),
    "a list of addresses": ({"images": [A]}, [A], 0),
    "a chosen one": ({"images": [A, {"url": B, "selected": True}]}, [A, B], 1),
    "a chosen one in words": ({"images": [A, {"src": B, "is_selected": "true"}]}, [A, B], 1),
    "the one that is shown": ({"images": [A, B], "image": B}, [B, A], 0),
    "a chosen address": ({"images": [A, B], "selectedImage": B}, [A, B], 1),
    "a chosen place": ({"images": [A, B, C], "selectedImageIndex": 2}, [A, B, C], 2),
    "a chosen place as text": ({"images": [A, None, C], "selectedIndex": "2"}, [A, C], 1),
    "a chosen id": (
        {"images": [{"id": "x", "url": A}, {"id": 7, "url": B}], "selectedImageId": 7},
        [A, B],
        1,
    ),
    "a chosen one that is not listed": ({"images": [A], "selected_image_url": B}, [A, B], 1),
    "a chosen object": ({"images": [A], "selectedImage": {"url": B}}, [A, B], 1),
    "keyed": ({"images": {"1": A}}, [A], 0),
    "two names": ({"image": A, "imageUrl": B}, [A, B], 0),
}


@pytest.mark.parametrize(("fields", "urls", "chosen"), PICTURES.values(), ids=PICTURES)
def test_pictures_are_found_once_and_one_is_chosen(
    fields: dict[str, Any], urls: list[str], chosen: int
) -> None:
    project = read([fields])
    media = the_shot(project).media
    assert ([picture.url for picture in media.pictures], media.chosen) == (urls, chosen)
    assert project.problems == []


def test_what_a_picture_says_of_itself_is_kept() -> None:
    image = {
        "id": "x",
        "url": A,
        "prompt": "p",
        "width": 64,
        "height": "36",
        "favorite": True,
        "createdAt": "2020-01-01",
        "sampler": {"steps": 3},
    }
    project = read([{"images": [image]}])
    [picture] = the_shot(project).media.pictures
    assert (picture.external_id, picture.prompt, picture.is_favorite) == ("x", "p", True)
    assert (picture.width, picture.height) == (64, 36)
    assert picture.metadata == {"createdAt": "2020-01-01", "sampler": {"steps": 3}}
    assert list(told(project)) == ["$[0].images[0].sampler"]


def test_a_scene_that_lists_shots_becomes_a_scene_with_shots() -> None:
    project = read(
        [
            {
                "title": "Roof",
                "prompt": "night",
                "shots": [
                    {"shotNumber": 2, "prompt": "close"},
                    {"shotNumber": 1, "title": "Wide", "description": "the city", "image": A},
                    "a cat",
                ],
            }
        ]
    )
    [scene] = project.scenes
    assert scene.given == {"title": "Roof", "description": "night"}
    said = [shot.given["description"] for shot in scene.shots]
    assert said == ["Wide\n\nthe city", "a cat", "close"]
    assert project.problems == []


@pytest.mark.parametrize("shots", [[], {}, [5], [None]], ids=repr)
def test_a_scene_without_a_shot_that_can_be_read_has_one_of_its_own(shots: Any) -> None:
    shot = the_shot(read([{"prompt": "night", "shots": shots}]))
    assert shot.given["initialPrompt"] == "night"


def test_a_scene_with_a_picture_beside_its_shots_gets_a_shot_for_it() -> None:
    [scene] = read([{"image": A, "prompt": "night", "shots": [{"image": B}]}]).scenes
    assert [shot.media.pictures[0].url for shot in scene.shots] == [A, B]


def test_the_project_is_described_by_what_stands_innermost() -> None:
    project = read(
        {
            "id": "outer",
            "title": "Outer",
            "data": {
                "_id": {"$oid": "inner"},
                "name": "Inner",
                "logline": "A film",
                "fps": 23.976,
                "plannerData": {"mood": "calm"},
                "scenes": [],
            },
        }
    )
    assert project.id == "inner"
    assert project.given == {
        "title": "Inner",
        "prompt": "A film",
        "frameRate": "23.976",
        "promptPlannerData": {"mood": "calm"},
    }
    assert told(project).keys() == {"$.title"}


@pytest.mark.parametrize(
    ("own", "known"),
    [("7", "7"), (7, "7"), (2**62, str(2**62)), ({"$oid": "a"}, "a"), (None, None), (" ", None)],
    ids=["text", "number", "large", "object", "null", "blank"],
)
def test_the_id_of_a_document_is_text_or_a_number(own: Any, known: str | None) -> None:
    assert read({"id": own, "title": "x"}).id == known


def test_a_project_without_a_prompt_is_about_its_title() -> None:
    assert read({"title": "Tokyo"}).given == {"title": "Tokyo", "prompt": "Tokyo"}
    assert read(["a cat"]).given == {"prompt": "Untitled"}


def test_numbers_on_paper_become_labels_where_places_differ() -> None:
    project = read([{"sceneNumber": n} for n in (1, "2A", "3", 4)])
    labels = [(scene.given["title"], scene.given.get("label")) for scene in project.scenes]
    assert labels == [("Scene 1", None), ("Scene 2A", "2A"), ("Scene 3", None), ("Scene 4", None)]
    [scene] = read([{"number": 12}]).scenes
    assert scene.given == {"title": "Scene 12", "label": "12"}


def test_equal_numbers_and_none_keep_the_order_of_the_document() -> None:
    project = read(
        [{"number": n, "title": t} for t, n in zip("abcde", (2, None, 1, 2, 1), strict=True)]
    )
    assert [scene.given["title"] for scene in project.scenes] == ["c", "e", "a", "b", "d"]
    assert list(told(project)) == ["$[3]", "$[4]"]


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


@pytest.mark.parametrize("module", [legacy, legacy_camera, legacy_media], ids=lambda m: m.__name__)
def test_the_guide_tells_every_name_that_is_looked_for(module: ModuleType) -> None:
    guide = (ROOT / "docs" / "LEGACY.md").read_text()
    told = {SPELLING.sub("", word.lower()) for word in re.findall(r"`(\w+)`", guide)}
    taken = [value for name, value in vars(module).items() if name.isupper() and name != "SILENT"]
    nested = [one.values() if isinstance(one, dict) else [one] for one in taken]
    names = {name for some in nested for one in some if isinstance(one, tuple) for name in one}
    assert names - {*legacy_media.TIMES} <= told
