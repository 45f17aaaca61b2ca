from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models import Event, EventKind, Project, Scene, Shot, reading
from models.rank import LENGTH_MAX, spread
from services import limits, scenes, shots
from services.errors import InvalidInput, LimitExceeded
from services.work import perform
from tests.conftest import Home
from tests.making import a_project, a_scene, a_shot
from tests.stored import stored

# Two neighbours between which no key of LENGTH_MAX characters is left.
FULL = "n0" + "0" * (LENGTH_MAX - 3) + "1", "n0" + "0" * (LENGTH_MAX - 3) + "2"


async def titles(project: Project) -> str:
    found = await reading.children(Scene, "project_id", [project.id], ("rank",))
    assert [scene.place for scene in found[project.id]] == list(
        range(1, len(found[project.id]) + 1)
    )
    return "".join(scene.title for scene in found[project.id])


async def create(home: Home, project: Project, title: str, place: int | None = None) -> Scene:
    act = scenes.create_scene
    return await perform(home.world, home.owner, act, project.id, {"title": title}, place)


async def move(home: Home, scene: Scene, place: int) -> Scene:
    return await perform(home.world, home.owner, scenes.move_scene, scene.id, place)


async def the_scenes(home: Home, named: str = "ABCD") -> tuple[Project, dict[str, Scene]]:
    project = await a_project(home)
    return project, {title: await create(home, project, title) for title in named}


@pytest.mark.parametrize(
    ("place", "order", "gets"),
    [
        (None, "ABCDx", 5),
        (1, "xABCD", 1),
        (2, "AxBCD", 2),
        (4, "ABCxD", 4),
        (5, "ABCDx", 5),
        (6, "ABCDx", 5),
        (2**31 - 1, "ABCDx", 5),
    ],
)
async def test_a_taken_place_inserts_before_and_one_beyond_the_end_appends(
    home: Home, place: int | None, order: str, gets: int
) -> None:
    project, _ = await the_scenes(home)
    scene = await create(home, project, "x", place)
    assert scene.place == gets
    assert await titles(project) == order


@pytest.mark.parametrize(
    ("title", "place", "order"),
    [
        ("A", 1, "ABCD"),
        ("A", 2, "BACD"),
        ("A", 4, "BCDA"),
        ("A", 99, "BCDA"),
        ("D", 1, "DABC"),
        ("D", 4, "ABCD"),
        ("D", 5, "ABCD"),
        ("C", 2, "ACBD"),
        ("B", 3, "ACBD"),
    ],
)
async def test_a_row_moves_to_the_place_it_then_has(
    home: Home, title: str, place: int, order: str
) -> None:
    project, made = await the_scenes(home)
    moved = await move(home, made[title], place)
    assert await titles(project) == order
    assert moved.place == order.index(title) + 1


async def test_a_move_to_where_a_row_stands_changes_nothing(home: Home) -> None:
    _, made = await the_scenes(home)
    before = await stored()
    for place in (2, 2):
        await move(home, made["B"], place)
    for place in (4, 5, 2**31 - 1):
        await move(home, made["D"], place)
    assert await stored() == before


async def test_a_move_rewrites_one_row_and_tells_of_it(home: Home) -> None:
    project, made = await the_scenes(home)
    before = {scene.id: scene.version for scene in await Scene.all()}

    await move(home, made["D"], 2)

    touched = [s.title for s in await Scene.all() if s.version != before[s.id]]
    event = await Event.filter(feed_id=project.id).order_by("-sequence").first()
    assert touched == ["D"]
    assert event is not None
    assert (event.kind, event.changed, event.version) == (EventKind.MOVED, ["sceneNumber"], 2)


@pytest.mark.parametrize("place", [0, -1, -(2**31)])
async def test_places_count_from_one(home: Home, place: int) -> None:
    project, made = await the_scenes(home)
    shot = await a_shot(home, made["A"])
    cases: list[tuple[Callable[[], Awaitable[Any]], str]] = [
        (lambda: create(home, project, "x", place), "input.sceneNumber"),
        (lambda: move(home, made["A"], place), "sceneNumber"),
        (lambda: a_shot(home, made["A"], place), "input.shotNumber"),
        (lambda: perform(home.world, home.owner, shots.move_shot, shot.id, place), "shotNumber"),
    ]
    before = await stored()
    for act, field in cases:
        with pytest.raises(InvalidInput, match="count from 1") as refused:
            await act()
        assert refused.value.field == field
    assert await stored() == before


