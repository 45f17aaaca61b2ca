"""Files that come with a request, and what pretends to be such a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from storyreel.transport.uploads import FIELD_BYTES_MAX, FILES_MAX, UPLOAD_BYTES_MAX
from tests.formats.screenplays import LANTERNS_FDX, LANTERNS_FOUNTAIN
from tests.http.test_endpoint import codes
from tests.serving import Site
from tests.stored import stored

PREFLIGHT = {"GraphQL-Preflight": "1"}
IMPORT = """mutation($input: ImportScreenplayInput!) {
  importScreenplay(input: $input) { id format scenes { title } file { sha256 size } }
}"""
PLACE = "variables.input.file"


def operations(**given: Any) -> dict[str, Any]:
    return {"query": IMPORT, "variables": {"input": {"file": None} | given}}


async def send(
    site: Site,
    body: Any = None,
    places: Any = None,
    files: dict[str, bytes] | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """The parts as a client of the specification sends them; texts are sent as they are."""
    fields = [operations() if body is None else body, {"0": [PLACE]} if places is None else places]
    texts = [each if isinstance(each, str) else json.dumps(each) for each in fields]
    parts: list[tuple[str, Any]] = [
        (name, (None, text)) for name, text in zip(("operations", "map"), texts, strict=True)
    ]
    found = {"0": LANTERNS_FOUNTAIN} if files is None else files
    parts += [(name, (f"{name}.txt", data)) for name, data in found.items()]
    return await site.http.post(site.url, files=parts, headers=PREFLIGHT | (headers or {}))


@pytest.mark.parametrize("data", [LANTERNS_FDX, LANTERNS_FOUNTAIN], ids=["fdx", "fountain"])
async def test_a_file_arrives_byte_for_byte(site: Site, data: bytes) -> None:
    answer = (await send(site, files={"0": data})).json()["data"]["importScreenplay"]
    assert answer["file"]["size"] == len(data)
    assert await site.home.world.storage.get(answer["file"]["sha256"]) == data
    assert answer["scenes"][0]["title"] == "EXT. SKARV HARBOUR - DUSK"


async def test_a_repeated_upload_gets_the_first_answer_again(site: Site) -> None:
    body = operations(idempotencyKey="k")
    first, again = [await send(site, body) for _ in "ab"]
    other = await send(site, body, files={"0": LANTERNS_FDX})
    assert first.json()["data"] == again.json()["data"]
    assert codes(other) == ["IDEMPOTENCY_KEY_REUSED"]


async def test_a_file_is_no_value(site: Site) -> None:
    values: list[Any] = ["x", {}, ["x"], 1]
    for file in values:
        answer = await site.http.post(site.url, json=operations(file=file))
        assert codes(answer) == ["INVALID_INPUT"]


async def test_a_form_of_another_page_runs_nothing(site: Site) -> None:
    before = await stored()
    answer = await send(site, headers={"GraphQL-Preflight": ""})
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])
    assert await stored() == before


NOT_MAPPED: dict[str, tuple[Any, Any, dict[str, bytes] | None]] = {
    "no map": (None, "", None),
    "no JSON": ("{", None, None),
    "a list": ([operations()], None, None),
    "half of a character": ('{"query": "\\ud800"}', None, None),
    "a map without places": (None, {"0": []}, None),
    "a map that is no list": (None, {"0": PLACE}, None),
    "a place that is no text": (None, {"0": [1]}, None),
    "too many places": (None, {"0": [PLACE] * 17}, None),
    "a file that is not named": (None, {"0": [PLACE]}, {"0": b"x", "1": b"y"}),
    "a name without a file": (None, {"0": [PLACE], "1": [PLACE]}, None),
    "the query": (None, {"0": ["query"]}, None),
    "the name of an operation": (
        operations() | {"operationName": None},
        {"0": ["operationName"]},
        None,
    ),
    "all variables": ({"query": IMPORT, "variables": None}, {"0": ["variables"]}, None),
    "no variable": (None, {"0": ["variables.input.nothing"]}, None),
    "a variable that is not null": (operations(file="x"), None, None),
    "a place twice": (None, {"0": [PLACE, PLACE]}, None),
    "within a text": (operations(file="x"), {"0": [f"{PLACE}.x"]}, None),
    "before a list": (
        {"query": IMPORT, "variables": {"a": [None]}},
        {"0": ["variables.a.-1"]},
        None,
    ),
    "behind a list": (
        {"query": IMPORT, "variables": {"a": [None]}},
        {"0": ["variables.a.1"]},
        None,
    ),
    "far behind it": (
        {"query": IMPORT, "variables": {"a": [None]}},
        {"0": ["variables.a." + "9" * 10_000]},
        None,
    ),
    "nowhere": (None, {"0": [""]}, None),
    "a large field": (operations(title="x" * FIELD_BYTES_MAX), None, None),
    "too many files": (None, None, {str(number): b"x" for number in range(FILES_MAX + 1)}),
}


@pytest.mark.parametrize(("body", "places", "files"), NOT_MAPPED.values(), ids=NOT_MAPPED)
async def test_what_the_map_does_not_fit_is_refused(
    site: Site, tmp_path: Path, body: Any, places: Any, files: dict[str, bytes] | None
) -> None:
    before = await stored()
    answer = await send(site, body, places, files)
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])
    assert await stored() == before
    assert not [path for path in (tmp_path / "assets").rglob("*") if path.is_file()]


START = b'--b\r\nContent-Disposition: form-data; name="operations"\r\n'
HOSTILE: dict[str, tuple[str, bytes]] = {
    "nothing": ("boundary=b", b""),
    "no boundary": ("", b"x"),
    "a long boundary": ("boundary=" + "b" * 10_000, b"x"),
    "no part": ("boundary=b", b"--b--\r\n"),
    "text before it": ("boundary=b", b"x" * 1_000 + START),
    "a part without a name": (
        "boundary=b",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
    ),
    "no disposition": ("boundary=b", b"--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--\r\n"),
    "an end that is missing": ("boundary=b", START + b"\r\n{}"),
    "a long header": ("boundary=b", START + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n{}\r\n--b--\r\n"),
    "many headers": ("boundary=b", START + b"X: y\r\n" * 100_000 + b"\r\n{}\r\n--b--\r\n"),
    "many fields": ("boundary=b", (START + b"\r\n{}\r\n") * 10_000 + b"--b--\r\n"),
    "not UTF-8": ("boundary=b", START + b"\r\n\xff\r\n--b--\r\n"),
    "another encoding": ("boundary=b; charset=punycode", START + b"\r\n{}\r\n--b--\r\n"),
    "bytes as an encoding": ("boundary=b; charset=hex", START + b"\r\n{}\r\n--b--\r\n"),
}


@pytest.mark.parametrize(("options", "body"), HOSTILE.values(), ids=HOSTILE)
async def test_what_is_no_form_is_refused(site: Site, options: str, body: bytes) -> None:
    headers = PREFLIGHT | {"Content-Type": f"multipart/form-data; {options}"}
    answer = await site.http.post(site.url, content=body, headers=headers)
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])


async def test_a_form_beyond_the_limit_is_refused(site: Site) -> None:
    answer = await send(site, files={"0": b"x" * UPLOAD_BYTES_MAX})
    assert (answer.status_code, codes(answer)) == (413, ["LIMIT_EXCEEDED"])


async def test_a_file_beyond_the_limit_of_its_use_is_refused(site: Site) -> None:
    answer = await send(site, files={"0": b"x" * (UPLOAD_BYTES_MAX - 10_000)})
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "field": "input.file"}
