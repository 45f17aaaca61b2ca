"""Which role gets what of each root field, and how each field is called on a stage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter

from schema.cursor import feed_cursor
from tests.graph.calls import delete, restore
from tests.graph.cases import CASES
from tests.graph.stage import Case

ROLES = ("anonymous", "outsider", "viewer", "editor", "owner")


class Gets(Enum):
    """What a role gets: an answer, an empty one, or a refusal with this code."""

    ANSWER = "an answer"
    NOTHING = "nothing"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    REJECTED = "a batch of which nothing is done"


Rights = tuple[Gets, Gets, Gets, Gets, Gets]
"""In the order of ROLES."""

READ = (Gets.NOTHING, Gets.NOTHING, Gets.ANSWER, Gets.ANSWER, Gets.ANSWER)
FOLLOW = (Gets.NOT_FOUND, Gets.NOT_FOUND, Gets.ANSWER, Gets.ANSWER, Gets.ANSWER)
CHANGE = (Gets.NOT_FOUND, Gets.NOT_FOUND, Gets.FORBIDDEN, Gets.ANSWER, Gets.ANSWER)
BATCH = (Gets.REJECTED, Gets.REJECTED, Gets.REJECTED, Gets.ANSWER, Gets.ANSWER)
OWN = (Gets.NOT_FOUND, Gets.NOT_FOUND, Gets.FORBIDDEN, Gets.FORBIDDEN, Gets.ANSWER)


@dataclass(frozen=True)
class Entry:
    """What each role gets of a field that is called like this."""

    rights: Rights
    case: Case


PLACE = re.compile(r"<([a-z_.]+)>")


def called(text: str) -> Case:
    """A call whose places, such as `<shot.id>`, are filled from the stage."""
    return Case(text, lambda stage: PLACE.sub(lambda place: str(attrgetter(place[1])(stage)), text))


def entries(rights: Rights, *calls: str) -> list[Entry]:
    return [Entry(rights, called(call)) for call in calls]


QUERIES = {
    "viewer": entries(READ, "viewer { id memberships { client { id } } }"),
    "projects": entries(READ, "projects { edges { node { id } } totalCount }"),
    "project": entries(READ, 'project(id: "<project.id>") { id scenes { id } }'),
    "scene": entries(READ, 'scene(id: "<scene.id>") { id shots { id } }'),
    "shot": entries(READ, 'shot(id: "<shot.id>") { id images { id } }'),
    "image": entries(READ, 'image(id: "<image.id>") { id job { id } }'),
    "selection": entries(READ, 'selection(id: "<selection.id>") { id shot { id } }'),
    "job": entries(READ, 'job(id: "<job.id>") { id batch { id } }'),
    "node": entries(
        READ,
        'node(id: "<project.client_id>") { id }',
        'node(id: "<project.id>") { id }',
        'node(id: "<scene.id>") { id }',
        'node(id: "<shot.id>") { id }',
        'node(id: "<image.id>") { id }',
        'node(id: "<selection.id>") { id }',
        'node(id: "<job.id>") { id }',
        'node(id: "<job.batch_id>") { id }',
        'node(id: "<ours.asset_id>") { id ... on Asset { url } }',
    ),
    "nodes": entries(
        READ,
        """nodes(ids: [
            "<project.client_id>", "<project.id>", "<scene.id>", "<shot.id>", "<other_scene.id>"
            "<image.id>", "<selection.id>", "<job.id>", "<job.batch_id>", "<ours.asset_id>"
            "<drawn.id>", "<shot.id>"
        ]) { id }""",
    ),
}

CHANGES = [
    *["updateProject", "createScene", "updateScene", "moveScene", "deleteScene"],
    *["createShot", "updateShot", "moveShot", "deleteShot", "registerImages", "updateImage"],
    *["setFavorite", "deleteImage", "selectMasterShot", "clearMasterShot"],
    *["updateStoryboardAnimation", "generateImages", "refineImage", "animate"],
    *["exportProject", "importScreenplay", "cancelJob", "cancelBatch", "retryJob", "restore"],
    *["storeSnapshot", "patchSnapshotScenes", "restoreSnapshot", "updateSnapshotMetadata"],
    *["deleteSnapshot", "exportSnapshot"],
]

MUTATIONS = {name: [Entry(CHANGE, CASES[name][0])] for name in CHANGES} | {
    "createProject": entries(
        CHANGE, 'createProject(input: { prompt: "x", clientSlug: "local" }) { id }'
    ),
    "migrateLegacyProject": entries(
        CHANGE,
        """migrateLegacyProject(input: {
            document: { id: "old", scenes: [{ prompt: "A" }] }, clientSlug: "local"
        }) { scenes }""",
    ),
    "reimportScreenplay": [Entry(CHANGE, CASES["reimportScreenplay"][0])],
    "deleteProject": [Entry(OWN, CASES["deleteProject"][0])],
}
HIDDEN, REFUSED = Gets.NOT_FOUND, Gets.FORBIDDEN
NONE_BUT_OWNERS = (HIDDEN, HIDDEN, HIDDEN, HIDDEN, Gets.ANSWER)
NONE_BUT_USERS = (REFUSED, REFUSED, REFUSED, REFUSED, Gets.ANSWER)
"""Of the roles here only the owner is stored as a user, who could become a member."""
MUTATIONS |= {
    name: [Entry(OWN, CASES[name][0])]
    for name in ("inviteMember", "changeMemberRole", "removeMember")
}
MUTATIONS["revokeInvitation"] = [Entry(NONE_BUT_OWNERS, CASES["revokeInvitation"][0])]
MUTATIONS["acceptInvitation"] = [Entry(NONE_BUT_USERS, CASES["acceptInvitation"][0])]
MUTATIONS["setPresence"] = [Entry(FOLLOW, CASES["setPresence"][0])]  # to be seen needs no more
MUTATIONS["applyOperations"] = [Entry(BATCH, CASES["applyOperations"][0])]
MUTATIONS["restore"].append(
    Entry(OWN, Case("project", restore, before=lambda s: delete("Project", s.project.id)))
)

FROM_THE_BEGINNING = Case(
    "from-the-beginning",
    lambda s: (
        f'projectEvents(projectId: "{s.project.id}", after: "{feed_cursor(s.project.id, 0)}")'
        " { ... on ProjectChanges { events { subjectId } } }"
    ),
)
SUBSCRIPTIONS = {
    "projectEvents": [Entry(FOLLOW, FROM_THE_BEGINNING)],
    "liveProject": entries(FOLLOW, 'liveProject(id: "<project.id>") { id scenes { id } }'),
    "presence": entries(FOLLOW, 'presence(projectId: "<project.id>") { user { id } focus { id } }'),
    "jobProgress": entries(
        FOLLOW,
        'jobProgress(projectId: "<project.id>") { id }',
        'jobProgress(shotId: "<waiting.id>") { id }',
        'jobProgress(jobIds: ["<job.id>"]) { id }',
    ),
}

MATRIX = {"query": QUERIES, "mutation": MUTATIONS, "subscription": SUBSCRIPTIONS}

NAMING_SEVERAL = {
    "query": QUERIES["nodes"],
    "mutation": [Entry(CHANGE, case) for cases in CASES.values() for case in cases]
    + entries(
        CHANGE,
        """generateImages(input: {
            shotId: "<drawn.id>", parentImageId: "<ours.id>", count: 1
        }) { id }""",
        'animate(input: { selectionIds: ["<selection.id>", "<our_selection.id>"] }) { id }',
        'animate(input: { projectId: "<project.id>" }) { id }',
        """createScene(input: {
            projectId: "<project.id>", title: "A", idempotencyKey: "once"
        }) { id }""",
    ),
    "subscription": entries(
        FOLLOW,
        'jobProgress(projectId: "<project.id>", shotId: "<waiting.id>") { id }',
        'jobProgress(jobIds: ["<job.id>", "<ours.job_id>"]) { id }',
        'projectEvents(projectId: "<project.id>") { __typename }',
    ),
}
"""Calls by the ids of several things, any of which may be somebody else's."""
