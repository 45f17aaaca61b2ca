"""A screenplay over a network that loses, delays and cuts what is on it is stored once, or not."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from models import Event, Project, Scene, Screenplay, ScreenplayScene
from storyreel.importing.bringing import Imported, Order, bring
from storyreel.importing.line import Line, NotDone, Onlooker, Patience, Refused
from tests.bad_network import BadNetwork, Fault, an_answer
from tests.conftest import Home
from tests.serving import Site, a_whole_site
from tests.stored import stored

SCRIPT = "Title: {}\n\nINT. A - DAY #1#\n\nOne.\n\nANNA\nHello.\n\nEXT. B - NIGHT #2A#\n\nTwo.\n"
BUSY = an_answer("503 Busy", b"<h1>Busy</h1>")
FAULTS = tuple(Fault)
NEEDS_PATIENCE = {Fault.SLOW, Fault.LATE}
CASES_AT_ONCE = 12


class Heard(Onlooker):
    def __init__(self) -> None:
        self.troubles: list[str] = []

    def trouble(self, text: str) -> None:
        self.troubles.append(text)


@pytest.fixture
async def site(home: Home) -> AsyncIterator[Site]:
    async with a_whole_site(home) as here:
        yield here


def an_order(title: str = "Two", **given: Any) -> Order:
    return Order("two.fountain", SCRIPT.format(title).encode(), f"key of {title}", given)


async def over(
    server: str, order: Order, heard: Onlooker | None = None, patience: Patience | None = None
) -> Imported:
    """One run of the client."""
    heard = heard or Onlooker()
    async with aclosing(Line(server, None, patience or Patience(pause=0.01), heard)) as line:
        return await bring(line, order, heard)


async def over_bad(
    site: Site, order: Order, *faults: Fault | bytes | None, attempts: int = 3
) -> Imported | None:
    """One run over a bad network; None where the client says that it does not know."""
    network = BadNetwork(site.url, *faults)
    patience = Patience(attempts, 0.8 if NEEDS_PATIENCE & {*faults} else 30, 0.01)
    async with network.laid() as address:
        try:
            return await over(address, order, patience=patience)
        except NotDone:
            return None


async def imports(title: str) -> int:
    """How many there are, each of them whole."""
    projects = await Project.filter(title=title)
    for project in projects:
        scenes = await Scene.filter(project_id=project.id).order_by("rank")
        assert [(s.label, s.description) for s in scenes] == [("1", "One."), ("2A", "Two.")]
        [screenplay] = await Screenplay.filter(project_id=project.id)
        assert await ScreenplayScene.filter(screenplay_id=screenplay.id).count() == 2
        assert await Event.filter(feed_id=project.id).count() == 4
    return len(projects)


def files(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "assets").rglob("*"))


async def sizes() -> Counter[str]:
    return Counter({table: len(rows) for table, rows in (await stored()).items()})


async def test_whatever_fails_at_each_attempt_there_is_one_import_or_none(
    site: Site, tmp_path: Path
) -> None:
    """Every fault at every attempt, and every two faults at every two attempts."""
    before = await sizes()
    await over(site.url, an_order())
    one = await sizes() - before
    turns, outlasted = asyncio.Semaphore(CASES_AT_ONCE), 0

    async def case(first: int, second: int) -> None:
        nonlocal outlasted
        order = an_order(title := f"Case {first} {second}")
        a, b, c = (FAULTS[n] for n in (first, second, (first + second) % len(FAULTS)))
        async with turns:
            assert await over_bad(site, order, a, b, c) is None
            assert await imports(title) <= 1
            imported = await over_bad(site, order, c)
            outlasted += imported is not None
            if imported is None:  # a busy machine fails an attempt by itself
                imported = await over(site.url, order)
            assert not imported.differences
            assert await imports(title) == 1

    cases = list(itertools.product(range(len(FAULTS)), repeat=2))
    await asyncio.gather(*itertools.starmap(case, cases))

    assert outlasted > len(cases) / 2
    whole = {table: count * (len(cases) + 1) for table, count in one.items()}
    assert await sizes() - before == whole
    assert files(tmp_path) == len(cases) + 1


@pytest.mark.parametrize("fault", [*Fault, BUSY], ids=str)
async def test_reading_back_outlasts_faults(site: Site, fault: Fault | bytes) -> None:
    """Those of the question, and those of the file; one that says it is whole is not believed."""
    imported = await over_bad(site, an_order(), None, fault, None, fault, attempts=6)
    assert imported is not None
    assert bool(imported.differences) == (fault is Fault.CUT_SHORT)


async def test_what_is_stored_otherwise_is_told(site: Site, tmp_path: Path) -> None:
    await over(site.url, an_order())
    [file] = [path for path in (tmp_path / "assets").rglob("*") if path.is_file()]
    file.write_bytes(bytes(reversed(file.read_bytes())))
    [difference] = (await over(site.url, an_order())).differences
    assert difference.startswith("The stored file is another one: ")


async def test_a_refusal_is_final_and_leaves_nothing(site: Site, tmp_path: Path) -> None:
    before, network = await stored(), BadNetwork(site.url)
    async with network.laid() as address:
        with pytest.raises(Refused) as refused:
            await over(address, Order("x.txt", b"Once upon a time.", "k"))
    assert (refused.value.code, refused.value.field) == ("INVALID_INPUT", "input.file")
    assert (await stored(), files(tmp_path), len(network.heads)) == (before, 0, 1)


async def test_a_key_of_another_screenplay_is_refused(site: Site) -> None:
    await over(site.url, an_order())
    with pytest.raises(Refused) as refused:
        await over(site.url, Order("x.fountain", b"INT. X\n", "key of Two"))
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert await Project.all().count() == 1


LOST = b'{"data": null, "errors": [{"message": "Lost.", %b "extensions": {"code": "%b"}}]}'
PASSING = {
    "a lost database": an_answer("200 OK", LOST % (b"", b"UNAVAILABLE")),
    "done, and not told": an_answer("200 OK", LOST % (b'"path": ["a", "b"],', b"NOT_FOUND")),
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
async def test_what_may_have_been_done_is_asked_again(site: Site, answer: bytes) -> None:
    network = BadNetwork(site.url, answer, None, answer)
    async with network.laid() as address:
        imported = await over(address, an_order())
    assert (imported.differences, await imports("Two")) == ((), 1)


async def test_what_was_stored_and_cannot_be_read_is_said_to_be_stored(site: Site) -> None:
    network = BadNetwork(site.url, None, an_answer("200 OK", LOST % (b"", b"FORBIDDEN")))
    async with network.laid() as address:
        with pytest.raises(NotDone, match="It is stored in project prj_"):
            await over(address, an_order())


async def test_scenes_that_are_there_no_more_are_told(site: Site) -> None:
    imported = await over(site.url, an_order())
    deletion = "mutation ($id: ID!) { deleteScene(id: $id) { id } }"
    variables = {"id": imported.told["scenes"][0]["id"]}
    answer = await site.http.post(site.url, json={"query": deletion, "variables": variables})
    assert "errors" not in answer.json()
    [difference] = (await over(site.url, an_order())).differences
    assert difference == "Of the 2 scenes of the script there are 1."


ERROR = b'{"data": null, "errors": [{"message": "Slowly.", "extensions": %b}]}'
LIMITED = ERROR % b'{"code": "RATE_LIMITED", "retryAfter": 1}'
TOO_OFTEN = {
    "by its status": an_answer("429 Slowly", b"", "Retry-After: 1"),
    "by its code": an_answer("200 OK", LIMITED),
}


@pytest.mark.parametrize("answer", TOO_OFTEN.values(), ids=TOO_OFTEN)
async def test_a_server_that_asks_for_a_second_gets_it(site: Site, answer: bytes) -> None:
    network, heard = BadNetwork(site.url, answer), Heard()
    began = asyncio.get_running_loop().time()
    async with network.laid() as address:
        assert not (await over(address, an_order(), heard)).differences
    assert asyncio.get_running_loop().time() - began >= 1
    assert [trouble.endswith("Attempt 2 of 3 in 1.0 seconds.") for trouble in heard.troubles] == [
        True
    ]


FINAL = {
    "an hour later": (an_answer("429 Slowly", b"", "Retry-After: 3600"), "3600 seconds"),
    "moved": (an_answer("301 Moved", b"", "Location: https://x.example/"), "https://x.example/"),
    "another page": (an_answer("404 Not Found", b"<h1>Not here</h1>"), "is not Storyreel"),
    "another API": (an_answer("200 OK", b'{"detail": "Hello"}'), "is not Storyreel"),
    "a list": (an_answer("200 OK", b"[]"), "is not Storyreel"),
    "errors of its own": (an_answer("200 OK", b'{"errors": 1}'), "is not Storyreel"),
    "our fault": (an_answer("200 OK", ERROR % b'{"code": "INTERNAL"}'), "Slowly"),
}


@pytest.mark.parametrize(("answer", "said"), FINAL.values(), ids=FINAL)
async def test_what_will_not_change_is_not_asked_again(
    site: Site, answer: bytes, said: str
) -> None:
    network = BadNetwork(site.url, answer)
    async with network.laid() as address:
        with pytest.raises(NotDone, match=said):
            await over(address, an_order())
    assert len(network.heads) == 1


async def test_nobody_is_shown_a_token_but_the_api(site: Site) -> None:
    network = BadNetwork(site.url)
    async with network.laid() as address:
        line = Line(f"{address}/graphql/", "sr_secret", Patience(), Onlooker())
        async with aclosing(line):
            await bring(line, an_order(), Onlooker())
    paths = [head.split()[1].partition(b"?")[0][:8] for head in network.heads]
    assert paths == [b"/graphql", b"/graphql", b"/assets/"]
    assert [b"Bearer sr_secret" in head for head in network.heads] == [True, True, False]


def test_pauses_grow_and_are_never_alike() -> None:
    patience = Patience(attempts=4, pause=2)
    pauses = [[patience.before(attempt) for _ in range(50)] for attempt in (2, 3, 4)]
    for length, found in zip((2, 4, 8), pauses, strict=True):
        assert length * 0.5 <= min(found) < max(found) <= length * 1.5
