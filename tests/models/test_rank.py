from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.database import statement
from models.rank import FIRST, LENGTH_MAX, RankExhausted, between, spread


def insert(keys: list[str], index: int) -> None:
    before = keys[index - 1] if index else None
    after = keys[index] if index < len(keys) else None
    keys.insert(index, between(before, after))


def insert_until_exhausted(keys: list[str], index: int) -> int:
    """How often one can insert at the same place."""
    for count in range(100_000):
        try:
            insert(keys, index)
        except RankExhausted:
            return count
    raise AssertionError("Keys never end, or grow without a limit.")


def assert_strictly_ascending(keys: list[str]) -> None:
    assert all(one < other for one, other in pairwise(keys))


@given(st.lists(st.floats(0, 1), max_size=150))
@example([0.0] * 80)
@example([1.0] * 80)
@example([0.5] * 80)
def test_a_list_built_by_insertions_sorts_as_it_was_built(places: list[float]) -> None:
    keys: list[str] = []
    for place in places:
        insert(keys, round(place * len(keys)))

    assert_strictly_ascending(keys)
    assert all(key.isascii() and key.isalnum() and key == key.lower() for key in keys)
    assert all(len(key) <= LENGTH_MAX for key in keys)


@given(st.lists(st.floats(0, 1), max_size=60), st.integers(1, 60), st.floats(0, 1))
def test_keys_spread_between_two_neighbours_stay_between_them(
    places: list[float], count: int, place: float
) -> None:
    keys: list[str] = []
    for one in places:
        insert(keys, round(one * len(keys)))
    index = round(place * len(keys))
    before = keys[index - 1] if index else None
    after = keys[index] if index < len(keys) else None

    made = spread(before, after, count)

    assert len(made) == count
    assert_strictly_ascending(keys[:index] + made + keys[index:])


def test_an_empty_list_starts_in_the_middle() -> None:
    assert between(None, None) == FIRST
    assert spread(None, None, 0) == []


@pytest.mark.parametrize("at_the_end", [True, False], ids=["appended", "prepended"])
def test_ten_thousand_keys_at_an_end_stay_short(at_the_end: bool) -> None:
    keys = [FIRST]
    for _ in range(10_000):
        last = keys[-1]
        keys.append(between(last, None) if at_the_end else between(None, last))

    assert_strictly_ascending(keys if at_the_end else keys[::-1])
    assert max(map(len, keys)) <= 4


@pytest.mark.parametrize("index", [1, 2], ids=["before the second", "after the second"])
def test_inserting_at_one_place_ends_with_a_refusal_and_not_before_long(index: int) -> None:
    keys = spread(None, None, 3)

    assert insert_until_exhausted(keys, index) > 700
    assert_strictly_ascending(keys)
    assert max(map(len, keys)) == LENGTH_MAX


def test_inserting_between_the_last_two_inserted_ends_with_a_refusal_too() -> None:
    low, high = "n0", "n1"
    for count in range(100_000):
        try:
            middle = between(low, high)
        except RankExhausted:
            break
        assert low < middle < high
        low, high = (middle, high) if count % 2 else (low, middle)
    assert 700 < count < 99_999


@pytest.mark.parametrize(
    ("before", "after"), [("n1", "n0"), ("n1", "n1"), ("n1i", "n1"), ("n0", "m0")]
)
def test_neighbours_in_the_wrong_order_are_refused(before: str, after: str) -> None:
    with pytest.raises(ValueError, match="does not sort before"):
        between(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [("z" + "z" * 13, None), (None, "a" + "0" * 13)],
    ids=["after the last key", "before the first key"],
)
def test_the_ends_of_the_key_space_are_refused(before: str | None, after: str | None) -> None:
    with pytest.raises(RankExhausted):
        between(before, after)


@pytest.mark.usefixtures("database_url")
async def test_the_database_orders_keys_as_python_does() -> None:
    """PostgreSQL here orders text as American English does, by ICU's rules."""
    keys: list[str] = []
    dice = random.Random(7)
    for _ in range(400):
        insert(keys, dice.choice([0, len(keys), dice.randint(0, len(keys))]))
    for _ in range(400):
        insert(keys, len(keys) // 2)
    shuffled = dice.sample(keys, len(keys))

    values = ", ".join("(CAST(? AS TEXT))" for _ in keys)
    rows = await statement(
        f"SELECT column1 AS key FROM (VALUES {values}) AS made ORDER BY column1", shuffled
    )

    assert [row["key"] for row in rows] == keys
