"""A board with something of everything, and every mutation as it may be called on it."""

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
PICTURE = "{ width: 320, height: 320 }"
MIGRATE = (
    'migrateLegacyProject(input: { document: { id: "old", scenes: [{ prompt: "x" }] } }) { id }'
)


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


def edit(kind: str, row: str, patch: str) -> Callable[[Stage], str]:
    def call(stage: Stage) -> str:
        row_id = getattr(stage, row).id
        return f'update{kind}(id: "{row_id}", patch: {{ {patch} }}) {{ __typename }}'

    return call


CASES: dict[str, list[Case]] = {
    "createProject": [
        Case("another", lambda s: 'createProject(input: { prompt: "x" }) { id }'),
    ],
    "updateProject": [
        Case("title", edit("Project", "project", 'title: "New"')),
        Case(
            "prompt-and-data",
            edit("Project", "project", 'prompt: "New", promptPlannerData: { a: 1 }'),
        ),
        Case("nothing", edit("Project", "project", 'prompt: "A night in Tokyo"')),
        Case("clear-data", edit("Project", "project", "promptPlannerData: null")),
        Case(
            "nested-data",
            edit("Project", "project", 'promptPlannerData: { mood: { light: "red" } }'),
        ),
    ],
    "deleteProject": [
        Case("all", lambda s: f'deleteProject(id: "{s.project.id}") {{ id }}'),
    ],
    "createScene": [
        Case(
            "with-shots-at-the-end",
            lambda s: (
                f"""createScene(input: {{
                projectId: "{s.project.id}", title: "X"
                shots: [{{ description: "a" }}, {{ description: "b", shotNumber: 1 }}]
            }}) {{ id }}"""
            ),
        ),
        Case(
            "in-the-middle",
            lambda s: (
                f"""createScene(input: {{
                projectId: "{s.project.id}", title: "X", sceneNumber: 2, label: "1A"
            }}) {{ id }}"""
            ),
        ),
    ],
    "updateScene": [
        Case("title", edit("Scene", "scene", 'title: "New", description: "What happens"')),
        Case("clear", edit("Scene", "scene", "label: null, description: null")),
    ],
    "moveScene": [
        Case("down", lambda s: f'moveScene(id: "{s.scene.id}", sceneNumber: 2) {{ id }}'),
        Case("up", lambda s: f'moveScene(id: "{s.empty_scene.id}", sceneNumber: 1) {{ id }}'),
        Case("nowhere", lambda s: f'moveScene(id: "{s.scene.id}", sceneNumber: 1) {{ id }}'),
    ],
    "deleteScene": [
        Case("full", lambda s: f'deleteScene(id: "{s.scene.id}") {{ id }}'),
        Case("with-jobs", lambda s: f'deleteScene(id: "{s.other_scene.id}") {{ id }}'),
        Case("empty", lambda s: f'deleteScene(id: "{s.empty_scene.id}") {{ id }}'),
    ],
    "createShot": [
        Case(
            "at-the-end",
            lambda s: (
                f"""createShot(input: {{
                sceneId: "{s.scene.id}", description: "x", timing: {{ duration: 2.5 }}
                generation: {{ parameters: {{ steps: 3 }} }}
            }}) {{ id }}"""
            ),
        ),
        Case(
            "first-of-an-empty-scene",
            lambda s: (
                f"""createShot(input: {{
                sceneId: "{s.empty_scene.id}", description: "x", shotNumber: 1
            }}) {{ id }}"""
            ),
        ),
    ],
    "updateShot": [
        Case("text", edit("Shot", "shot", 'description: "New", label: "12A", status: "ok"')),
        Case(
            "documents",
            edit(
                "Shot",
                "shot",
                """camera: { framing: "CLOSE-UP", movement: { type: "pan left" } }
                timing: { duration: 3, transition: "cut" }
                generation: { prompt: "p", parameters: { steps: 30, seed: 1 } }""",
            ),
        ),
        Case("clear-a-document", edit("Shot", "shot", "camera: null")),
        Case("clear-in-a-document", edit("Shot", "shot", "camera: { framing: null }")),
    ],
    "moveShot": [
        Case("down", lambda s: f'moveShot(id: "{s.shot.id}", shotNumber: 2) {{ id }}'),
        Case(
            "to-another-scene",
            lambda s: (
                f'moveShot(id: "{s.shot.id}", shotNumber: 1, sceneId: "{s.other_scene.id}")'
                " { id }"
            ),
        ),
        Case(
            "to-an-empty-scene",
            lambda s: (
                f'moveShot(id: "{s.bare.id}", shotNumber: 9, sceneId: "{s.empty_scene.id}")'
                " { id }"
            ),
        ),
        Case("nowhere", lambda s: f'moveShot(id: "{s.shot.id}", shotNumber: 1) {{ id }}'),
    ],
    "deleteShot": [
        Case("chosen", lambda s: f'deleteShot(id: "{s.shot.id}") {{ id }}'),
        Case("with-a-job", lambda s: f'deleteShot(id: "{s.waiting.id}") {{ id }}'),
        Case("bare", lambda s: f'deleteShot(id: "{s.bare.id}") {{ id }}'),
    ],
    "registerImages": [
        Case(
            "two",
            lambda s: (
                f"""registerImages(input: {{
                shotId: "{s.shot.id}", iterationPrompt: "x", parentImageId: "{s.image.id}"
                images: [
                  {{ variantNumber: 1, imageUrl: "https://example.org/b.png" }}
                  {{ variantNumber: 2, status: PENDING, metadata: {{ a: 1 }}, externalId: "e" }}
                ]
            }}) {{ id }}"""
            ),
        ),
        Case(
            "the-first-of-a-shot",
            lambda s: (
                f"""registerImages(input: {{
                shotId: "{s.bare.id}", iterationPrompt: "x"
                images: [{{ variantNumber: 1, imageUrl: "https://example.org/b.png" }}]
            }}) {{ id }}"""
            ),
        ),
    ],
    "updateImage": [
        Case(
            "all",
            edit(
                "Image",
                "image",
                'imageUrl: "https://example.org/z.png", metadata: { a: [1] }, externalId: "e"',
            ),
        ),
        Case("nothing", edit("Image", "image", "status: COMPLETE")),
        Case("of-ours", edit("Image", "ours", 'externalId: "e"')),
    ],
    "setFavorite": [
        Case("on", lambda s: f'setFavorite(imageId: "{s.image.id}", isFavorite: true) {{ id }}'),
        Case(
            "no-change",
            lambda s: f'setFavorite(imageId: "{s.image.id}", isFavorite: false) {{ id }}',
        ),
    ],
    "setPresence": [
        Case(
            "told-over-the-bus-only",
            lambda s: (
                f'setPresence(input: {{ projectId: "{s.project.id}", focusId: "{s.shot.id}" }})'
                " { editing }"
            ),
        ),
    ],
    "deleteImage": [
        Case("chosen-and-refined", lambda s: f'deleteImage(id: "{s.image.id}") {{ id }}'),
        Case("plain", lambda s: f'deleteImage(id: "{s.refined.id}") {{ id }}'),
        Case("ours", lambda s: f'deleteImage(id: "{s.ours.id}") {{ id }}'),
        Case(
            "waiting",
            lambda s: f'deleteImage(id: "{s.job.subject_id}") {{ id }}',
        ),
    ],
    "selectMasterShot": [
        Case("again", lambda s: choose(s.shot, s.image)),
        Case("first", lambda s: choose(s.shot, s.image), before=lambda s: clear(s.shot)),
        Case(
            "another-than-the-animated-one",
            lambda s: choose(s.drawn, s.second),
            before=lambda s: animate(s.our_selection),
        ),
        Case(
            "another-than-the-one-being-animated",
            lambda s: (
                animate(s.our_selection).replace("animate", "a: animate")
                + " b: "
                + choose(s.drawn, s.second)
            ),
        ),
        Case("another", lambda s: choose(s.shot, s.refined)),
    ],
    "clearMasterShot": [
        Case("chosen", lambda s: clear(s.shot)),
        Case("animated", lambda s: clear(s.drawn), before=lambda s: animate(s.our_selection)),
    ],
    "updateStoryboardAnimation": [
        Case("begins", lambda s: report(s.selection, "animationStatus: PROCESSING")),
        Case(
            "ends",
            lambda s: report(
                s.selection,
                """animationStatus: COMPLETE, externalVideoId: "v"
                animatedVideoUrl: "https://example.org/v.mp4" """,
            ),
        ),
        Case("nothing", lambda s: report(s.selection, "externalVideoId: null")),
        Case(
            "replaces-ours",
            lambda s: report(s.our_selection, 'animatedVideoUrl: "https://example.org/v.mp4"'),
            before=lambda s: animate(s.our_selection),
        ),
    ],
    "generateImages": [
        Case("ordered", lambda s: draw(s.shot)),
        Case("made", lambda s: draw(s.shot), runs=True),
        Case("first-of-a-shot", lambda s: draw(s.bare), runs=True),
    ],
    "refineImage": [
        Case("ordered", lambda s: refine(s.ours)),
        Case("made", lambda s: refine(s.ours), runs=True),
    ],
    "animate": [
        Case("ordered", lambda s: animate(s.our_selection)),
        Case("made", lambda s: animate(s.our_selection), runs=True),
        Case(
            "made-again",
            lambda s: animate(s.our_selection).replace("0.1", "0.2"),
            runs=True,
            before=lambda s: animate(s.our_selection),
        ),
    ],
    "exportProject": [
        Case("ordered", lambda s: export(s.project), before=lambda s: clear(s.shot)),
        Case("made", lambda s: export(s.project), runs=True, before=lambda s: clear(s.shot)),
    ],
    "restore": [
        Case(name, lambda s: restore(s), before=before)
        for name, before in {
            "scene": lambda s: delete("Scene", s.scene.id),
            "scene-with-jobs": lambda s: delete("Scene", s.other_scene.id),
            "shot": lambda s: delete("Shot", s.shot.id),
            "waiting-shot": lambda s: delete("Shot", s.waiting.id),
            "shot-whose-place-is-taken": lambda s: (
                delete("Shot", s.bare.id)
                + f' createShot(input: {{ sceneId: "{s.scene.id}", description: "x" }}) {{ id }}'
            ),
            "chosen-and-refined-image": lambda s: delete("Image", s.image.id),
            "refinement": lambda s: delete("Image", s.refined.id),
            "waiting-image": lambda s: delete("Image", s.job.subject_id),
            "choice": lambda s: clear(s.shot).replace("{ id }", "{ restoreId }"),
            "snapshots": lambda s: unsnap(s.project).replace("{ id }", "{ restoreId }"),
        }.items()
    ],
    # Clients have no feed: these send no event, and change nothing that a project shows.
    "inviteMember": [Case("viewer", lambda s: invite(s))],
    "acceptInvitation": [
        Case("elsewhere", lambda s: f'acceptInvitation(code: "{s.invited.code}") {{ id }}'),
    ],
    "revokeInvitation": [
        Case("open", lambda s: f'revokeInvitation(id: "{s.invitation.id}") {{ id }}'),
    ],
    "changeMemberRole": [
        Case("up", lambda s: f"changeMemberRole({member(s)}, role: OWNER) {{ id }}"),
        Case("down", lambda s: f"changeMemberRole({member(s)}, role: VIEWER) {{ id }}"),
    ],
    "removeMember": [Case("guest", lambda s: f"removeMember({member(s)}) {{ id }}")],
    "applyOperations": [
        Case(
            "all",
            lambda s: batch(
                f"""{{ ref: "new", createScene: {{
                    projectId: "{s.project.id}", title: "X", sceneNumber: 1
                    shots: [{{ description: "a" }}, {{ description: "b" }}]
                }} }}
                {{ moveShot: {{ id: "{s.bare.id}", shotNumber: 1, sceneId: "$new" }} }}
                {{ ref: "more", registerImages: {{
                    shotId: "$new.shots.0", iterationPrompt: "x"
                    images: [{{ variantNumber: 1, imageUrl: "https://example.org/b.png" }}]
                }} }}
                {{ selectMasterShot: {{ shotId: "$new.shots.0", imageId: "$more" }} }}
                {{ setFavorite: {{ imageId: "{s.image.id}", isFavorite: true }} }}
                {{ deleteScene: {{ id: "{s.other_scene.id}" }} }}
                {{ updateProject: {{ id: "{s.project.id}", patch: {{ title: "New" }} }} }}"""
            ),
        ),
        Case(
            "all-but-the-refused",
            lambda s: batch(
                f"""{{ ref: "gone", deleteShot: {{ id: "{s.shot.id}" }} }}
                {{ setFavorite: {{ imageId: "{s.image.id}", isFavorite: true }} }}
                {{ restore: {{ restoreId: "$gone.restoreId" }} }}
                {{ updateScene: {{ id: "{s.scene.id}", patch: {{ title: "New", label: "" }} }} }}
                {{ moveScene: {{ id: "{s.scene.id}", sceneNumber: 2 }} }}""",
                "onError: REJECT_FAILED",
            ),
        ),
        Case(
            "none",
            lambda s: batch(
                f"""{{ deleteScene: {{ id: "{s.scene.id}" }} }}
                {{ deleteShot: {{ id: "{s.shot.id}" }} }}"""
            ),
        ),
    ],
    "migrateLegacyProject": [
        Case("another", lambda s: MIGRATE),
        Case("again", lambda s: MIGRATE, before=lambda s: MIGRATE),
    ],
    "storeSnapshot": [
        Case(
            "next",
            lambda s: snap(s.project, 'metadata: { from: 1 }, elements: [{ text: "THE END" }]'),
        ),
        Case("stale", lambda s: snap(s.project, "baseVersion: 0")),
    ],
    "patchSnapshotScenes": [
        Case(
            "replaced-added-removed",
            lambda s: patch(
                s.project,
                '{ number: 1, scene: { heading: "EXT. SEA" } }, { scene: { x: 1 } },'
                ' { heading: "INT. ROOM", scene: null }',
            ),
        ),
    ],
    "restoreSnapshot": [
        Case(
            "the-first",
            lambda s: f"restoreSnapshot(input: {{ {of(s.project)}, version: 1 }}) {{ id }}",
        ),
    ],
    "updateSnapshotMetadata": [
        Case("more", lambda s: describe(s.project, "{ mood: { light: 1 }, a: [1] }")),
        Case("nothing", lambda s: describe(s.project, "{ none: null }")),
    ],
    "deleteSnapshot": [
        Case("all", lambda s: unsnap(s.project)),
        Case("one", lambda s: unsnap(s.project, 1)),
    ],
    "exportSnapshot": [
        Case("a-file", lambda s: f"exportSnapshot({of(s.project)}) {{ id }}"),
    ],
    "importScreenplay": [
        Case("here", lambda s: bring(s.project)),
        Case("elsewhere", lambda s: bring(None)),
    ],
    "reimportScreenplay": [
        Case("applied", lambda s: revise(s, "APPLY"), before=lambda s: bring(s.project)),
        Case("looked-at", lambda s: revise(s, "PREVIEW"), before=lambda s: bring(s.project)),
    ],
    "cancelJob": [
        Case("queued", lambda s: f'cancelJob(id: "{s.job.id}") {{ id }}'),
        Case("ended", lambda s: f'cancelJob(id: "{s.ours.job_id}") {{ id }}'),
    ],
    "retryJob": [
        Case(
            "canceled",
            lambda s: retry(s.job),
            before=lambda s: f'cancelJob(id: "{s.job.id}") {{ id }}',
        ),
        Case(
            "made",
            lambda s: retry(s.job),
            runs=True,
            before=lambda s: f'cancelJob(id: "{s.job.id}") {{ id }}',
        ),
    ],
    "cancelBatch": [
        Case("queued", lambda s: f'cancelBatch(id: "{s.job.batch_id}") {{ id }}'),
        Case(
            "ended",
            lambda s: f'cancelBatch(id: "{s.job.batch_id}") {{ id }}',
            before=lambda s: f'cancelJob(id: "{s.job.id}") {{ id }}',
        ),
    ],
}


