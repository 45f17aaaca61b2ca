"""What tests of sockets follow, and how they change it."""

from __future__ import annotations

from models import Project
from services import projects
from services.work import perform
from tests.conftest import Home

LIVE = "subscription ($id: ID!) { liveProject(id: $id) { title scenes { title } } }"
EVENTS = (
    "subscription ($id: ID!, $after: Cursor) { projectEvents(projectId: $id, after: $after)"
    " { __typename ... on ProjectChanges { cursor events { kind } } } }"
)
UNKNOWN = "prj_01h455vb4pex5vsknk084sn02q"


async def retitle(home: Home, project: Project, title: str) -> None:
    act = projects.update_project
    await perform(home.world, home.owner, act, project.id, {"title": title})
