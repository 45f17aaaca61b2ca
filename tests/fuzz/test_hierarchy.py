"""Whatever is done to a board, in whatever order, it stays what a plain model of it says."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from tests.conftest import Home
from tests.fuzz.expected import (
    CANCELED,
    COMPLETE,
    PENDING,
    QUEUED,
    WAITING,
    Image,
    Job,
    Scene,
    Selection,
    Shot,
    Thing,
)
from tests.fuzz.machine import Machine
from tests.graph.test_convergence import still
from tests.making import in_a_studio

CONFLICT, NOT_FOUND = "CONFLICT", "NOT_FOUND"
WORDS = st.sampled_from(["Dusk", "A woman looks at the city", "Ω 5/4 “so”", "x"])
PLACES = st.integers(1, 5)
URL = "https://example.org/a.png"


async def test_a_board_is_what_its_model_says_whatever_is_done_to_it(
    home: Home, long_fuzz: bool
) -> None:
    studio, running = in_a_studio(still(home)), asyncio.get_running_loop()

    class OfThisHome(Hierarchy):
        home, loop = studio, running

    await asyncio.to_thread(
        run_state_machine_as_test,
        OfThisHome,
        settings=settings(
            max_examples=1_000 if long_fuzz else 12,
            stateful_step_count=80 if long_fuzz else 30,
            derandomize=not long_fuzz,
            phases=set(Phase) if long_fuzz else {Phase.generate},  # to shrink may take minutes
            report_multiple_bugs=False,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


class Hierarchy(Machine):
    """Every verb on every kind of thing."""

    # ----- Scenes and shots

    @rule(title=WORDS, place=st.none() | PLACES, shots=st.lists(WORDS, max_size=3))
    def create_scene(self, title: str, place: int | None, shots: list[str]) -> None:
        given = {"title": title, "sceneNumber": place}
        inner = [{"description": text} for text in shots]
        made = self.do("CreateScene", input={"projectId": self.project, "shots": inner} | given)
        scene = Scene(made["id"], title)
        scene.shots = [
            Shot(shot["id"], text) for shot, text in zip(made["shots"], shots, strict=True)
        ]
        self.board.insert(scene, None, place)

    @precondition(lambda self: self.board.scenes)
    @rule(data=st.data(), title=WORDS)
    def update_scene(self, data: st.DataObject, title: str) -> None:
        scene = data.draw(st.sampled_from(self.board.scenes))
        self.do("UpdateScene", id=scene.id, patch={"title": title})
        if scene.title == title:
            self.nothing_is_told()
        scene.title = title

    @precondition(lambda self: self.board.scenes)
    @rule(data=st.data(), place=PLACES)
    def move_scene(self, data: st.DataObject, place: int) -> None:
        scene = data.draw(st.sampled_from(self.board.scenes))
        self.do("MoveScene", id=scene.id, to=place)
        self.board.scenes.remove(scene)
        self.board.insert(scene, None, place)

    @precondition(lambda self: self.board.scenes)
    @rule(data=st.data(), text=WORDS, place=st.none() | PLACES)
    def create_shot(self, data: st.DataObject, text: str, place: int | None) -> None:
        scene = data.draw(st.sampled_from(self.board.scenes))
        given = {"sceneId": scene.id, "description": text, "shotNumber": place}
        made = self.do("CreateShot", input=given)
        self.board.insert(Shot(made["id"], text), scene, place)

    @precondition(lambda self: self.board.shots)
    @rule(data=st.data(), text=WORDS, angle=st.none() | WORDS)
    def update_shot(self, data: st.DataObject, text: str, angle: str | None) -> None:
        shot = data.draw(st.sampled_from(self.board.shots))
        patch = {"description": text, "camera": {"angle": angle}}
        self.do("UpdateShot", id=shot.id, patch=patch)
        shot.description = text
        camera = shot.camera | {"angle": angle}
        shot.camera = {name: value for name, value in camera.items() if value is not None}

    @precondition(lambda self: self.board.shots)
    @rule(data=st.data(), theirs=WORDS, mine=WORDS, framing=WORDS)
    def edit_at_the_same_time(
        self, data: st.DataObject, theirs: str, mine: str, framing: str
    ) -> None:
        """Who comes second with another field is merged, with the same field told so."""
        shot = data.draw(st.sampled_from(self.board.shots))
        version = self.newest[shot.id]["version"]
        overlaps = len({shot.description, theirs, mine}) == 3 or (
            shot.description == mine != theirs
        )
        self.do("UpdateShot", id=shot.id, patch={"description": theirs}, expectedVersion=version)
        patch = {"description": mine, "camera": {"framing": framing}}
        answer = self.do("UpdateShot", id=shot.id, patch=patch, expectedVersion=version)
        if overlaps:
            assert answer["__typename"] == "EditConflict"
            assert answer["fields"] == ["description"]
            shot.description = theirs
        else:
            assert answer["__typename"] == "Shot"
            shot.description, shot.camera = mine, shot.camera | {"framing": framing}

    @precondition(lambda self: self.board.shots)
    @rule(data=st.data(), place=PLACES, away=st.booleans())
    def move_shot(self, data: st.DataObject, place: int, away: bool) -> None:
        shot = data.draw(st.sampled_from(self.board.shots))
        at = self.board.scene_of(shot)
        to = data.draw(st.sampled_from(self.board.scenes)) if away else at
        self.do("MoveShot", id=shot.id, to=place, sceneId=to.id if away else None)
        at.shots.remove(shot)
        self.board.insert(shot, to, place)

    # ----- Deleting and restoring

    @precondition(lambda self: self.board.scenes)
    @rule(data=st.data())
    def delete_scene(self, data: st.DataObject) -> None:
        scene = data.draw(st.sampled_from(self.board.scenes))
        self._deleted(scene, self.do("DeleteScene", id=scene.id))

    @precondition(lambda self: self.board.shots)
    @rule(data=st.data())
    def delete_shot(self, data: st.DataObject) -> None:
        shot = data.draw(st.sampled_from(self.board.shots))
        self._deleted(shot, self.do("DeleteShot", id=shot.id))

    @precondition(lambda self: self.board.images)
    @rule(data=st.data())
    def delete_image(self, data: st.DataObject) -> None:
        image = data.draw(st.sampled_from(self.board.images))
        self._deleted(image, self.do("DeleteImage", id=image.id))

    @precondition(lambda self: self.board.shots)
    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        shot = data.draw(st.sampled_from(self.board.shots))
        if shot.selection is None:
            self.refused(NOT_FOUND, "ClearMasterShot", shotId=shot.id)
        else:
            self._deleted(shot.selection, self.do("ClearMasterShot", shotId=shot.id))

    def _deleted(self, thing: Thing, answer: Any) -> None:
        gone = self.board.delete(thing, answer["restoreId"])
        assert answer["id"] == thing.id
        assert set(answer["deleted"]) == gone

    @precondition(lambda self: self.board.deleted)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        record = data.draw(st.sampled_from(self.board.deleted))
        if not self.board.fits(record):
            self.refused(CONFLICT, "Restore", restoreId=record.restore_id)
            return
        answer = self.do("Restore", restoreId=record.restore_id)
        assert answer["id"] == record.thing.id
        assert set(answer["restored"]) == self.board.restore(record)

    @rule()
    def put_it_all_away_and_bring_it_back(self) -> None:
        away = self.do("DeleteProject", id=self.project)
        self.do("Restore", restoreId=away["restoreId"])
        self.board.put_away()

    # ----- Images and the storyboard

    @precondition(lambda self: self.board.shots)
    @rule(data=st.data(), pending=st.booleans(), again=st.booleans())
    def register_image(self, data: st.DataObject, pending: bool, again: bool) -> None:
        """In the next iteration, or with a number that may be taken."""
        shot = data.draw(st.sampled_from(self.board.shots))
        parent = data.draw(st.none() | st.sampled_from(_complete(shot) or [None]))
        state = {"status": PENDING} if pending else {"imageUrl": URL}
        given: dict[str, Any] = {"shotId": shot.id, "iterationPrompt": "Dusk"}
        given |= {"images": [{"variantNumber": 1} | state]}
        given |= {"parentImageId": parent.id} if parent else {}
        given |= {"iterationNumber": 1} if again else {}
        if again and (1, 1) in {(one.iteration, one.variant) for one in shot.images.values()}:
            self.refused(CONFLICT, "RegisterImages", input=given)
            return
        [made] = self.do("RegisterImages", input=given)
        last = max((one.iteration for one in shot.images.values()), default=-1)
        iteration, status = 1 if again else last + 1, PENDING if pending else COMPLETE
        origin = parent.id if parent else None
        shot.images[made["id"]] = Image(made["id"], iteration, 1, status, origin)

    @precondition(lambda self: self.board.images)
    @rule(data=st.data(), status=st.sampled_from([COMPLETE, "FAILED"]))
    def report_image(self, data: st.DataObject, status: str) -> None:
        image = data.draw(st.sampled_from(self.board.images))
        patch = {"status": status, "imageUrl": URL}
        if image.job or (image.status == COMPLETE != status):
            self.refused(CONFLICT, "UpdateImage", id=image.id, patch=patch)
            return
        self.do("UpdateImage", id=image.id, patch=patch)
        image.status = status

    @precondition(lambda self: self.board.images)
    @rule(data=st.data(), on=st.booleans())
    def favor(self, data: st.DataObject, on: bool) -> None:
        image = data.draw(st.sampled_from(self.board.images))
        self.do("FavoriteImage", id=image.id, isFavorite=on)
        if image.favorite == on:
            self.nothing_is_told()
        image.favorite = on

    @precondition(lambda self: self.board.images)
    @rule(data=st.data())
    def select(self, data: st.DataObject) -> None:
        image = data.draw(st.sampled_from(self.board.images))
        shot = self.board.shot_of(image)
        given = {"shotId": shot.id, "imageId": image.id}
        if image.status != COMPLETE:
            self.refused(CONFLICT, "SelectMasterShot", input=given)
            return
        made = self.do("SelectMasterShot", input=given)
        if shot.selection is None:
            shot.selection = Selection(made["id"], image.id)
        elif shot.selection.image == image.id:
            self.nothing_is_told()
        else:
            self.board.end_animation(shot.selection)
            shot.selection.image = image.id

    @precondition(lambda self: self.board.selections)
    @rule(data=st.data(), status=st.sampled_from([COMPLETE, PENDING, "FAILED"]))
    def report_animation(self, data: st.DataObject, status: str) -> None:
        chosen = data.draw(st.sampled_from(self.board.selections))
        patch = {"animationStatus": status, "animatedVideoUrl": "https://example.org/a.mp4"}
        if chosen.job and chosen.animation in WAITING:
            self.refused(CONFLICT, "UpdateAnimation", id=chosen.id, patch=patch)
            return
        self.do("UpdateAnimation", id=chosen.id, patch=patch)
        chosen.animation, chosen.job = status, None

    # ----- Jobs

    @precondition(lambda self: self.board.shots)
    @rule(data=st.data(), count=st.integers(1, 3))
    def generate(self, data: st.DataObject, count: int) -> None:
        """The same order at once again is the one under way."""
        shot = data.draw(st.sampled_from(self.board.shots))
        self.orders += 1
        given = {"shotId": shot.id, "count": count, "prompt": f"Take {self.orders}"}
        self._ordered(shot, self.do("GenerateImages", input=given), None)
        self.head = self.wait(self._head())
        self.do("GenerateImages", input=given)
        self.nothing_is_told()

    @precondition(lambda self: self.board.images)
    @rule(data=st.data())
    def refine(self, data: st.DataObject) -> None:
        image = data.draw(st.sampled_from(self.board.images))
        self.orders += 1
        given = {"imageId": image.id, "count": 1, "prompt": f"Take {self.orders}"}
        if not image.drawn_here:
            self.refused(CONFLICT, "RefineImage", input=given)
            return
        batch = self.do("RefineImage", input=given)
        self._ordered(self.board.shot_of(image), batch, image.id)

    def _ordered(self, shot: Shot, batch: Any, origin: str | None) -> None:
        iteration = 1 + max((image.iteration for image in shot.images.values()), default=-1)
        for variant, (image, job) in enumerate(zip(batch["images"], batch["jobs"], strict=True), 1):
            own = Image(image["id"], iteration, variant, PENDING, origin, job["id"])
            shot.images[own.id] = own
            self.board.jobs[job["id"]] = Job(job["id"], own.id)

    @precondition(lambda self: self.board.selections)
    @rule(data=st.data())
    def animate(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.board.selections))
        image = self.board.shot_of(chosen).images[chosen.image]
        given = {"selectionIds": [chosen.id], "duration": 0.1, "motion": "pan"}
        busy = chosen.animation in WAITING
        if not image.drawn_here or (busy and chosen.job is None):
            self.refused(CONFLICT, "Animate", input=given)
            return
        batch = self.do("Animate", input=given)
        if busy:
            assert [job["id"] for job in batch["jobs"]] == [chosen.job]
            self.nothing_is_told()
            return
        [job] = batch["jobs"]
        chosen.animation, chosen.job = PENDING, job["id"]
        self.board.jobs[job["id"]] = Job(job["id"], chosen.id)

    @precondition(lambda self: self.board.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(list(self.board.jobs.values())))
        self.do("CancelJob", id=job.id)
        if job.status != QUEUED:
            self.nothing_is_told()
            return
        job.status = CANCELED
        for image in self.board.images:
            image.status = CANCELED if image.id == job.subject else image.status
        for chosen in self.board.selections:
            if chosen.id == job.subject:
                chosen.animation = CANCELED

    @precondition(lambda self: any(j.status == QUEUED for j in self.board.jobs.values()))
    @rule()
    def the_worker_runs(self) -> None:
        self.wait(self.home.queue.run(self.home.world))
        self.board.run_jobs()


def _complete(shot: Shot) -> list[Image | None]:
    return [image for image in shot.images.values() if image.status == COMPLETE]