async def with_ranks(home: Home, ranks: dict[str, str]) -> tuple[Project, dict[str, Scene]]:
    project = await a_project(home)
    made = {
        title: await Scene.create(project_id=project.id, title=title, rank=rank)
        for title, rank in ranks.items()
    }
    return project, made


async def test_where_no_key_is_left_between_neighbours_the_siblings_get_short_ones(
    home: Home,
) -> None:
    project, made = await with_ranks(home, {"A": FULL[0], "B": FULL[1], "C": "n1"})

    scene = await create(home, project, "x", 2)

    assert scene.place == 2
    assert await titles(project) == "AxBC"
    assert all(len(s.rank) < 5 for s in await Scene.all())
    events = await Event.filter(feed_id=project.id, kind=EventKind.MOVED).order_by("sequence")
    assert [event.subject_id for event in events] == [made[title].id for title in "ABC"]
    assert {event.version for event in events} == {2}


@pytest.mark.parametrize("title", "CD")
async def test_a_move_between_crowded_neighbours_keeps_the_order_of_the_others(
    home: Home, title: str
) -> None:
    project, made = await with_ranks(home, {"A": FULL[0], "B": FULL[1], "C": "n1", "D": "n2"})

    moved = await move(home, made[title], 2)

    assert moved.place == 2
    assert await titles(project) == {"C": "ACBD", "D": "ADBC"}[title]
    assert all(len(s.rank) < 5 for s in await Scene.all())


async def test_siblings_that_were_given_short_ranks_can_be_edited_from_before(home: Home) -> None:
    project, made = await with_ranks(home, {"A": FULL[0], "B": FULL[1]})
    await perform(home.world, home.owner, scenes.update_scene, made["B"].id, {"label": "1"}, 1)
    await create(home, project, "x", 2)
    act = scenes.update_scene
    edited = await perform(home.world, home.owner, act, made["B"].id, {"description": "y"}, 1)
    assert isinstance(edited, Scene)


async def test_a_project_holds_so_many_scenes_and_a_scene_so_many_shots(home: Home) -> None:
    project = await a_project(home)
    ranks = spread(None, None, limits.SCENES_PER_PROJECT)
    await Scene.bulk_create(
        [Scene(project_id=project.id, title=f"{n}", rank=rank) for n, rank in enumerate(ranks)]
    )
    scene, last = await Scene.get(rank=ranks[0]), await Scene.get(rank=ranks[-1])
    await Shot.bulk_create(
        [
            Shot(project_id=project.id, scene_id=scene.id, description=f"{n}", rank=rank)
            for n, rank in enumerate(ranks[: limits.SHOTS_PER_SCENE])
        ]
    )
    other = await a_shot(home, last)

    with pytest.raises(LimitExceeded, match="2,000"):
        await create(home, project, "One more")
    with pytest.raises(LimitExceeded, match="1,000"):
        await a_shot(home, scene, 1)
    with pytest.raises(LimitExceeded, match="1,000"):
        await perform(home.world, home.owner, shots.move_shot, other.id, 1, scene.id)
    assert await Scene.all().count() == 2_000
    assert await Shot.filter(scene_id=scene.id).count() == 1_000

    assert (await move(home, last, 1)).place == 1
    shot = await Shot.get(scene_id=scene.id, rank=ranks[0])
    moved = await perform(home.world, home.owner, shots.move_shot, shot.id, 1_000)
    assert moved.place == 1_000


async def test_shots_created_and_moved_about_stand_as_they_would_in_lists(home: Home) -> None:
    project = await a_project(home)
    made = [await a_scene(home, project, title=title) for title in "AB"]
    lists: dict[str, list[str]] = {scene.id: [] for scene in made}
    dice = random.Random(3)

    for _ in range(120):
        scene_id, place = dice.choice(made).id, dice.randint(1, 12)
        if dice.random() < 0.3:
            act = shots.create_shot
            shot = await perform(home.world, home.owner, act, scene_id, {"description": "x"}, place)
        else:
            at_hand = sorted(lists[made[0].id] + lists[made[1].id])
            if not at_hand:
                continue
            moving = dice.choice(at_hand)
            target = scene_id if dice.random() < 0.6 else None
            shot = await perform(home.world, home.owner, shots.move_shot, moving, place, target)
            scene_id = shot.scene_id
            for some in lists.values():
                if moving in some:
                    some.remove(moving)
        lists[scene_id].insert(place - 1, shot.id)
        assert lists[scene_id].index(shot.id) == shot.place - 1

    found = await reading.children(Shot, "scene_id", lists, ("rank",))
    assert {scene_id: [shot.id for shot in some] for scene_id, some in found.items()} == lists
    assert max(len(shot.rank) for shot in await Shot.all()) < 12
