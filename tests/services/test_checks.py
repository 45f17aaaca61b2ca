from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Project
from services import limits
from services.checks import (
    checked,
    columns,
    differences,
    frame_rate,
    merged,
    number,
    shape,
    text,
    web_address,
    within_depth,
)
from services.errors import InvalidInput, LimitExceeded, Refusal
from tests.conftest import Home
from tests.making import a_project
from tests.stored import stored


def nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = {"a": value} if levels % 2 else [value]
    return value


def pair(value: Any) -> Any:
    return pytest.param(value, id=repr(value)[:40])


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "INVALID_INPUT"),
        ("", "INVALID_INPUT"),
        (" \t\n", "INVALID_INPUT"),
        ("a\x00b", "INVALID_INPUT"),
        ("a\ud800b", "INVALID_INPUT"),
        ("\udfff", "INVALID_INPUT"),
        (3, "INVALID_INPUT"),
        (True, "INVALID_INPUT"),
        (["a"], "INVALID_INPUT"),
        ("x" * 11, "LIMIT_EXCEEDED"),
    ],
)
def test_text_that_cannot_be_kept_is_refused(value: Any, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        text(10)(value, "input.title")
    assert (refused.value.code, refused.value.field) == (code, "input.title")


@pytest.mark.parametrize("value", ["x" * 10, "𝄞" * 10, " a ", "a\nb", "a\u2028b", "👩‍👩‍👧"])
def test_text_is_kept_as_it_is_given(value: str) -> None:
    assert text(10)(value, "input.title") == value


def test_null_clears_text_to_null_or_to_nothing_as_the_column_allows() -> None:
    assert text(10, nullable=True)(None, "x") is None
    assert text(10, blank=True)(None, "x") == ""
    assert text(10, blank=True)("", "x") == ""
    with pytest.raises(InvalidInput, match="cannot be cleared"):
        text(10)(None, "x")


@pytest.mark.parametrize(
    "value",
    [True, False, "1", "", [], {}, 0, 11, -1, 10**400, float("nan"), float("inf"), 1e308],
    ids=lambda value: repr(value)[:20],
)
def test_numbers_out_of_range_and_what_is_no_number_are_refused(value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        number(1, 10)(value, "patch.timing.duration")
    assert refused.value.field == "patch.timing.duration"


def test_a_whole_number_may_be_written_with_a_fraction_of_zero() -> None:
    check = number(1, 10, whole=True)
    assert repr(check(3.0, "x")) == "3"
    assert check(None, "x") is None
    with pytest.raises(InvalidInput, match="whole"):
        check(3.5, "x")
    with pytest.raises(InvalidInput, match="must be a number"):
        number(1, 10, nullable=False)(None, "x")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a.png",
        "/a.png",
        "//cdn.example/a.png",
        "http:",
        "http://",
        "http:///a.png",
        "http://:80/a.png",
        "https://?x",
        "http://a:99999/",
        "http://a:port/",
        "http://[::1/a.png",
        "http://exa mple.org/",
        "http://example.org/a\nb",
        "http://example.org/\ta",
        "http://example.org/\x00",
        "http://example.org/\ud800",
        "http://example.org/\u2028",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "ftp://example.org/a.png",
        7,
    ],
    ids=ascii,
)
def test_what_is_no_web_address_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        web_address()(value, "patch.imageUrl")
    assert refused.value.field == "patch.imageUrl"


@pytest.mark.parametrize(
    "value",
    [
        "https://example.org/a.png",
        "HTTP://EXAMPLE.ORG",
        "http://localhost:8080/a?b=c#d",
        "http://[::1]:8080/a.png",
        "https://bücher.example/ä.png",
        "https://example.org/%00",
    ],
)
def test_web_addresses_are_kept_as_they_are_given(value: str) -> None:
    assert web_address()(value, "x") == value


def test_an_address_has_a_limit_and_null_clears_it() -> None:
    assert web_address()(None, "x") is None
    with pytest.raises(InvalidInput):
        web_address(nullable=False)(None, "x")
    with pytest.raises(LimitExceeded):
        web_address()("https://example.org/" + "a" * limits.URL, "x")


