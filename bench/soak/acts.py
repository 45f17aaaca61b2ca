"""What clients do to a board: every verb, on what their caches show, in random order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

from tests.graph.client import Entity, of_type

from .client import SoakClient
from .wire import CONTRACT, Refused

SMALL = {"width": 320, "height": 320}
SCENES, SHOTS, IMAGES, JOBS = 8, 30, 120, 40
"""How big a board grows: past it things are deleted instead. JOBS are those that wait."""
URL = "https://example.org/a"
Act = Callable[[], Coroutine[Any, Any, Any]]


class Nothing(Exception):
    """There is nothing of the kind to act on."""


class Acting:
    """The verbs of one client."""

    def __init__(self, client: SoakClient) -> None:
        self.client, self.dice = client, client.dice
        self.put_away: list[str] = []
        """Restore ids of what this client deleted."""

    async def go_on(self, pace: float) -> None:
        """Act every `pace` seconds on average, until the client stops."""
        acts, weights = zip(*self.acts(), strict=True)
        while self.client.acting:
            await asyncio.sleep(self.dice.expovariate(1 / pace))
            act = self.dice.choices(acts, weights)[0]
            try:
                await act()
            except (Refused, Nothing):
                continue
            self.client.tally.counts[f"did {act.__name__}"] += 1

    def acts(self) -> list[tuple[Act, int]]:
        """Each with its share."""
        return [
            (self.create_scene, 5),
            (self.update_scene, 4),
            (self.move_scene, 4),
            (self.delete_scene, 1),
            (self.create_shot, 8),
            (self.update_shot, 12),
            (self.move_shot, 6),
            (self.delete_shot, 2),
            (self.register_images, 6),
            (self.report_image, 3),
            (self.favor, 5),
            (self.delete_image, 3),
            (self.select, 8),
            (self.clear, 2),
            (self.report_animation, 2),
            (self.generate, 6),
            (self.refine, 2),
            (self.animate, 1),
            (self.export, 1),
            (self.cancel, 2),
            (self.restore, 4),
            (self.read, 12),
        ]

    # ----- How an act is done

    def all(self, kind: str) -> list[Entity]:
        return of_type(self.client.copy.cache, kind)

    def any(self, kind: str) -> Entity:
        found = self.all(kind)
        if not found:
            raise Nothing
        return self.dice.choice(found)

    async def do(self, name: str, **variables: Any) -> Any:
        """Once: when no answer comes, nobody knows whether it was done."""
        return await self.client.attempt(CONTRACT[name], **variables)

    async def create(self, name: str, given: dict[str, Any], prefix: str, made: int = 1) -> None:
        """Under a key, again until it is answered: then exactly as many were `made`.

        A refusal may mean that they were, and have been deleted before the answer was asked again.
        """
        key, keyed = str(uuid4()), self.client.tally.keyed
        keyed[key] = (prefix, {0, made})
        await self.client.ask(CONTRACT[name], input=given | {"idempotencyKey": key})
        keyed[key] = (prefix, {made})

    async def delete(self, name: str, **variables: Any) -> None:
        answer = await self.do(name, **variables)
        if answer is not None:
            self.put_away.append(answer["restoreId"])

    def place(self) -> int:
        return self.dice.randint(1, SHOTS)

    # ----- Scenes and shots

    async def create_scene(self) -> None:
        if len(self.all("Scene")) >= SCENES:
            await self.delete_scene()
            return
        shots = [{"description": f"Take {n}"} for n in range(self.dice.randint(0, 3))]
        given = {"projectId": self.client.copy.project_id, "title": "EXT. ROOF", "shots": shots}
        await self.create("CreateScene", given | {"sceneNumber": self.place()}, "scn")

    async def update_scene(self) -> None:
        scene = self.any("Scene")
        patch = {"title": f"INT. {self.dice.random()}"}
        version = self.dice.choice([None, scene["version"]])
        await self.do("UpdateScene", id=scene["id"], patch=patch, expectedVersion=version)

    async def move_scene(self) -> None:
        await self.do("MoveScene", id=self.any("Scene")["id"], to=self.place())

    async def delete_scene(self) -> None:
        await self.delete("DeleteScene", id=self.any("Scene")["id"])

    async def create_shot(self) -> None:
        if len(self.all("Shot")) >= SHOTS:
            await self.delete_shot()
            return
        given = {"sceneId": self.any("Scene")["id"], "description": "A woman looks at the city"}
        await self.create("CreateShot", given | {"shotNumber": self.place()}, "shot")

    async def update_shot(self) -> None:
        shot = self.any("Shot")
        patch = self.dice.choice(
            [
                {"description": f"Take {self.dice.random()}"},
                {"camera": {"framing": self.dice.choice(["WIDE", "CLOSE-UP"])}},
                {"timing": {"duration": self.dice.choice([0.1, 0.2])}, "label": None},
            ]
        )
        version = self.dice.choice([None, shot["version"]])
        await self.do("UpdateShot", id=shot["id"], patch=patch, expectedVersion=version)

    async def move_shot(self) -> None:
        scene = self.any("Scene")["id"]
        await self.do("MoveShot", id=self.any("Shot")["id"], to=self.place(), sceneId=scene)

    async def delete_shot(self) -> None:
        await self.delete("DeleteShot", id=self.any("Shot")["id"])

    # ----- Images and the storyboard

    async def register_images(self) -> None:
        if len(self.all("Image")) >= IMAGES:
            await self.delete_image()
            return
        count = self.dice.randint(1, 3)
        pictures = [{"variantNumber": n, "imageUrl": f"{URL}{n}.png"} for n in range(count)]
        pictures[0] = {"variantNumber": 0, "status": "PENDING"}
        given = {"shotId": self.any("Shot")["id"], "iterationPrompt": "Dusk", "images": pictures}
        await self.create("RegisterImages", given, "img", count)

    async def report_image(self) -> None:
        patch = {"status": "COMPLETE", "imageUrl": f"{URL}.png", "externalId": "x"}
        await self.do("UpdateImage", id=self.any("Image")["id"], patch=patch)

    async def favor(self) -> None:
        on = self.dice.random() < 0.5
        await self.do("FavoriteImage", id=self.any("Image")["id"], isFavorite=on)

    async def delete_image(self) -> None:
        await self.delete("DeleteImage", id=self.any("Image")["id"])

    async def select(self) -> None:
        image = self.any("Image")
        given = {"shotId": image["shot"]["id"], "imageId": image["id"]}
        await self.do("SelectMasterShot", input=given)

    async def clear(self) -> None:
        await self.delete("ClearMasterShot", shotId=self.any("Shot")["id"])

    async def report_animation(self) -> None:
        patch = {"animationStatus": "COMPLETE", "animatedVideoUrl": f"{URL}.mp4"}
        chosen = self.any("StoryboardSelection")
        await self.do("UpdateAnimation", id=chosen["id"], patch=patch)

    # ----- Jobs

    def ordering(self) -> None:
        """Not more than the workers can do."""
        if len(self.client.waiting_jobs()) >= JOBS or len(self.all("Image")) >= IMAGES:
            raise Nothing

    async def generate(self) -> None:
        self.ordering()
        count = self.dice.randint(1, 3)
        order: dict[str, Any] = {
            "count": count,
            "parameters": SMALL,
            "prompt": f"Take {self.dice.random()}",
        }
        order["shotId"] = self.any("Shot")["id"]
        await self.create("GenerateImages", order, "job", count)

    async def refine(self) -> None:
        self.ordering()
        order: dict[str, Any] = {
            "count": 1,
            "parameters": SMALL,
            "prompt": f"Take {self.dice.random()}",
        }
        order["imageId"] = self.any("Image")["id"]
        await self.create("RefineImage", order, "job")

    async def animate(self) -> None:
        self.ordering()
        chosen = self.any("StoryboardSelection")
        await self.do("Animate", input={"selectionIds": [chosen["id"]], "duration": 0.1})

    async def export(self) -> None:
        self.ordering()
        film = {"projectId": self.client.copy.project_id, "format": "MP4"}
        await self.do("Export", input=film)

    async def cancel(self) -> None:
        await self.do("CancelJob", id=self.any("Job")["id"])

    # ----- Away and back

    async def restore(self) -> None:
        if not self.put_away:
            raise Nothing
        restore_id = self.put_away.pop(self.dice.randrange(len(self.put_away)))
        await self.do("Restore", restoreId=restore_id)

    async def read(self) -> None:
        project = self.client.copy.project_id
        asked: list[tuple[str, dict[str, Any]]] = [
            ("Board", {"id": project}),
            ("Progress", {"id": project}),
            ("Storyboard", {"id": project}),
            ("History", {"id": project, "first": 50}),
            ("Jobs", {"projectId": project, "first": 20}),
            ("Projects", {"first": 20}),
            ("ShotImages", {"id": self.any("Shot")["id"]}),
            ("Node", {"id": self.any("Image")["id"]}),
        ]
        name, variables = self.dice.choice(asked)
        await self.do(name, **variables)


def dice_for(seed: int, number: int) -> random.Random:
    """Each client's own, so that one seed makes the same clients again."""
    return random.Random(f"{seed}/{number}")
