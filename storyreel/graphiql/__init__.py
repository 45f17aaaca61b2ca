"""GraphiQL, for browsers that open the GraphQL address.

It is built from web/graphiql into the folder `bundle` here. Where nobody has built it, a page
without scripts says how to, and how to ask without it. Neither sends anything to another machine.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUNDLE = Path(__file__).with_name("bundle")
UNBUILT = Path(__file__).with_name("unbuilt.html")
FOR_PROGRAMS = ("json", "event-stream", "multipart")
NONCE = "NONCE"  # what stands in the pages for it

# Scripts and workers are files of this server. Style sheets carry the nonce of their page, for the
# editor makes some as it runs; its lines are placed by style attributes, to which a nonce cannot
# apply. Images and fonts in `data:` are parts of its style sheets.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src-elem 'self' 'nonce-NONCE'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

FILES_POLICY = "default-src 'none'; script-src 'self'"  # a worker obeys its own, not its page's


def graphiql_routes(path: str, bundle: Path = BUNDLE) -> list[BaseRoute]:
    """The page at `path` and its files below: to be put before the route of GraphQL itself."""

    def page(request: Request) -> Response:
        return _page(bundle / "index.html")

    files = _Files(directory=bundle / "assets", check_dir=False)
    return [_PageRoute(path, page), Mount(f"{path}/assets", files)]


class _PageRoute(Route):
    """For people only. Programs name what they read or take anything, and put their question in
    the query string or the body: they never get a page."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        if match is not Match.FULL or scope["query_string"]:
            return Match.NONE, {}
        accepted = ",".join(Headers(scope=scope).getlist("accept")).lower()
        if "text/html" not in accepted or any(kind in accepted for kind in FOR_PROGRAMS):
            return Match.NONE, {}
        return match, child


class _Files(StaticFiles):
    """Their names change with their content."""

    async def check_config(self) -> None:
        """The folder may come later, with `make web`."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Content-Security-Policy"] = FILES_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _page(built: Path) -> Response:
    nonce = secrets.token_urlsafe(16)
    text = (built if built.exists() else UNBUILT).read_text()
    return HTMLResponse(
        text.replace(NONCE, nonce),
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY.replace(NONCE, nonce),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept",
            "X-Content-Type-Options": "nosniff",
        },
    )
