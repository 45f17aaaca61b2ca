"""Documents of the first version, in every shape that docs/LEGACY.md names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from services.formats import legacy, legacy_camera, legacy_media
from services.formats.loose import SPELLING
from tests.formats.legacy_documents import SCENE, A, B, C, V, read, the_shot, told

ROOT = Path(__file__).parents[2]

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


@pytest.mark.parametrize("module", [legacy, legacy_camera, legacy_media], ids=lambda m: m.__name__)
def test_the_guide_tells_every_name_that_is_looked_for(module: ModuleType) -> None:
    guide = (ROOT / "docs" / "LEGACY.md").read_text()
    told = {SPELLING.sub("", word.lower()) for word in re.findall(r"`(\w+)`", guide)}
    taken = [value for name, value in vars(module).items() if name.isupper() and name != "SILENT"]
    nested = [one.values() if isinstance(one, dict) else [one] for one in taken]
    names = {name for some in nested for one in some if isinstance(one, tuple) for name in one}
    assert names - {*legacy_media.TIMES} <= told
