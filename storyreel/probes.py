"""What load balancers, schedulers and Prometheus ask, without GraphQL.

`/healthz`: the process is alive. `/readyz`: it can do its work, else 503 with what it lacks.
`/metrics`: what it counts; with authentication only for an API token, which none but an operator
can make. A loopback address is no proof: behind a proxy everybody has one.
"""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from models import ApiToken, prefix_of
from services.errors import Unauthenticated

from .entrance.admission import shown_by, turned_away
from .wiring import House


def probe_routes(house: House) -> list[Route]:
    async def ready(request: Request) -> Response:
        findings = await house.health.findings()
        failing = [{"check": f.check, "problem": f.problem} for f in findings if f.problem]
        if failing:
            return _answer({"status": "unavailable", "failing": failing}, 503)
        return _answer({"status": "ok", "checks": [f.check for f in findings]})

    async def metrics(request: Request) -> Response:
        if house.reception is not None:
            try:
                actor = await house.reception.admit(shown_by(request.headers))
            except Unauthenticated:
                return turned_away("application/json")
            if prefix_of(actor.bearer) != ApiToken.PREFIX:
                return turned_away("application/json")
        text = await house.metrics.exposition(house.world)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", _alive), Route("/readyz", ready), Route("/metrics", metrics)]


async def _alive(request: Request) -> Response:
    return _answer({"status": "ok"})


def _answer(content: object, status: int = 200) -> Response:
    return JSONResponse(content, status, {"Cache-Control": "no-store"})
