"""A good request of each operation, in which names stand for what is on a stage."""

from __future__ import annotations

import copy
from typing import Any

from graphql import print_ast

from tests.journeys.contract import documents

DOCUMENTS = {name: print_ast(document) for name, document in documents().items()} | {
    "Nodes": "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id } }",
    "RestoreSnapshot": "mutation RestoreSnapshot($input: RestoreSnapshotInput!) "
    "{ restoreSnapshot(input: $input) { id } }",
    "ExportSnapshot": "mutation ExportSnapshot($projectId: ID!, $version: BigInt) "
    "{ exportSnapshot(projectId: $projectId, version: $version) { id } }",
}


PICTURE = {"variantNumber": 9, "imageUrl": "https://example.org/a.png"}
PIER = {"heading": "EXT. PIER", "elements": [{"type": "action", "text": "Rain."}]}
SHOTS = [{"description": "A"}, {"description": "B"}]

GOOD: dict[str, dict[str, Any]] = {
    "Projects": {"first": 1},
    "Board": {"id": "$project"},
    "Node": {"id": "$project"},
    "Nodes": {"ids": ["$shot", "$drawn"]},
    "Scene": {"id": "$scene"},
    "Storyboard": {"id": "$project"},
    "Progress": {"id": "$project"},
    "ShotImages": {"id": "$shot"},
    "Job": {"id": "$job"},
    "Exported": {"id": "$job"},
    "Jobs": {"projectId": "$project", "first": 1},
    "History": {"id": "$project", "first": 1},
    "CreateProject": {"input": {"prompt": "A film"}},
    "UpdateProject": {"id": "$project", "patch": {"title": "B"}},
    "DeleteProject": {"id": "$project"},
    "CreateScene": {"input": {"projectId": "$project", "title": "A", "shots": SHOTS}},
    "UpdateScene": {"id": "$scene", "patch": {"title": "B"}},
    "MoveScene": {"id": "$scene", "to": 1},
    "DeleteScene": {"id": "$scene"},
    "CreateShot": {"input": {"sceneId": "$scene", "description": "A"}},
    "UpdateShot": {"id": "$shot", "patch": {"label": "B"}},
    "MoveShot": {"id": "$shot", "to": 2, "sceneId": "$scene"},
    "DeleteShot": {"id": "$shot"},
    "RegisterImages": {
        "input": {"shotId": "$shot", "iterationPrompt": "Dusk", "images": [PICTURE]}
    },
    "UpdateImage": {"id": "$pending", "patch": {"externalId": "x"}},
    "FavoriteImage": {"id": "$drawn", "isFavorite": True},
    "DeleteImage": {"id": "$drawn"},
    "SelectMasterShot": {"input": {"shotId": "$shot", "imageId": "$drawn"}},
    "ClearMasterShot": {"shotId": "$shot"},
    "UpdateAnimation": {"id": "$selection", "patch": {"externalVideoId": "x"}},
    "GenerateImages": {"input": {"shotId": "$shot"}},
    "RefineImage": {"input": {"imageId": "$drawn", "prompt": "Dawn"}},
    "Animate": {"input": {"selectionIds": ["$selection"]}},
    "CancelJob": {"id": "$job"},
    "CancelBatch": {"id": "$batch"},
    "RetryJob": {"id": "$canceled"},
    "Restore": {"restoreId": "$deletion"},
    "Batch": {
        "operations": [
            {"ref": "a", "createScene": {"projectId": "$project", "title": "A", "shots": SHOTS}},
            {"createShot": {"sceneId": "$scene", "description": "A"}},
            {"moveShot": {"id": "$shot", "shotNumber": 1, "sceneId": "$scene"}},
            {"deleteImage": {"id": "$pending"}},
        ]
    },
    "Export": {"input": {"projectId": "$project", "format": "MP4"}},
    "MigrateLegacy": {"input": {"document": {"id": "old", "scenes": [{"prompt": "A"}]}}},
    "Viewer": {},
    "Members": {"projectId": "$project"},
    "InviteMember": {"input": {"clientId": "$client", "role": "EDITOR"}},
    "AcceptInvitation": {"code": "$code"},
    "RevokeInvitation": {"id": "$invitation"},
    "ChangeMemberRole": {"clientId": "$client", "userId": "$member", "role": "VIEWER"},
    "RemoveMember": {"clientId": "$client", "userId": "$member"},
    "ImportScreenplay": {
        "input": {"projectId": "$project", "text": "INT. A", "format": "FOUNTAIN"}
    },
    "ExportScreenplay": {"projectId": "$project", "format": "FDX"},
    "ReimportScreenplay": {"input": {"projectId": "$imported", "text": "INT. B", "mode": "APPLY"}},
    "ProjectEvents": {"projectId": "$project"},
    "LiveBoard": {"id": "$project"},
    "JobProgress": {"jobIds": ["$job"]},
    "Presence": {"projectId": "$project"},
    "SetPresence": {"input": {"projectId": "$project", "focusId": "$shot"}},
    "Snapshot": {"projectId": "$project", "version": 1},
    "StoreSnapshot": {
        "input": {
            "projectId": "$project",
            "scenes": [PIER, copy.deepcopy(PIER)],
            "elements": [{"text": "END"}],
        }
    },
    "PatchSnapshotScenes": {
        "input": {
            "projectId": "$project",
            "scenes": [{"number": 1, "scene": {"a": 1}}, {"scene": {}}],
        }
    },
    "RestoreSnapshot": {"input": {"projectId": "$project", "version": 1}},
    "SnapshotMetadata": {"projectId": "$project", "metadata": {"a": 1}},
    "ExportSnapshot": {"projectId": "$project", "version": 1},
    "DeleteSnapshot": {"projectId": "$project"},
}
