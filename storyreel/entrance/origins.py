"""Pages of other origins: which may call, and what none may have a browser send unasked.

A browser asks the server first (a CORS preflight) before it sends a page's request to another
origin, unless the request is as simple as a link, an image or a form: those it sends, and only
keeps the answer from the page. So what is that simple runs nothing here. The rule and the names of
the headers are those of Apollo Server and its clients, and of Hot Chocolate; programs are spared
it, for they need no browser to be tricked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp
from strawberry.http.websocket_origin import is_same_origin, normalize_origin

PREFLIGHT_HEADERS = (
    "apollo-require-preflight",
    "graphql-preflight",
    "graphql-require-preflight",
    "x-apollo-operation-name",
)
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
EXPOSED = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "Deprecation",
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "X-Request-Id",
)

UNASKED = (
    "A browser may send this for a page of another origin without asking. Send a Content-Type of "
    "application/json, or a header such as GraphQL-Preflight: 1."
)


def allowing(app: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """The application, for pages of these origins too. They send tokens, not cookies."""
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "HEAD", "POST", "PATCH", "DELETE"),
        allow_headers=("*",),
        allow_private_network=True,  # a page on the internet, where it is listed, may call a LAN
        expose_headers=EXPOSED,
    )


def may_be_unasked(method: str, headers: Mapping[str, str], origins: Collection[str]) -> bool:
    """Whether a page that is not allowed may be behind a request, without a preflight.

    A form may be; anything else that is simple, if its browser says that it comes from elsewhere.
    Browsers say so to their own machine and over HTTPS. To others, over plain HTTP, they do not:
    there it takes authentication, for tokens are not sent by themselves as cookies are.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if any(headers.get(name) for name in PREFLIGHT_HEADERS) or (kind and kind not in FORM_TYPES):
        return False
    return method == "POST" or _from_elsewhere(headers, origins)


def _from_elsewhere(headers: Mapping[str, str], origins: Collection[str]) -> bool:
    site = headers.get("sec-fetch-site", "none")
    origin = headers.get("origin")
    if origin is None:
        return site not in ("same-origin", "none")
    return not (
        site == "same-origin"
        or is_same_origin(origin, headers.get("host"))
        or normalize_origin(origin) in origins
    )
