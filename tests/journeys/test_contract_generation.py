"""Orders of images, animations and films, as front ends send them."""

from __future__ import annotations

import hashlib
import io

import av
import pytest

from tests.journeys.contract import (
    ENDED,
    SMALL,
    Board,
    Refused,
    choose,
    drawn,
    ids,
    some_shots,
    watched,
)


async def test_a_batch_is_an_iteration_of_six_images_at_once(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    order = {"shotId": shot["id"], "parameters": SMALL, "model": "fast"}
    batch = await board.ask("GenerateImages", input=order)
    again = await board.ask("GenerateImages", input=order)

    assert (batch["kind"], batch["requested"]) == ("IMAGE", 6)
    assert [(i["variantNumber"], i["iterationNumber"]) for i in batch["images"]] == [
        (n, 0) for n in range(1, 7)
    ]
    assert {i["status"] for i in batch["images"]} <= {"PENDING", "PROCESSING", "COMPLETE"}
    assert again["id"] == batch["id"]
    snapshots = await watched(board, *batch["jobs"])
    job = await board.ask("Job", id=batch["jobs"][0]["id"])
    assert (job["status"], job["progress"]) == ("COMPLETE", 1.0)
    assert (job["renderer"], job["model"], job["attempt"]) == ("local", "fast", 1)
    assert job["batch"] == {"id": batch["id"]}
    assert sorted(ids([s for s in snapshots if s["status"] in ENDED])) == ids(batch["jobs"])
    [image, *_] = (await board.ask("ShotImages", id=shot["id"]))["images"]
    assert (image["status"], image["width"], image["height"]) == ("COMPLETE", 320, 320)
    assert image["blurhash"]
    assert image["thumbnailUrl"] != image["imageUrl"]


@pytest.mark.parametrize("count", [0, 13])
async def test_a_batch_has_one_to_twelve_variants(board: Board, count: int) -> None:
    _, [shot] = await some_shots(board, "A woman")

    with pytest.raises(Refused) as refused:
        await board.ask("GenerateImages", input={"shotId": shot["id"], "count": count})

    assert refused.value.field == "input.count"
    assert (await board.ask("ShotImages", id=shot["id"]))["images"] == []


async def test_a_refinement_is_a_further_iteration_of_its_parent(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    [parent] = await drawn(board, shot)
    order = {"imageId": parent["id"], "prompt": "At dawn", "count": 1, "parameters": SMALL}

    batch = await board.ask("RefineImage", input=order)
    await watched(board, *batch["jobs"])

    assert [i["iterationNumber"] for i in batch["images"]] == [1]
    [refined] = (await board.ask("ShotImages", id=shot["id"], iteration=1))["images"]
    assert (refined["status"], refined["iterationPrompt"]) == ("COMPLETE", "At dawn")
    assert refined["parentImage"] == {"id": parent["id"]}


async def test_an_image_may_be_generated_from_another(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    [parent] = await drawn(board, shot)

    [child] = await drawn(board, shot, parentImageId=parent["id"])

    assert (child["status"], child["parentImage"]) == ("COMPLETE", {"id": parent["id"]})


async def test_what_is_chosen_is_animated_once(board: Board) -> None:
    project, shots = await some_shots(board, "A woman on a roof", "A city")
    chosen = [await choose(board, shot, (await drawn(board, shot))[0]) for shot in shots]
    order = {"projectId": project["id"], "duration": 0.5, "motion": "pan left"}
    named = await board.ask("Animate", input={"selectionIds": [chosen[0]["id"]], "duration": 0.5})
    await watched(board, *named["jobs"])
    rest = await board.ask("Animate", input=order)
    await watched(board, *rest["jobs"])

    assert (named["kind"], named["requested"], rest["requested"]) == ("ANIMATION", 1, 1)
    found = (await board.ask("Storyboard", id=project["id"]))["storyboard"]
    assert [s["animationStatus"] for s in found] == ["COMPLETE", "COMPLETE"]
    assert await frames_at(board, found[1]["animatedVideoUrl"]) == 12


async def test_canceling_is_idempotent_and_keeps_what_is_finished(board: Board) -> None:
    _, [shot] = await some_shots(board, "A woman on a roof")
    [done] = await drawn(board, shot)
    order = {"shotId": shot["id"], "count": 12, "prompt": "Rain"}
    batch = await board.ask("GenerateImages", input=order)
    last = batch["jobs"][-1]["id"]

    first, second = [await board.ask("CancelJob", id=last) for _ in range(2)]
    finished = await board.ask("CancelJob", id=done["job"]["id"])
    await watched(board, *batch["jobs"])

    assert (first["status"], second["finishedAt"]) == ("CANCELED", first["finishedAt"])
    assert finished["status"] == "COMPLETE"
    images = (await board.ask("ShotImages", id=shot["id"]))["images"]
    assert [i["status"] for i in images] == ["COMPLETE"] * 12 + ["CANCELED"]


async def test_jobs_are_listed_newest_first_and_by_status(board: Board) -> None:
    project, [shot] = await some_shots(board, "A woman on a roof")
    made = [(await drawn(board, shot))[0]["job"]["id"] for _ in range(3)]

    first = (await board.ask("Jobs", projectId=project["id"], first=2))["jobs"]
    after = first["pageInfo"]["endCursor"]
    rest = (await board.ask("Jobs", projectId=project["id"], first=2, after=after))["jobs"]
    failed = await board.ask("Jobs", projectId=project["id"], first=9, status=["FAILED"])

    assert ids([e["node"] for e in first["edges"] + rest["edges"]]) == made[::-1]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert failed["jobs"]["edges"] == []


async def test_a_film_can_be_downloaded_and_has_every_frame(board: Board) -> None:
    project, shots = await some_shots(board, "A woman on a roof", "A city", "Nothing yet")
    for shot in shots[:2]:
        await choose(board, shot, (await drawn(board, shot))[0])
    timing = {"timing": {"duration": 0.5}}
    await board.ask("UpdateShot", id=shots[0]["id"], patch=timing)

    job = await board.ask("Export", input={"projectId": project["id"], "format": "MP4"})
    await watched(board, job)
    exported = await board.ask("Exported", id=job["id"])

    assert (job["kind"], exported["status"]) == ("EXPORT", "COMPLETE")
    asset = exported["asset"]
    film = (await board.http.get(board.at(asset["url"]))).content
    assert (len(film), hashlib.sha256(film).hexdigest()) == (asset["size"], asset["sha256"])
    assert asset["mediaType"] == "video/mp4"
    assert frames_of(film) == 12 + 72


async def frames_at(board: Board, url: str) -> int:
    return frames_of((await board.http.get(board.at(url))).content)


def frames_of(film: bytes) -> int:
    """How many pictures a video really holds."""
    with av.open(io.BytesIO(film), mode="r") as container:
        return sum(1 for _ in container.decode(video=0))
