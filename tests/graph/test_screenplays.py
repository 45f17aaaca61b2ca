"""A project leads to its screenplay, and a scene to what is said in it."""

from __future__ import annotations

from typing import Any

from resolvers import api
from resolvers.errors import translate
from services import scenes
from services.work import perform
from tests.conftest import Home
from tests.formats.screenplays import LANTERNS_FOUNTAIN
from tests.graph.board import ask, statements
from tests.making import a_project, an_outsider

IMPORT = """mutation($input: ImportScreenplayInput!) {
  importScreenplay(input: $input) {
    id format createdAt problems { line message } characters { name speeches }
    scenes { id sceneNumber label title shots { description } dialogue { character lines } }
    file { url mediaType size filename }
    project { id title script { id } screenplay }
    snapshot { version scenes { data } stats { sceneCount elementCount wordCount } }
  }
}"""
SNAPSHOT = "query($id: ID!) { project(id: $id) { script { snapshot { version } } } }"
NODE = "query($id: ID!) { node(id: $id) { ... on Screenplay { project { id } } } }"
SCRIPT = "Title: A\n\nINT. A\n\nOne.\n\nANNA ^\nHello.\n\n.OMITTED #2#\n\nEXT. B #3#\n"


async def bring(home: Home, text: str = SCRIPT, **more: Any) -> Any:
    return (await ask(home, IMPORT, input={"text": text} | more))["importScreenplay"]


async def test_the_answer_leads_to_scenes_file_and_project(home: Home) -> None:
    made = await bring(home, createShots=True)

    assert (made["format"], made["project"]["title"]) == ("FOUNTAIN", "A")
    assert made["project"]["script"] == {"id": made["id"]}
    assert made["project"]["screenplay"] == SCRIPT
    assert made["characters"] == [{"name": "ANNA", "speeches": 1}]
    first, second = made["scenes"]
    assert (first["sceneNumber"], first["label"], first["title"]) == (1, None, "INT. A")
    assert first["dialogue"] == [{"character": "ANNA", "lines": ["Hello."]}]
    assert first["shots"] == [{"description": "One."}]
    assert (second["sceneNumber"], second["label"], second["dialogue"]) == (2, "3", [])
    assert made["problems"][-1]["line"] == 10
    assert made["file"]["mediaType"] == "text/plain"
    assert made["file"]["size"] == len(SCRIPT)


async def test_a_screenplay_is_a_node_of_who_may_see_its_project(home: Home) -> None:
    made = await bring(home)
    project = {"id": made["project"]["id"]}
    assert (await ask(home, NODE, id=made["id"]))["node"] == {"project": project}
    assert (await ask(home, NODE, an_outsider(), id=made["id"]))["node"] is None


async def test_an_import_leads_to_the_snapshot_that_it_is(home: Home) -> None:
    made = await bring(home)
    project, [first, second] = made["project"]["id"], made["scenes"]
    assert made["snapshot"]["stats"] == {"sceneCount": 2, "elementCount": 3, "wordCount": 7}
    assert [scene["data"]["id"] for scene in made["snapshot"]["scenes"]] == [
        first["id"],
        second["id"],
    ]
    delete = "mutation($id: ID!) { deleteSnapshot(projectId: $id) { restoreId } }"
    gone = (await ask(home, delete, id=project))["deleteSnapshot"]["restoreId"]
    assert (await ask(home, SNAPSHOT, id=project))["project"]["script"]["snapshot"] is None
    await ask(home, "mutation($id: ID!) { restore(restoreId: $id) { id } }", id=gone)
    back = (await ask(home, SNAPSHOT, id=project))["project"]["script"]["snapshot"]
    assert back == {"version": made["snapshot"]["version"]}


async def test_the_snapshots_of_many_screenplays_are_read_at_once(home: Home) -> None:
    for _ in range(3):
        await bring(home)
    with statements() as asked:
        found = await ask(home, "{ projects { edges { node { script { snapshot { id } } } } } }")
    rows = [edge["node"]["script"]["snapshot"] for edge in found["projects"]["edges"]]
    assert len({row["id"] for row in rows}) == 3
    assert len([one for one in asked if '"snapshot"' in one]) == 1


async def test_a_screenplay_is_written_with_the_ids_of_its_scenes_if_asked_for(home: Home) -> None:
    made = await bring(home)
    call = "query($id: ID!) { project(id: $id) { screenplay(sceneIds: true) } }"
    text = (await ask(home, call, id=made["project"]["id"]))["project"]["screenplay"]
    assert text == SCRIPT.replace("INT. A\n", f"INT. A\n[[{made['scenes'][0]['id']}]]\n").replace(
        "EXT. B #3#\n", f"EXT. B #3#\n[[{made['scenes'][1]['id']}]]\n"
    )


async def test_scenes_that_are_gone_are_not_the_screenplays_any_more(home: Home) -> None:
    made = await bring(home)
    await perform(home.world, home.owner, scenes.delete_scene, made["scenes"][0]["id"])
    call = (
        "query($id: ID!) { node(id: $id) { ... on Screenplay { scenes { title sceneNumber } } } }"
    )
    found = (await ask(home, call, id=made["id"]))["node"]
    assert found == {"scenes": [{"title": "EXT. B", "sceneNumber": 1}]}


async def test_a_project_that_was_made_here_has_no_script(home: Home) -> None:
    call = "query($id: ID!) { project(id: $id) { script { id } screenplay } }"
    found = (await ask(home, call, id=(await a_project(home)).id))["project"]
    assert found == {"script": None, "screenplay": None}


async def test_the_dialogue_of_all_scenes_is_read_at_once(home: Home) -> None:
    made = await bring(home, LANTERNS_FOUNTAIN.decode())
    call = "query($id: ID!) { project(id: $id) { scenes { dialogue { character } } } }"
    with statements() as asked:
        await ask(home, call, id=made["project"]["id"])
    assert len(made["scenes"]) > 5
    assert len([one for one in asked if "screenplay_scene" in one]) == 1


async def test_writing_many_screenplays_at_once_costs_too_much(home: Home) -> None:
    project = (await a_project(home)).id
    some = " ".join(f'p{n}: project(id: "{project}") {{ screenplay }}' for n in range(60))
    result = await api.execute(f"{{ {some} }}", context_value=home.context())
    [refused] = translate(result.errors or [])
    assert (refused.extensions or {})["code"] == "LIMIT_EXCEEDED"
