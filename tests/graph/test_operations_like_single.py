"""A batch ends where the same operations end when they are sent one by one."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLUnionType, get_named_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Event, prefix_of
from models.ids import PATTERN
from resolvers import api
from resolvers.errors import translate
from services import shots
from services.work import perform
from tests.batches import PARTLY, apply
from tests.conftest import Home
from tests.graph.board import ask
from tests.graph.client import EVERYTHING
from tests.making import a_project, a_scene, a_selection, a_shot, an_image
from tests.stored import stored

MUTATIONS = api._schema.mutation_type.fields if api._schema.mutation_type else {}
OF_THE_MOMENT = {"cursor", "createdAt", "updatedAt"}
ANSWERED = {"createScene": "id shots { id }", "clearMasterShot": "id restoreId"}
PARTS = {"shot": "shots", "img": "images"}

Request = tuple[str, dict[str, Any]]
"""A verb and what it takes; `@shot.0` names a row that was there before, `$3` an operation."""


async def a_small_board(home: Home) -> dict[str, str]:
    """Something of everything, by names that mean the same on every such board."""
    project = await a_project(home)
    scenes = [await a_scene(home, project, title=title) for title in "AB"]
    rows = [await a_shot(home, scene) for scene in scenes for _ in range(2)]
    images = [await an_image(home, shot) for shot in (rows[0], rows[0], rows[2])]
    chosen = await a_selection(home, images[0])
    gone = await perform(home.world, home.owner, shots.delete_shot, rows.pop().id)
    named: dict[str, list[Any]] = {
        "project": [project], "scene": scenes, "shot": rows, "image": images, "sel": [chosen]
    }  # fmt: skip
    ids = {f"@{name}.{n}": row.id for name, some in named.items() for n, row in enumerate(some)}
    return ids | {"@deletion.0": gone.restore_id}


NAMING = {
    "createScene": {"scene": "", "shot": ".shots.0"},
    "createShot": {"shot": ""},
    "registerImages": {"image": ".images.0"},
    "selectMasterShot": {"sel": ""},
    "moveShot": {"shot": ""},
    "deleteScene": {"deletion": ".restoreId", "shot": ""},
    "deleteShot": {"deletion": ".restoreId", "shot": ""},
    "deleteImage": {"deletion": ".restoreId"},
    "clearMasterShot": {"deletion": ".restoreId"},
    "restore": {"scene": "", "shot": ""},
}
"""What may be named after an operation, by the kind that it mostly is."""


def requests(dice: random.Random, count: int) -> list[Request]:
    sent: list[Request] = []
    for _ in range(count):
        sent.append(request(dice, sent))
    return sent


def request(dice: random.Random, sent: list[Request]) -> Request:
    """An operation that may come after these."""

    def some(kind: str, count: int) -> str:
        """A row that was there, or whatever is named like it."""
        ways = [(n, NAMING.get(verb, {})) for n, (verb, _) in enumerate(sent)]
        named = [f"${n}{way[kind]}" for n, way in ways if kind in way]
        return dice.choice([*named, *named, *(f"@{kind}.{n}" for n in range(count))])

    scene, shot, image = some("scene", 2), some("shot", 3), some("image", 3)
    text, other = dice.choices("AB ", (5, 5, 1), k=2)
    place, version = dice.randint(0, 4) or 1, dice.choice([None, None, 1, 2, 3])
    shots = [{"description": each} for each in dice.choices("AB ", (5, 5, 1), k=2)]
    picture = {"variantNumber": place, "imageUrl": "https://example.org/a.png"}
    fields = dice.choice([{"label": text}, {"label": other, "description": text}, {}])
    every: list[Request] = [
        ("createScene", {
            "projectId": "@project.0", "title": text, "sceneNumber": place, "shots": shots
        }),
        ("createShot", {"sceneId": scene, "description": text, "shotNumber": place}),
        ("registerImages", {"shotId": shot, "iterationPrompt": text, "images": [picture]}),
        ("updateProject", {"id": "@project.0", "patch": {"title": text}}),
        ("updateScene", {"id": scene, "expectedVersion": version, "patch": fields}),
        ("updateShot", {"id": shot, "expectedVersion": version, "patch": fields}),
        ("updateImage", {"id": image, "patch": {"externalId": text}}),
        ("updateStoryboardAnimation", {
            "selectionId": some("sel", 1), "patch": {"externalVideoId": text}
        }),
        ("setFavorite", {"imageId": image, "isFavorite": place > 1}),
        ("moveScene", {"id": scene, "sceneNumber": place}),
        ("moveShot", {
            "id": shot, "shotNumber": place, "sceneId": dice.choice([None, scene])
        }),
        ("selectMasterShot", dice.choice([
            {"shotId": "@shot.0", "imageId": f"@image.{place % 2}"},
            {"shotId": shot, "imageId": image},
        ])),
        ("clearMasterShot", {"shotId": dice.choice(["@shot.0", shot])}),
        ("deleteScene", {"id": scene}),
        ("deleteShot", {"id": shot}),
        ("deleteImage", {"id": image}),
        ("restore", {"restoreId": some("deletion", 1)}),
    ]  # fmt: skip
    return dice.choice(every)


def filled(value: Any, names: dict[str, str]) -> Any:
    """The same with the ids that names stand for, as far as there are any."""
    if isinstance(value, dict):
        return {key: filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


@dataclass
class OneByOne:
    """Sends the mutations of operations, and keeps what their names stand for."""

    home: Home
    names: dict[str, str]
    codes: list[str | None] = field(default_factory=list)

    async def send(self, verb: str, taken: dict[str, Any]) -> None:
        number = len(self.codes)
        taken = filled(taken, self.names)
        if any(value.startswith("$") for value in taken.values() if isinstance(value, str)):
            self.codes.append("INVALID_INPUT")  # there is nothing to send
            return
        asked = {"input": taken} if "input" in MUTATIONS[verb].args else taken
        result = await api.execute(mutation(verb), asked, context_value=self.home.context())
        told = translate(result.errors or [])
        answer: Any = (result.data or {}).get(verb)
        if told or "fields" in answer:
            self.codes.append((told[0].extensions or {})["code"] if told else "CONFLICT")
            return
        self.codes.append(None)
        found = answer if isinstance(answer, list) else [answer]
        self.names[f"${number}"] = found[0]["id"]
        if "restoreId" in found[0]:
            self.names[f"${number}.restoreId"] = found[0]["restoreId"]
        made = found + found[0].get("shots", []) if verb.startswith(("create", "register")) else []
        for prefix, part in PARTS.items():
            ids = [each["id"] for each in made if prefix_of(each["id"]) == prefix]
            self.names |= {f"${number}.{part}.{n}": row_id for n, row_id in enumerate(ids)}


def mutation(verb: str) -> str:
    """The document of one mutation, with a variable for each argument."""
    arguments = MUTATIONS[verb].args.items()
    variables = ", ".join(f"${name}: {spec.type}" for name, spec in arguments)
    passed = ", ".join(f"{name}: ${name}" for name, _ in arguments)
    answered = ANSWERED.get(verb, "id restoreId" if verb.startswith("delete") else "id")
    if isinstance(kind := get_named_type(MUTATIONS[verb].type), GraphQLUnionType):
        edited = next(each.name for each in kind.types if each.name != "EditConflict")
        answered = f"... on {edited} {{ id }} ... on EditConflict {{ fields }}"
    return f"mutation({variables}) {{ {verb}({passed}) {{ {answered} }} }}"


async def shown(home: Home, project_id: str, after: int) -> tuple[str, Any]:
    """The board and the events since, in which only the ids themselves do not tell."""
    board = json.dumps(await ask(home, EVERYTHING, id=project_id), default=str)
    board = json.dumps(json.loads(board, object_hook=timeless))
    ids: dict[str, str] = {}
    board = PATTERN.sub(lambda found: ids.setdefault(found[0], f"{found[1]} {len(ids)}"), board)
    events = await Event.filter(feed_id=project_id, sequence__gt=after).order_by("sequence")
    told = [(e.kind, prefix_of(e.subject_id), e.version, e.changed) for e in events]
    return board, told


def timeless(entity: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entity.items() if name not in OF_THE_MOMENT}


@settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32), partly=st.booleans())
async def test_a_batch_ends_where_single_operations_end(
    home: Home, seed: int, partly: bool
) -> None:
    sent = requests(random.Random(seed), 24 if partly else 5)
    one, other = await a_small_board(home), await a_small_board(home)
    after = await Event.filter(feed_id=one["@project.0"]).count()
    before = await stored()
    operations = [{"ref": str(n), verb: filled(taken, one)} for n, (verb, taken) in enumerate(sent)]
    single = OneByOne(home, dict(other))

    answer = await apply(home, *operations, onError=PARTLY if partly else None)
    left = None if answer["committed"] else await stored()
    for verb, taken in sent:
        await single.send(verb, taken)

    codes = [result["error"] and result["error"]["code"] for result in answer["results"]]
    assert codes == single.codes
    refused = sum(code is not None for code in codes)
    assert answer["committed"] == (refused == 0 or (partly and refused < len(codes)))
    if answer["committed"]:
        ours, theirs = [await shown(home, ids["@project.0"], after) for ids in (one, other)]
        assert ours == theirs
    else:
        assert left == before
