"""One screenplay to the server, and what was stored of it back again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..importing import documents
from .line import ImportFailed, Line, NotDone, Onlooker


@dataclass(frozen=True)
class Order:
    """A screenplay, and what more to say of it. However often it is asked for with one key, and
    over whatever lines, it is stored once."""

    name: str
    data: bytes = field(repr=False)
    key: str
    given: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of `ImportScreenplayInput`."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Imported:
    """`told` is what the server answered; `differences` are sentences about what it says otherwise
    when it is asked again, none if all is stored as it should be."""

    told: dict[str, Any]
    differences: tuple[str, ...]


async def bring(line: Line, order: Order, onlooker: Onlooker) -> Imported:
    """Import, then ask again and fetch the file. Raises Refused, and NotDone where it is not known
    what was done."""
    given = dict(order.given) | {"idempotencyKey": order.key}
    answer = await line.upload(documents.IMPORT, order.data, given)
    told = answer["importScreenplay"]
    onlooker.stage("Reading it back")
    try:
        return Imported(told, tuple(await _differences(line, order, told)))
    except ImportFailed as failure:
        raise NotDone(
            f"It is stored in project {told['project']['id']}, says the server, but it could not"
            f" be read back. {failure}"
        ) from failure


async def _differences(line: Line, order: Order, told: dict[str, Any]) -> list[str]:
    ids = {"project": told["project"]["id"], "screenplay": told["id"]}
    found = await line.ask(documents.READ_BACK, **ids)
    project, screenplay = found["project"], found["node"]
    if project is None or screenplay is None:
        return ["It is not there when it is asked for again."]
    named = {scene["id"] for scene in told["scenes"]}
    on_board = [scene for scene in project["scenes"] if scene["id"] in named]
    differences = [
        *_missing_scenes(told),
        *_other_scenes("on the board", on_board, told["scenes"]),
        *_other_scenes("of the screenplay", screenplay["scenes"], told["scenes"]),
    ]
    if screenplay["snapshot"] != told["snapshot"]:
        differences.append("Its snapshot is another one now, or was deleted.")
    file = screenplay["file"]
    fetched = await line.checksum(file["url"])
    wanted = (len(order.data), order.sha256)
    if fetched != wanted:
        differences.append(f"The stored file is another one: {fetched[0]:,} bytes, {fetched[1]}.")
    if (file["size"], file["sha256"]) != wanted:
        differences.append(f"The server says that the file's SHA-256 is {file['sha256']}.")
    return differences


def _missing_scenes(told: dict[str, Any]) -> Iterator[str]:
    """Between what the script has and what is there, of which somebody may have deleted some."""
    if (snapshot := told["snapshot"]) is not None:
        whole, there = snapshot["stats"]["sceneCount"], len(told["scenes"])
        if there != whole:
            yield f"Of the {whole:,} scenes of the script there are {there:,}."


def _other_scenes(where: str, found: list[Any], told: list[Any]) -> Iterator[str]:
    if len(found) != len(told):
        yield f"There are {len(found):,} scenes {where}, not {len(told):,}."
    for here, there in zip(found, told, strict=False):
        if here != there:
            yield f"Scene {there['label'] or there['title']} {where} is another one now."
            return
