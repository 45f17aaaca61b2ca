"""A project leads to the document that it was made of, and to what could not be mapped."""

from __future__ import annotations

from typing import Any

from resolvers import api
from resolvers.errors import translate
from services import projects
from services.work import perform
from tests.conftest import Home
from tests.graph.board import ask
from tests.making import a_project, an_outsider

MIGRATE = """mutation($input: MigrateLegacyInput!) {
  migrateLegacyProject(input: $input) {
    id scenes shots createdAt problems { path message }
    project { id cursor workflowVersion legacy { id } }
    document { url mediaType size sha256 filename }
  }
}"""
LEGACY = "query($id: ID!) { project(id: $id) { legacy { id problems { path } document { id } } } }"
NODE = "query($id: ID!) { node(id: $id) { ... on LegacyMigration { project { id } } } }"


async def migrate(home: Home, document: Any, **more: Any) -> Any:
    answer = await ask(home, MIGRATE, input={"document": document} | more)
    return answer["migrateLegacyProject"]


async def test_the_answer_leads_to_the_project_and_to_the_document(home: Home) -> None:
    made = await migrate(home, [{"prompt": "A roof", "mood": "calm"}])

    assert (made["scenes"], made["shots"]) == (1, 1)
    assert made["problems"] == [
        {
            "path": "$[0].mood",
            "message": "There is no place for this; it is in the original document.",
        }
    ]
    assert made["project"]["workflowVersion"] == "V2_REDESIGN"
    assert made["project"]["legacy"] == {"id": made["id"]}
    assert made["document"]["mediaType"] == "application/json"
    assert made["document"]["url"].startswith("/assets/ast_")


async def test_a_project_tells_what_it_was_made_of_for_as_long_as_it_is_there(home: Home) -> None:
    made = await migrate(home, [{"prompt": "A roof", "mood": "calm"}])
    project_id = made["project"]["id"]

    legacy = (await ask(home, LEGACY, id=project_id))["project"]["legacy"]
    assert (legacy["id"], legacy["problems"]) == (made["id"], [{"path": "$[0].mood"}])
    assert (await ask(home, NODE, id=made["id"]))["node"] == {"project": {"id": project_id}}
    assert (await ask(home, NODE, an_outsider(), id=made["id"]))["node"] is None
    await perform(home.world, home.owner, projects.delete_project, project_id)
    assert (await ask(home, NODE, id=made["id"]))["node"] is None


async def test_a_project_that_was_made_here_was_made_of_no_document(home: Home) -> None:
    found = await ask(home, LEGACY, id=(await a_project(home)).id)
    assert found["project"]["legacy"] is None


async def test_a_changed_document_is_told_of_also_where_its_key_comes_again(home: Home) -> None:
    first = await migrate(home, {"id": 7, "title": "Tokyo"})
    again = [await migrate(home, {"id": 7, "title": "Kyoto"}, idempotencyKey="k") for _ in "ab"]

    assert first["problems"] == []
    for answer in again:
        assert answer["id"] == first["id"]
        assert [problem["path"] for problem in answer["problems"]] == ["$"]


async def test_a_document_written_into_the_query_is_as_good(home: Home) -> None:
    call = 'migrateLegacyProject(input: { document: [{ prompt: "x", order: 1 }] }) { scenes }'
    assert (await ask(home, f"mutation {{ {call} }}"))["migrateLegacyProject"] == {"scenes": 1}
    twice = f"mutation {{ {call.replace('order', 'prompt')} }}"
    result = await api.execute(twice, context_value=home.context())
    [refused] = translate(result.errors or [])
    assert (refused.extensions or {})["code"] == "GRAPHQL_VALIDATION_FAILED"
