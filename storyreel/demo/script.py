"""The screenplay of the film: onto the board before it is made, and off the board after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from storyreel.importing.bringing import Imported, Order, bring
from storyreel.importing.line import ImportFailed, Onlooker

from ..demo import documents, story
from .client import Client
from .failure import DemoFailed
from .screen import Screen


async def open_script(client: Client, screen: Screen, project_id: str) -> Imported:
    """Import the screenplay into the project and show what came of it."""
    data = story.SCREENPLAY.read_bytes()
    order = Order(story.SCREENPLAY.name, data, "the script", {"projectId": project_id})
    try:
        imported = await bring(client.line, order, Onlooker())
    except ImportFailed as failure:
        raise DemoFailed(str(failure)) from failure
    scenes = (await client.ask(documents.SCRIPT, project=project_id))["scenes"]
    screen.table(_rows(scenes), "Scene", "Heading", "Beats", "Its first words")
    for problem in imported.told["problems"]:
        screen.say(f"  Line {problem['line']}: {problem['message']}")
    screen.say(f"  {order.name} is stored as it came, SHA-256 {order.sha256[:16]}…")
    return imported


async def close_script(client: Client, screen: Screen, project_id: str, folder: Path) -> bytes:
    """Give one scene another heading on the board, and take the screenplay off it again."""
    before, after = story.RETITLED
    scenes = (await client.ask(documents.SCRIPT, project=project_id))["scenes"]
    [scene] = [scene for scene in scenes if scene["title"] == before]
    await client.ask(documents.RETITLE, id=scene["id"], title=after)
    project = await client.ask(documents.WRITTEN, project=project_id)
    data: bytes = project["screenplay"].encode()
    (folder / story.SCREENPLAY.name).write_bytes(data)
    came = story.SCREENPLAY.read_bytes().splitlines()
    pairs = enumerate(zip(came, data.splitlines(), strict=False), start=1)
    others = [(number, now) for number, (then, now) in pairs if now != then]
    for number, now in others:
        screen.say(f"  Line {number}, changed on the board: {now.decode().strip()}")
    screen.say(f"  The other {len(came) - len(others)} lines are as they came.")
    return data


def _rows(scenes: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[str]]:
    for scene in scenes:
        beats = scene["description"].split("\n\n")
        yield scene["label"], scene["title"], f"{len(beats)}", _first_words(scene["dialogue"])


def _first_words(dialogue: Sequence[Mapping[str, Any]]) -> str:
    """Of two who speak at once, both."""
    at_once = [speech for speech in dialogue if speech["dual"]]
    speeches = at_once[:2] or dialogue[:1]
    return " | ".join(f"{speech['character']}: {speech['lines'][0]}" for speech in speeches)
