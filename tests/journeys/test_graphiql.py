"""GraphiQL as a browser runs it. Needs its bundle (`make web`) and Chromium."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from storyreel.graphiql import BUNDLE
from tests.browser import PATIENCE_SECONDS, Page, a_page, chromium
from tests.journeys.processes import Server

NEWEST = "{ projects(first: 1) { edges { node { id } } } }"
RENAME = """mutation Rename($id: ID!, $title: String!) {
  updateProject(id: $id, patch: {title: $title}) { __typename }
}"""
ANSWER = "(document.querySelector('.result-window')?.innerText ?? '').replaceAll('\\u00a0', ' ')"
HEADERS = {"authorization": "Bearer a-token"}


@pytest.fixture(scope="module")
def browser(world_name: str) -> str:
    if world_name != "sqlite":
        pytest.skip("a page does not know the database")
    if not (BUNDLE / "index.html").exists():
        pytest.skip("*** GRAPHIQL WAS NOT TRIED: it is not built. Run: make web ***")
    program = chromium()
    if program is None:
        pytest.skip("*** GRAPHIQL WAS NOT TRIED: there is no Chromium to run it in ***")
    return program


async def test_graphiql_sends_queries_and_follows_events_and_asks_no_other_machine(
    browser: str, server: Server, tmp_path: Path
) -> None:
    async with a_page(browser, tmp_path / "browser") as page:
        await page.open(server.graphql_url)
        await run(page, "CreateProject")
        await page.until(says('"id": "prj_'))
        project = (await server.ask(NEWEST))["projects"]["edges"][0]["node"]

        await page.click(".graphiql-tab-button", "ProjectEvents")
        await page.click(".graphiql-editor-tools button", "Headers")
        await page.click(".graphiql-editor-tool .monaco-editor")
        await page.call("Input.insertText", text=json.dumps(HEADERS))
        await run(page, "ProjectEvents")
        await changed_until_shown(page, server, project)

    assert page.strangers == []
    assert page.complaints == []
    init = next(sent for sent in page.told if sent.get("type") == "connection_init")
    assert init["payload"] == HEADERS
    assert {"json", "editor", "graphql"} <= {
        url.rpartition("/")[2].partition(".worker")[0] for url in page.requests
    }


async def run(page: Page, operation: str) -> None:
    """Choose an operation of the open tab, once the editor has seen them."""
    await page.click(".graphiql-execute-button[aria-haspopup=menu]")
    await page.click("[role=menuitem]", operation)


def says(text: str) -> str:
    return f"{ANSWER}.includes({json.dumps(text)})"


async def changed_until_shown(page: Page, server: Server, project: Any) -> None:
    """Nobody tells when a subscription has begun: changes before are not its events."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for number in itertools.count(1):
            await server.ask(RENAME, id=project["id"], title=f"The night bus {number}")
            await asyncio.sleep(0.2)
            if await page.evaluate(says('"title": "The night bus')):
                return
