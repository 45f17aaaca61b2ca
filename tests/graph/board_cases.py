"""What people do on a board by hand, as it may be called on a stage."""

from __future__ import annotations

from tests.graph.calls import (
    animate,
    choose,
    clear,
    edit,
    report,
)
from tests.graph.stage import Case

ON_THE_BOARD: dict[str, list[Case]] = {
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
}