HOSTILE_JSON = [
    ("text", "INVALID_INPUT"),
    ("1", "INVALID_INPUT"),
    (0, "INVALID_INPUT"),
    (False, "INVALID_INPUT"),
    ({"a": "\x00"}, "INVALID_INPUT"),
    ({"\x00": 1}, "INVALID_INPUT"),
    ({"a": ["\ud800"]}, "INVALID_INPUT"),
    ({"\udfff": 1}, "INVALID_INPUT"),
    ({"a": float("nan")}, "INVALID_INPUT"),
    ({"a": [float("inf")]}, "INVALID_INPUT"),
    ([float("-inf")], "INVALID_INPUT"),
    ({"a": 2**63}, "INVALID_INPUT"),
    ([-(2**63) - 1], "INVALID_INPUT"),
    ([10**5_000], "INVALID_INPUT"),
    (nested(33), "LIMIT_EXCEEDED"),
    (nested(50_000), "LIMIT_EXCEEDED"),
    (["x" * limits.DOCUMENT_BYTES], "LIMIT_EXCEEDED"),
    (["ä" * (limits.DOCUMENT_BYTES // 2)], "LIMIT_EXCEEDED"),
    ([0] * limits.DOCUMENT_BYTES, "LIMIT_EXCEEDED"),
]


@pytest.mark.parametrize(
    ("value", "code"), HOSTILE_JSON, ids=[str(n) for n in range(len(HOSTILE_JSON))]
)
async def test_json_that_a_database_or_client_could_not_hold_is_refused_and_leaves_nothing(
    home: Home, value: Any, code: str
) -> None:
    before = await stored()
    with pytest.raises(Refusal) as refused:
        await a_project(home, promptPlannerData=value)
    assert (refused.value.code, refused.value.field) == (code, "input.promptPlannerData")
    assert await stored() == before


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        [0],
        [""],
        {"": {"": None}},
        {"a": {}, "b": [], "c": None, "d": False},
        ["\\u0000", "\\", '"', "\u2028", "👩‍👩‍👧"],
        [2**63 - 1, -(2**63), 2**53 + 1, 0.1, 1e-7, 1e20, -1.5e300],
        {"a.b": 1, "a": {"b": 2}},
        nested(32),
        nested(31),
    ],
    ids=lambda value: ascii(value)[:30],
)
async def test_json_comes_back_as_it_was_given(home: Home, value: Any) -> None:
    project = await a_project(home, promptPlannerData=value)
    assert (await Project.get(id=project.id)).prompt_planner_data == value


def test_depth_is_measured_without_recursion() -> None:
    within_depth(nested(64), 64, "input")
    for levels in (65, 100_000):
        with pytest.raises(LimitExceeded, match="64 levels"):
            within_depth(nested(levels), 64, "input")


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        (None, Fraction(24)),
        ("24", Fraction(24)),
        ("25.000", Fraction(25)),
        ("24000/1001", Fraction(24000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("48/2", Fraction(24)),
        ("120", Fraction(120)),
        ("1", Fraction(1)),
    ],
)
def test_frame_rates_are_rational(value: str | None, rate: Fraction) -> None:
    assert frame_rate(value, "input.frameRate") == rate


@pytest.mark.parametrize(
    "value",
    [
        "",
        "film",
        "0",
        "-24",
        "+24",
        "24/0",
        "0/1001",
        "241",
        "0.5",
        "12.5",
        "121",
        "24001/1001",
        "1002/1001",
        "24000/1001/1",
        "24 ",
        "2_4",
        "٢٤",
        "nan",
        "inf",
        "1e2",
        "1e999999999",
        "9" * 5_000,
        "24\x00",
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_rate_that_no_film_has_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        frame_rate(value, "input.frameRate")
    assert refused.value.field == "input.frameRate"


def test_an_unknown_field_is_refused_by_its_path() -> None:
    fields = {"camera": shape(movement=shape(type=text(10)))}
    assert checked(fields, {"camera": {"movement": {"type": "pan"}}}, "patch")
    with pytest.raises(InvalidInput) as refused:
        checked(fields, {"camera": {"movement": {"speed": 1}}}, "patch")
    assert refused.value.field == "patch.camera.movement.speed"


def test_fields_are_stored_under_the_names_of_their_columns() -> None:
    assert columns({"promptPlannerData": 1, "title": 2}) == {"prompt_planner_data": 1, "title": 2}


def test_documents_merge_level_by_level() -> None:
    current = {"prompt": "dusk", "parameters": {"steps": 20, "seed": 1}}

    assert merged(current, {"parameters": {"steps": 30}}) == {
        "prompt": "dusk",
        "parameters": {"steps": 30, "seed": 1},
    }
    assert merged(current, {"prompt": None}) == {"parameters": {"steps": 20, "seed": 1}}
    assert merged(current, {"parameters": {"steps": None, "seed": None}}) == {"prompt": "dusk"}
    assert merged(current, {"parameters": None}) == {"prompt": "dusk"}
    assert merged(current, {"parameters": {}}) == current
    assert merged(current, {}) == current
    assert merged(current, None) == {}
    assert current["parameters"] == {"steps": 20, "seed": 1}


def documents(levels: int) -> st.SearchStrategy[dict[str, Any]]:
    """What may be given for a shape with two leaves and an inner shape."""
    leaf: st.SearchStrategy[Any] = st.none() | st.integers(0, 2)
    inner = st.none() | documents(levels - 1) if levels else st.none()
    return st.fixed_dictionaries({}, optional={"a": leaf, "b": leaf, "inner": inner})


MAPPINGS = documents(2)


@given(MAPPINGS, MAPPINGS)
def test_merging_twice_is_merging_once_and_leaves_no_null(current: Any, patch: Any) -> None:
    current = merged({}, current)
    after = merged(current, patch)

    assert merged(after, patch) == after
    assert "None" not in str(after)
    assert "{}" not in str(list(after.values()))


@given(MAPPINGS, MAPPINGS)
def test_there_are_differences_exactly_between_what_differs(one: Any, other: Any) -> None:
    one, other = merged({}, one), merged({}, other)

    paths = differences(one, other, "x")

    assert bool(paths) == (one != other)
    assert paths == differences(other, one, "x")
    assert len(paths) == len(set(paths))
