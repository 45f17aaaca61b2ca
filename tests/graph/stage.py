"""A board with something of everything, and what is told of a mutation that is called on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from models import (
    Client,
    Image,
    Invitation,
    Job,
    MemberRole,
    Membership,
    Project,
    Scene,
    Shot,
    StoryboardSelection,
    User,
)
from services import generation, members
from services.actor import SYSTEM
from services.work import perform
from tests.conftest import Home
from tests.making import a_project, a_scene, a_selection, a_shot, a_snapshot, an_image

SIZE = {"width": 320, "height": 320}


@dataclass
class Stage:
    """A board with something of everything, to act upon."""

    home: Home
    project: Project
    scene: Scene
    other_scene: Scene
    empty_scene: Scene
    shot: Shot
    """Chosen; of its two images the second refines the first."""
    drawn: Shot
    """Chosen, with two images of ours."""
    waiting: Shot
    """One image waits for its job."""
    bare: Shot
    image: Image
    refined: Image
    selection: StoryboardSelection
    ours: Image
    second: Image
    our_selection: StoryboardSelection
    job: Job
    guest: Membership
    """Somebody else's, at the client of the project."""
    invitation: Invitation
    """To that client."""
    invited: Invitation
    """To a client where the owner of this one is no member."""
    answers: dict[str, Any] = field(default_factory=dict)
    """What the mutations that came first answered."""


async def a_stage(home: Home) -> Stage:
    project = await a_project(home, promptPlannerData={"mood": {"light": "dim"}})
    scene, other, empty = [await a_scene(home, project, title=title) for title in "ABC"]
    shot = await a_shot(home, scene, camera={"framing": "WIDE"})
    bare = await a_shot(home, scene)
    drawn, waiting = await a_shot(home, other), await a_shot(home, other)
    image = await an_image(home, shot)
    refined = await an_image(home, shot)
    await Image.filter(id=refined.id).update(parent_image_id=image.id)
    selection = await a_selection(home, image)
    order = {"count": 2, "parameters": SIZE}
    await perform(home.world, home.owner, generation.generate_images, drawn.id, order)
    await home.queue.run(home.world)
    ours, second = await Image.filter(shot_id=drawn.id).order_by("variant_number")
    our_selection = await a_selection(home, ours)
    order = {"count": 1, "parameters": SIZE}
    await perform(home.world, home.owner, generation.generate_images, waiting.id, order)
    job = await Job.get(shot_id=waiting.id)
    somebody = await User.create(name="Gus")
    guest = await Membership.create(
        client_id=project.client_id, user_id=somebody.id, role=MemberRole.EDITOR
    )
    elsewhere = await Client.create(slug=f"not-of-{project.id}", name="Elsewhere")
    invitation, invited = [
        await perform(home.world, SYSTEM, members.invite_member, {"clientId": at, "role": "EDITOR"})
        for at in (project.client_id, elsewhere.id)
    ]
    for number in (1, 2):
        await a_snapshot(home, project, "INT. ROOM", f"EXT. PIER {number}")
    return Stage(
        home=home,
        project=project,
        scene=scene,
        other_scene=other,
        empty_scene=empty,
        shot=shot,
        drawn=drawn,
        waiting=waiting,
        bare=bare,
        image=image,
        refined=refined,
        selection=selection,
        ours=ours,
        second=second,
        our_selection=our_selection,
        job=job,
        guest=guest,
        invitation=invitation,
        invited=invited,
    )


@dataclass(frozen=True)
class Case:
    """A mutation as it is called on a stage, and whether its jobs run before one looks."""

    name: str
    call: Callable[[Stage], str]
    runs: bool = False
    before: Callable[[Stage], str] | None = None
    """A mutation that comes first, with its jobs."""
