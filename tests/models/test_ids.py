from __future__ import annotations

import threading
import time
from uuid import RFC_4122, UUID

import pytest

from models import Ranked, Row, new_id, prefix_of
from models.database import statement
from models.ids import ALPHABET, Mint

KINDS = sorted(
    model.PREFIX
    for model in Row.__subclasses__() + Ranked.__subclasses__()
    if hasattr(model, "PREFIX")
)


def number_in(row_id: str) -> int:
    """The 128 bits of a TypeID, read digit by digit."""
    value = 0
    for digit in row_id.rpartition("_")[2]:
        value = value * 32 + ALPHABET.index(digit)
    return value


def test_ids_of_a_process_strictly_increase() -> None:
    made = [new_id("img") for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_of_all_threads_differ_and_increase_within_each() -> None:
    mint = Mint()
    made: list[list[str]] = [[] for _ in range(4)]

    def work(mine: list[str]) -> None:
        mine += [mint.new("job") for _ in range(2_000)]

    threads = [threading.Thread(target=work, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(mine == sorted(mine) for mine in made)
    assert len({row_id for mine in made for row_id in mine}) == 8_000


def test_ids_increase_while_the_clock_stands_and_when_it_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mint, now = Mint(), time.time_ns()
    monkeypatch.setattr("models.ids.time.time_ns", lambda: now)
    made = [mint.new("shot") for _ in range(10_000)]
    monkeypatch.setattr("models.ids.time.time_ns", lambda: now - 3_600 * 10**9)
    made.append(mint.new("shot"))

    assert made == sorted(set(made))


def test_an_id_is_a_uuid_of_version_7_that_tells_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    uuid = UUID(int=number_in(Mint().new("prj")))

    assert (uuid.version, uuid.variant) == (7, RFC_4122)
    assert before <= uuid.int >> 80 <= time.time_ns() // 1_000_000


def test_digits_and_prefix_are_those_of_the_typeid_specification() -> None:
    from models.ids import _encode  # the examples are known numbers, which no public call takes

    assert _encode(0) == "0" * 26
    assert _encode(UUID("ffffffff-ffff-ffff-ffff-ffffffffffff").int) == "7" + "z" * 25
    assert _encode(UUID("01890a5d-ac96-774b-bcce-b302099a8057").int) == "01h455vb4pex5vsknk084sn02q"


@pytest.mark.parametrize("prefix", KINDS)
def test_every_kind_of_row_is_known_by_its_ids(prefix: str) -> None:
    assert prefix_of(new_id(prefix)) == prefix
    assert KINDS.count(prefix) == 1


TAIL = "01h455vb4pex5vsknk084sn02q"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prj",
        "prj_",
        TAIL,
        "_" + TAIL,
        "prj-" + TAIL,
        "PRJ_" + TAIL,
        "prj_" + TAIL.upper(),
        "prj_" + TAIL[:-1],
        "prj_" + TAIL + "0",
        "prj_8" + TAIL[1:],
        "prj_" + TAIL[:-1] + "u",
        "prj_" + TAIL[:-1] + "٣",
        "prj_" + TAIL + "\n",
        "\x00prj_" + TAIL,
        "longprefix_" + TAIL,
        "\ud800",
        "a" * 100_000,
    ],
)
def test_what_is_not_an_id_has_no_prefix(text: str) -> None:
    assert prefix_of(text) is None


@pytest.mark.usefixtures("database_url")
async def test_the_database_orders_ids_as_they_were_made() -> None:
    made = [new_id("img") for _ in range(2_000)]
    values = ", ".join("(CAST(? AS TEXT))" for _ in made)
    rows = await statement(
        f"SELECT column1 AS id FROM (VALUES {values}) AS made ORDER BY column1", made[::-1]
    )
    assert [row["id"] for row in rows] == made
