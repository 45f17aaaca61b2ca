"""GET and HEAD /assets/{asset_id}: the bytes of an asset for whoever holds a signed link to it.

Ranges, conditions and refusals follow RFC 9110; Starlette keeps its own range reading private.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.backends.storage import Storage
from services.links import Links

_RANGE = re.compile("bytes=(?:([0-9]{1,20})-([0-9]{0,20})|-([0-9]{1,20}))", re.IGNORECASE)


@dataclass(frozen=True)
class AssetFile:
    """What to serve: `size` in bytes, `filename` as shown to people, in any script."""

    sha256: str
    media_type: str
    size: int
    filename: str

    @property
    def etag(self) -> str:
        return f'"{self.sha256}"'


class Unsatisfiable(Exception):
    """The range asked for has no byte in the file."""


FindFile = Callable[[str, str], Awaitable[AssetFile | None]]
"""By an asset's id, what the bearer that its link was made for may see right now."""


def asset_route(links: Links, storage: Storage, find: FindFile) -> Route:
    """The signature is checked before anything is looked up, so that guessing ids tells nothing."""

    async def serve(request: Request) -> Response:
        asset_id: str = request.path_params["asset_id"]
        expires, bearer, signature = [
            request.query_params.get(name, "") for name in ("expires", "for", "signature")
        ]
        if not links.verify(asset_id, expires, signature, bearer):
            return _refusal(403, "FORBIDDEN", "This link is not valid, or no longer.")
        file = await find(asset_id, bearer)
        if file is None:
            return _refusal(404, "NOT_FOUND", "There is no such asset.")
        headers = _headers(file, max_age=int(int(expires) - links.now()))
        if _unchanged(request.headers.get("if-none-match"), file.etag):
            return Response(status_code=304, headers=headers)
        if await storage.size(file.sha256) != file.size:
            return _refusal(404, "NOT_FOUND", "The file of this asset is missing.")
        return _answer(request, storage, file, headers)

    return Route("/assets/{asset_id}", serve, methods=["GET", "HEAD"], name="asset")


def wanted_bytes(header: str, size: int) -> tuple[int, int] | None:
    """The start and the exclusive end that a Range header asks for. Raises Unsatisfiable.

    None stands for the whole file: several ranges, other units and nonsense may all be ignored.
    """
    match = _RANGE.fullmatch(header)
    if match is None:
        return None
    first, last, suffix = match.groups()
    start = int(first) if first else max(size - int(suffix), 0)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, end


def _answer(
    request: Request, storage: Storage, file: AssetFile, headers: dict[str, str]
) -> Response:
    headers |= {"Content-Type": file.media_type, "Content-Length": str(file.size)}
    if request.method == "HEAD":
        return Response(headers=headers)
    try:
        wanted = _asked_range(request, file)
    except Unsatisfiable:
        refusal = _refusal(416, "INVALID_INPUT", "The file has no such range.")
        refusal.headers["Content-Range"] = f"bytes */{file.size}"
        return refusal
    if wanted is None:
        return StreamingResponse(storage.stream(file.sha256, 0, file.size), headers=headers)
    start, end = wanted
    headers["Content-Length"] = str(end - start)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return StreamingResponse(storage.stream(file.sha256, start, end), 206, headers)


def _asked_range(request: Request, file: AssetFile) -> tuple[int, int] | None:
    """With If-Range, only if the client's earlier part is of this very file."""
    if request.headers.get("if-range", file.etag) != file.etag:
        return None
    return wanted_bytes(request.headers.get("range", ""), file.size)


def _unchanged(if_none_match: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or tags == ["*"]


def _headers(file: AssetFile, max_age: int) -> dict[str, str]:
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", file.filename)
    exact = quote(file.filename, safe="", errors="replace")
    return {
        "ETag": file.etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={max_age}, immutable",
        "Content-Disposition": f"inline; filename=\"{plain}\"; filename*=UTF-8''{exact}",
        # Files come from strangers: they are shown on any board, and never run as our pages.
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }


def _refusal(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse(
        {"error": {"code": code, "message": message}}, status, {"Cache-Control": "no-store"}
    )
