"""Requests with files, as the GraphQL multipart request specification has them.

Three kinds of parts come in this order: `operations`, the request as JSON with null where a file
belongs; `map`, which says where that is for each file; and the files by the names in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any

from cross_web import AsyncHTTPRequestAdapter, FormData, HTTPException, StarletteRequestAdapter
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException as FormRefused
from starlette.formparsers import MultiPartException

from schema.upload import Upload
from services.limits import SCREENPLAY_BYTES

from ..json_text import read_json

FORM_TYPE = "multipart/form-data"
UPLOAD_BYTES_MAX = SCREENPLAY_BYTES + 512 * 1024
FILES_MAX = 4
FIELDS = ("operations", "map")
FIELD_BYTES_MAX = 256 * 1024
PLACES_MAX = 16


class RequestAdapter(StarletteRequestAdapter):
    """With bounds for a form: so many files, and two small fields."""

    async def get_form_data(self) -> FormData:
        _, options = parse_options_header(self.content_type)
        if options.get(b"charset", b"utf-8").lower() != b"utf-8":
            raise HTTPException(400, "A multipart request is UTF-8.")
        try:
            form = await self._request.form(
                max_files=FILES_MAX, max_fields=len(FIELDS), max_part_size=FIELD_BYTES_MAX
            )
        except (FormRefused, MultiPartException):
            raise HTTPException(
                400,
                f"A multipart request has the fields operations and map, each of at most "
                f"{FIELD_BYTES_MAX:,} bytes, and then at most {FILES_MAX} files.",
            ) from None
        return FormData(files=form, form=form)


async def request_in(adapter: AsyncHTTPRequestAdapter) -> dict[str, Any]:
    """The request in a form, with its files in their places."""
    form = (await adapter.get_form_data()).form
    operations, places = (_json_object(form, name) for name in FIELDS)
    files = {name: part for name, part in form.items() if isinstance(part, UploadFile)}
    if set(files) != set(places):
        raise HTTPException(400, "The map must name each file of the request, and no other.")
    for name, part in files.items():
        upload = Upload(await part.read())
        for place in _places(places[name]):
            _put(operations, place, upload)
    return operations


def _json_object(form: Mapping[str, Any], name: str) -> dict[str, Any]:
    try:
        value = read_json(form.get(name) or "")
    except (JSONDecodeError, TypeError):
        value = None
    if not isinstance(value, dict):
        raise HTTPException(400, f"The field {name} of a multipart request must be a JSON object.")
    return value


def _places(value: Any) -> list[str]:
    """Where a file belongs, such as "variables.input.file"."""
    places = value if isinstance(value, list) else []
    if not 1 <= len(places) <= PLACES_MAX or not all(isinstance(each, str) for each in places):
        raise HTTPException(400, f"The map gives 1 to {PLACES_MAX} places for each file.")
    return places


def _put(operations: dict[str, Any], place: str, upload: Upload) -> None:
    """Into a variable where null stands."""
    inner: Any = operations
    *path, last = place.split(".")
    for key in path:
        inner = inner.get(key) if isinstance(inner, dict) else _item(inner, key)
    if path[:1] == ["variables"] and isinstance(inner, dict) and inner.get(last, ...) is None:
        inner[last] = upload
    elif path[:1] == ["variables"] and _item(inner, last, ...) is None:
        inner[int(last)] = upload
    else:
        raise HTTPException(400, "Each place in the map must be a variable that is null.")


def _item(value: Any, key: str, absent: Any = None) -> Any:
    index = int(key) if key.isascii() and key.isdigit() and len(key) < 9 else -1
    return value[index] if isinstance(value, list) and 0 <= index < len(value) else absent
