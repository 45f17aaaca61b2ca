"""The description of the routes, held against what they do by requests made from it."""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.config import (
    GenerationConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi.checks import ignored_auth

from models import MemberRole, Project, User
from services import granting
from services.actor import SYSTEM
from services.checks import passes, storable
from services.granting import Reach
from services.work import perform
from storyreel.entrance.admission import Reception
from storyreel.entrance.identity import Recognition
from storyreel.rest.description import description
from storyreel.rest.routes import OPERATIONS as ROUTES
from tests.conftest import Home
from tests.making import a_project, a_snapshot
from tests.serving import OWN, an_unserved_whole_site

OPERATIONS = [
    ("GET", "/api/projects/{projectId}/snapshot"),
    ("POST", "/api/projects/{projectId}/snapshot"),
    ("DELETE", "/api/projects/{projectId}/snapshot"),
    ("PATCH", "/api/projects/{projectId}/snapshot/metadata"),
    ("GET", "/api/projects/{projectId}/snapshot/stats"),
    ("POST", "/api/memory/update"),
    ("GET", "/api/memory/all"),
]


few = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@cache
def cases(
    method: str, path: str, mode: GenerationMode, secured: bool = False
) -> st.SearchStrategy[Case[Any]]:
    """Requests that fit the description, or that do not."""
    generation = GenerationConfig(allow_x00=False)  # no database of ours can hold it
    config = SchemathesisConfig(
        projects=ProjectsConfig(default=ProjectConfig(generation=generation))
    )
    operations = schemathesis.openapi.from_dict(described(secured), config=config)
    strategy: st.SearchStrategy[Case[Any]] = operations[path][method].as_strategy(mode)
    return strategy


def described(secured: bool) -> dict[str, Any]:
    return description(ROUTES, secured=secured)


async def sent(
    http: httpx.AsyncClient, case: Case[Any], shown: str | None = None
) -> httpx.Response:
    """The case as a client of its own would send it, who shows this credential."""
    known = ("method", "url", "headers", "params", "json", "data", "cookies")
    told = case.as_transport_kwargs(base_url=OWN)
    request = requests.Request(**{name: told[name] for name in known if name in told}).prepare()
    request.headers.pop("Authorization", None)  # as far as it is made up
    if shown is not None:
        request.headers["Authorization"] = shown
    headers = {name: str(value) for name, value in request.headers.items()}
    content: Any = request.body
    return await http.request(
        str(request.method), str(request.url), headers=headers, content=content
    )


def of_what_is_there(case: Case[Any], project: Project) -> None:
    """Without what no description can tell: whether it fits what is stored, and can be stored."""
    assume(passes(storable)(case.body))
    if "projectId" in case.path_parameters:
        case.path_parameters["projectId"] = project.id
    if isinstance(case.body, dict):
        for name in {"baseVersion", "checksum"} & case.body.keys():
            del case.body[name]


async def test_every_operation_is_described_and_no_other(home: Home) -> None:
    async with an_unserved_whole_site(home) as site:
        told = (await site.http.get(f"{OWN}/api/openapi.json")).json()
    listed = {(m.upper(), path) for path, methods in told["paths"].items() for m in methods}
    old = {path for path, methods in told["paths"].items() if "deprecated" in str(methods)}
    assert told["openapi"] == "3.1.0"
    assert not any("401" in str(methods) for methods in told["paths"].values())
    assert listed == set(OPERATIONS)
    assert old == {"/api/memory/update", "/api/memory/all"}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@few
@given(data=st.data())
async def test_answers_are_as_described(
    home: Home, method: str, path: str, data: st.DataObject
) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "EXT. PIER")
    mode = data.draw(st.sampled_from(GenerationMode))
    case = data.draw(cases(method, path, mode))
    if mode is GenerationMode.POSITIVE:
        of_what_is_there(case, project)
    assume("%0A" not in case.formatted_path)  # such a path is nobody's
    async with an_unserved_whole_site(home) as site:
        case.validate_response(await sent(site.http, case))


async def a_credential(home: Home) -> str:
    user = await User.get(id=home.owner.id)
    reach = Reach(MemberRole.OWNER)
    _, token = await perform(home.world, SYSTEM, granting.create_token, "test", user, reach)
    return f"Bearer {token}"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@settings(few, max_examples=2)
@given(data=st.data())
async def test_who_has_to_be_known_is_asked_as_described(
    home: Home, method: str, path: str, data: st.DataObject
) -> None:
    project = await a_project(home)
    await a_snapshot(home, project, "EXT. PIER")
    case = data.draw(cases(method, path, GenerationMode.POSITIVE, secured=True))
    of_what_is_there(case, project)
    reception = Reception(Recognition(home.world), home.world, 100)
    async with an_unserved_whole_site(home, reception) as site:
        told = (await site.http.get(f"{OWN}/api/openapi.json")).json()
        for shown in (None, "Bearer sr_nobody", "Basic eDp5"):
            refused = await sent(site.http, case, shown)
            case.validate_response(refused, excluded_checks=[ignored_auth])
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        welcome = await sent(site.http, case, await a_credential(home))
        case.validate_response(welcome, excluded_checks=[ignored_auth])
    await reception.close()

    assert told == described(secured=True)
    assert welcome.status_code != 401
