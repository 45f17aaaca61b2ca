"""`storyreel import`, run as a person runs it."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models import Asset, Project, Scene, Shot
from services.limits import SCREENPLAY_BYTES
from storyreel.cli import cli
from tests.conftest import Home
from tests.formats.screenplays import LANTERNS_FDX
from tests.gate import Gate, a_gate
from tests.making import a_project
from tests.serving import Site, a_whole_site
from tests.stored import stored

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    status: int | None
    out: str
    err: str


async def storyreel(*arguments: str, **env: str) -> Ran:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STORYREEL_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "storyreel", *arguments),
        cwd=ROOT,
        env=inherited | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return Ran(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    async with a_whole_site(home) as here:
        yield here


@pytest.fixture
async def gate(home: Home) -> AsyncIterator[Gate]:
    async with a_gate(home) as here:
        yield here


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "the film.fdx"
    path.write_bytes(LANTERNS_FDX)
    return path


@pytest.fixture
def nameless(script: Path) -> Path:
    """The same, under a name that is no text."""
    return script.rename(script.with_name("film \udcff.fdx"))


async def test_a_file_is_brought_and_told_of(site: Site, nameless: Path) -> None:
    server = {"STORYREEL_SERVER": site.url}
    ran = await storyreel("import", str(nameless), "--title", "Skarv", "--shots", **server)
    assert ran.status == 0, ran.err
    [project], [file] = await Project.all(), await Asset.all()
    for fact in (f"Skarv ({project.id})", "INGA 6, OLD TOVE 4", file.sha256, "line 134: A scene"):
        assert fact in ran.out
    assert ran.err.splitlines()[1:] == [
        f"Sending {ran.err.split('Sending ')[1].split()[0]} bytes",
        "Waiting for the answer",
        "Reading it back",
    ]
    assert (await Scene.all().count(), await Shot.all().count()) == (8, 33)


async def test_a_program_reads_json(site: Site, home: Home, script: Path) -> None:
    project = await a_project(home)
    given = ["--server", site.url, "--project", project.id, "--key", "k", "--format", "fdx"]
    first = await storyreel("import", str(script), *given, "--json")
    told = json.loads(first.out)
    assert (first.status, told["project"]["id"], told["key"]) == (0, project.id, "k")
    assert [len(told[name]) for name in ("scenes", "characters", "problems")] == [8, 4, 1]
    assert (told["size"], told["differences"]) == (len(LANTERNS_FDX), [])
    assert (told["snapshot"]["version"], told["snapshot"]["stats"]["sceneCount"]) == (1, 8)
    before = await stored()
    second = await storyreel("import", str(script), *given[:-3], "other", "--json")
    assert (second.status, json.loads(second.out)) == (
        2,
        {
            "error": {
                "code": "CONFLICT",
                "message": "This project has a screenplay already.",
                "field": "input.projectId",
            }
        },
    )
    assert await stored() == before


async def test_what_could_not_be_done_is_done_by_the_command_that_is_printed(
    home: Home, script: Path, tmp_path: Path
) -> None:
    nobody = ["--server", "http://127.0.0.1:1/", "--attempts", "2", "--pause", "0"]
    failed = await storyreel("import", str(script), "--title", "It's", *nobody)
    assert (failed.status, failed.out) == (1, "")
    assert "Nobody answers at http://127.0.0.1:1. Tried 2 times." in failed.err
    python, *words = shlex.split(failed.err.splitlines()[-1])
    assert (python, words[:3]) == ("python", ["-m", "storyreel", "import"])
    async with a_whole_site(home) as site:
        again = [site.url if word.startswith("http://127") else word for word in words[2:]]
        done = [await storyreel(*again) for _ in "ab"]
    assert [ran.status for ran in done] == [0, 0]
    assert [project.title for project in await Project.all()] == ["It's"]


async def test_without_a_good_token_nothing_is_done(gate: Gate, script: Path) -> None:
    given = ["import", str(script), "--server", gate.url]
    for token in ({}, {"STORYREEL_TOKEN": "sr_wrong"}):
        ran = await storyreel(*given, **token)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.splitlines()[-1].startswith("Refused: ")
        assert ran.err.endswith("(UNAUTHENTICATED)\n")
    assert not await Project.exists()


FILES = {
    "empty": (b"", "is empty"),
    "too long": (b"x" * (SCREENPLAY_BYTES + 1), "at most 8,388,608 bytes"),
    "missing": (None, "does not exist"),
}


@pytest.mark.parametrize(("data", "said"), FILES.values(), ids=FILES)
def test_a_file_that_is_none_is_told_before_anything_is_sent(
    tmp_path: Path, data: bytes | None, said: str
) -> None:
    path = tmp_path / "f"
    if data is not None:
        path.write_bytes(data)
    ran = CliRunner().invoke(cli, ["import", str(path)])
    assert ran.exit_code == 2
    assert said in " ".join(ran.output.replace("│", " ").split())


@pytest.mark.parametrize(
    "server", ["127.0.0.1:8000", "ftp://x", "http://", "http://x:0", "http://["]
)
def test_an_address_that_is_none_is_refused(script: Path, server: str) -> None:
    ran = CliRunner().invoke(cli, ["import", str(script), "--server", server])
    assert ran.exit_code == 2
    assert "http://127.0.0.1:8000" in ran.output