def batch(operations: str, *more: str) -> str:
    given = ", ".join([f"operations: [{operations}]", *more])
    return f"applyOperations({given}) {{ committed }}"


def bring(project: Project | None) -> str:
    into = f'projectId: "{project.id}"' if project else ""
    script = "INT. A\\n\\nOne.\\n\\nANNA\\nHello.\\n\\nEXT. B #2#\\n"
    return f'importScreenplay(input: {{ {into} text: "{script}", createShots: true }}) {{ id }}'


def revise(stage: Stage, mode: str) -> str:
    """One scene more, one in another place with other words, one less."""
    script = "EXT. B #2#\\n\\nTwo.\\n\\nINT. NEW\\n\\nRain.\\n\\nINT. A #1#\\n\\nOne more.\\n"
    given = f'projectId: "{stage.project.id}", mode: {mode}, text: "{script}"'
    return f"reimportScreenplay(input: {{ {given} }}) {{ applied }}"


def retry(job: Job) -> str:
    return f'retryJob(id: "{job.id}") {{ id }}'


def choose(shot: Shot, image: Image) -> str:
    return f'selectMasterShot(input: {{ shotId: "{shot.id}", imageId: "{image.id}" }}) {{ id }}'


def clear(shot: Shot) -> str:
    return f'clearMasterShot(shotId: "{shot.id}") {{ id }}'


