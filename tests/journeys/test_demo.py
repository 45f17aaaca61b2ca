"""The demo, run as a person runs it: a process that starts a server and talks to it as a client."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from storyreel.demo import run_demo
from storyreel.demo.board import page
from storyreel.demo.story import SCREENPLAY

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 90
INTERRUPTED = 130
STOPPED = "Stopped."
FRAMES = 504
SHOTS = 10
IMAGES = 26
TWO_VARIANTS = """
import asyncio, sys
from pathlib import Path
from storyreel.demo import run_demo
sys.exit(asyncio.run(run_demo(Path(sys.argv[1]), variants=2)))
"""


@pytest.fixture
def embedded(world_name: str) -> None:
    if world_name != "sqlite":
        pytest.skip("the demo always runs on the embedded default")


@pytest.mark.usefixtures("embedded")
def test_the_demo_makes_a_film_and_a_storyboard_and_loses_no_event(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWO_VARIANTS, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS_MAX)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["checks"]
    assert all(summary["checks"].values())
    assert summary["counts"]["images"] == {"COMPLETE": IMAGES}
    assert summary["counts"]["jobs"] == {"COMPLETE": IMAGES + SHOTS + 1}
    check_events(summary["events"])
    check_film(tmp_path, summary["film"])
    check_storyboard(tmp_path)
    check_screenplay(tmp_path)
    assert STOPPED in (tmp_path / "server.log").read_text()


def check_events(events: dict[str, Any]) -> None:
    """The connection broke once in the middle, and nothing was missed or doubled."""
    (before,), (meanwhile,) = events["broken_off_after"], events["caught_up_with"]
    assert 0 < before < before + meanwhile < events["received"] == events["in_log"]
    assert events["missed"] == events["doubled"] == 0


def check_film(folder: Path, told: dict[str, Any]) -> None:
    """It decodes to exactly the frames that the summary tells of."""
    with av.open(str(folder / told["path"])) as film:
        frames = list(film.decode(video=0))
    assert len(frames) == told["frames"] == FRAMES
    assert {(frame.width, frame.height) for frame in frames} == {(told["width"], told["height"])}


def check_storyboard(folder: Path) -> None:
    """Every picture lies beside the page, and nothing is fetched from elsewhere."""
    html = (folder / "board.html").read_text()
    pictures = list((folder / "board").iterdir())
    assert len(pictures) == IMAGES + SHOTS
    assert all(f'src="board/{picture.name}"' in html for picture in pictures)
    assert "http" not in html


def check_screenplay(folder: Path) -> None:
    """Byte for byte the one that came, but for the heading that was changed on the board."""
    written = (folder / SCREENPLAY.name).read_bytes()
    assert written == SCREENPLAY.read_bytes().replace(b"HARBOUR - DAWN", b"HARBOUR - SUNRISE")


@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
async def test_interrupted_it_stops_its_server_too(tmp_path: Path, number: signal.Signals) -> None:
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "storyreel", "demo", "--folder", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert demo.stdout is not None
    async with asyncio.timeout(SECONDS_MAX):
        while b"several variants" not in await demo.stdout.readline():
            pass
        demo.send_signal(number)
        await demo.stdout.read()
        assert await demo.wait() == INTERRUPTED
    assert STOPPED in (tmp_path / "server.log").read_text()
    assert not (tmp_path / "summary.json").exists()


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert asyncio.run(run_demo(tmp_path)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_text_of_a_storyboard_is_never_markup() -> None:
    hostile = "<script>alert('$title')</script>"
    project = {
        "title": hostile,
        "prompt": hostile,
        "scenes": [
            {"label": hostile, "title": hostile, "description": hostile, "shots": [a_shot(hostile)]}
        ],
    }
    html = page(project, {"img_1": "board/1.webp", "img_1-full": "board/1.jpg"}, hostile)
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(&#x27;$title&#x27;)&lt;/script&gt;") >= 10


def a_shot(text: str) -> dict[str, Any]:
    image = {"id": "img_1", "variantNumber": 1}
    return {
        "shotNumber": 1,
        "description": text,
        "camera": {"framing": text, "angle": "low", "movement": {"type": "static"}},
        "timing": {"duration": 2.0},
        "iterations": [{"prompt": text, "images": [image]}],
        "selection": {"selectedImage": image},
    }
