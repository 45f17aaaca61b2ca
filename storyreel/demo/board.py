"""The storyboard as a page that needs no server: board.html, beside its pictures and the film."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from .client import Client

PAGE = Template(Path(__file__).with_name("board.html").read_text(encoding="utf-8"))
PICTURES = "board"
DOWNLOADS = 8

SCENE = Template(
    """<section>
    <h2>$label $title</h2>
    <p>$description</p>
    <div class="shots">$shots</div>
  </section>
  """
)
SHOT = Template(
    """
      <article>
        <img src="$picture" alt="$description" width="1280" height="720">
        <h3>$place <span>$camera</span></h3>
        <p>$description</p>$iterations
      </article>"""
)
ITERATION = Template(
    """
        <figure>
          <figcaption>$prompt</figcaption>
          <div class="takes">$takes</div>
        </figure>"""
)
TAKE = Template("""<img class="$kind" src="$picture" alt="Take $number" loading="lazy">""")


async def write_board(client: Client, project: dict[str, Any], folder: Path, facts: str) -> None:
    """Fetch the thumbnails of all images and the chosen ones in full, then write the page."""
    (folder / PICTURES).mkdir()
    wanted = _wanted(project)
    turns = asyncio.Semaphore(DOWNLOADS)

    async def fetch(name: str) -> str:
        async with turns:
            return (await client.download(wanted[name], folder / PICTURES / name)).path.name

    names = await asyncio.gather(*map(fetch, wanted))
    pictures = {name: f"{PICTURES}/{file}" for name, file in zip(wanted, names, strict=True)}
    text = page(project, pictures, facts)
    (folder / "board.html").write_text(text, encoding="utf-8")


def page(project: dict[str, Any], pictures: Mapping[str, str], facts: str) -> str:
    """HTML; every text of the project is shown as it is. Pictures are named as in `_wanted`."""
    return PAGE.substitute(
        title=escape(project["title"]),
        prompt=escape(project["prompt"]),
        facts=escape(facts),
        scenes="".join(_scene(scene, pictures) for scene in project["scenes"]),
    )


def _wanted(project: dict[str, Any]) -> dict[str, str]:
    """Links by name: a thumbnail has the image's id, a chosen image in full "-full" behind it."""
    wanted = {}
    for scene in project["scenes"]:
        for shot in scene["shots"]:
            chosen = shot["selection"]["selectedImage"]
            wanted[f"{chosen['id']}-full"] = chosen["imageUrl"]
            for iteration in shot["iterations"]:
                wanted |= {image["id"]: image["thumbnailUrl"] for image in iteration["images"]}
    return wanted


def _scene(scene: dict[str, Any], pictures: Mapping[str, str]) -> str:
    return SCENE.substitute(
        label=escape(scene["label"]),
        title=escape(scene["title"]),
        description=escape(scene["description"]),
        shots="".join(_shot(scene["label"], shot, pictures) for shot in scene["shots"]),
    )


def _shot(scene: str, shot: dict[str, Any], pictures: Mapping[str, str]) -> str:
    chosen = shot["selection"]["selectedImage"]["id"]
    camera, seconds = shot["camera"], shot["timing"]["duration"]
    words = [camera["framing"], camera["angle"], camera["movement"]["type"], f"{seconds} s"]
    return SHOT.substitute(
        picture=pictures[f"{chosen}-full"],
        place=escape(f"{scene}.{shot['shotNumber']}"),
        camera=escape(" · ".join(words).lower()),
        description=escape(shot["description"]),
        iterations="".join(_iteration(each, chosen, pictures) for each in shot["iterations"]),
    )


def _iteration(iteration: dict[str, Any], chosen: str, pictures: Mapping[str, str]) -> str:
    takes = [
        TAKE.substitute(
            kind="chosen" if image["id"] == chosen else "take",
            picture=pictures[image["id"]],
            number=image["variantNumber"],
        )
        for image in iteration["images"]
    ]
    return ITERATION.substitute(prompt=escape(iteration["prompt"]), takes="".join(takes))