def delete(kind: str, row_id: str) -> str:
    return f'delete{kind}(id: "{row_id}") {{ restoreId }}'


def of(project: Project) -> str:
    return f'projectId: "{project.id}"'


def snap(project: Project, given: str) -> str:
    scenes = 'scenes: [{ heading: "EXT. PIER", elements: [{ type: "action", text: "Rain." }] }]'
    return f"storeSnapshot(input: {{ {of(project)}, {scenes}, {given} }}) {{ __typename }}"


def patch(project: Project, patches: str) -> str:
    given = f"{of(project)}, scenes: [{patches}]"
    return f"patchSnapshotScenes(input: {{ {given} }}) {{ __typename }}"


def describe(project: Project, metadata: str) -> str:
    return f"updateSnapshotMetadata({of(project)}, metadata: {metadata}) {{ id }}"


def unsnap(project: Project, version: int | None = None) -> str:
    which = f", version: {version}" if version else ""
    return f"deleteSnapshot({of(project)}{which}) {{ id }}"


def restore(stage: Stage) -> str:
    """What was deleted first."""
    restore_id = next(found["restoreId"] for found in stage.answers.values())
    return f'restore(restoreId: "{restore_id}") {{ id }}'


def report(selection: StoryboardSelection, patch: str) -> str:
    given = f'selectionId: "{selection.id}", patch: {{ {patch} }}'
    return f"updateStoryboardAnimation({given}) {{ id }}"


def draw(shot: Shot) -> str:
    given = f'shotId: "{shot.id}", count: 2, parameters: {PICTURE}'
    return f"generateImages(input: {{ {given} }}) {{ id }}"


def refine(image: Image) -> str:
    given = f'imageId: "{image.id}", prompt: "At dawn", count: 1, parameters: {PICTURE}'
    return f"refineImage(input: {{ {given} }}) {{ id }}"


def animate(selection: StoryboardSelection) -> str:
    return f'animate(input: {{ selectionIds: ["{selection.id}"], duration: 0.1 }}) {{ id }}'


def export(project: Project) -> str:
    return f'exportProject(input: {{ projectId: "{project.id}", format: MP4 }}) {{ id }}'


def invite(stage: Stage) -> str:
    given = f'clientId: "{stage.project.client_id}", role: VIEWER'
    return f"inviteMember(input: {{ {given} }}) {{ invitation {{ id }} }}"


def member(stage: Stage) -> str:
    return f'clientId: "{stage.guest.client_id}", userId: "{stage.guest.user_id}"'
