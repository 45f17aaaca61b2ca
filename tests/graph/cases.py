"""Every mutation as it may be called on a stage."""

from __future__ import annotations

from tests.graph.board_cases import ON_THE_BOARD
from tests.graph.calls import (
    MIGRATE,
    animate,
    batch,
    bring,
    clear,
    delete,
    describe,
    draw,
    export,
    invite,
    member,
    of,
    patch,
    refine,
    restore,
    retry,
    revise,
    snap,
    unsnap,
)
from tests.graph.stage import Case

CASES: dict[str, list[Case]] = ON_THE_BOARD | {
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
