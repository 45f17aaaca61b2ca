"""Operating real processes: probes, metrics, logs, the doctor, and stopping in good order."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.journeys.contract import a_board, one_server
from tests.journeys.processes import ROOT, Processes, Server
from tests.making import until
from tests.operating import Samples, json_lines
from tests.servers import WorldServers, free_port
from tests.sockets import a_socket

CREATE = "mutation Make($prompt: String!) { createProject(input: {prompt: $prompt}) { id cursor } }"
RENAME = 'mutation($id: ID!) { updateProject(id: $id, patch: {title: "A"}) { __typename } }'
LIVE = "subscription Live($id: ID!) { liveProject(id: $id) { title } }"
EVENTS = (
    "subscription Follow($id: ID!) { projectEvents(projectId: $id)"
    " { __typename ... on ProjectChanges { cursor } } }"
)
PATIENCE_SECONDS = 20.0


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with one_server(request, tmp_path_factory.mktemp("operating")) as server:
        yield server


async def get(url: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as http:
        return await http.get(url, headers=headers)


async def metrics(url: str) -> Samples:
    return Samples((await get(f"{url}/metrics")).text)


async def doctor(env: dict[str, str], *arguments: str) -> tuple[int, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STORYREEL_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "storyreel", "doctor", *arguments),
        cwd=ROOT,
        env=inherited | {"COLUMNS": "200"} | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def a_project(server: Server, prompt: str = "Tokyo") -> Any:
    return (await server.ask(CREATE, prompt=prompt))["createProject"]


async def test_a_healthy_server_is_alive_and_ready(served: Server) -> None:
    alive, ready = await get(f"{served.url}/healthz"), await get(f"{served.url}/readyz")

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ok",
        "checks": ["database", "migrations", "storage", "bus", "engine"],
    }
    assert ready.headers["cache-control"] == "no-store"


async def test_metrics_tell_of_operations_sockets_jobs_and_lag(served: Server) -> None:
    async with a_board(served.graphql_url) as board:
        project = await board.ask("CreateProject", input={"prompt": "A night in Tokyo"})
        scene = {"projectId": project["id"], "title": "A", "shots": [{"description": "A city"}]}
        frames = board.follow("ProjectEvents", projectId=project["id"], after=project["cursor"])
        first = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0.3)  # so that it waits when the change comes
        [shot] = (await board.ask("CreateScene", input=scene))["shots"]
        await asyncio.wait_for(first, PATIENCE_SECONDS)
        during = await metrics(served.url)
        batch = await board.ask("GenerateImages", input={"shotId": shot["id"], "count": 1})
        [job] = batch["jobs"]
        async for _ in board.follow("JobProgress", jobIds=[job["id"]]):
            pass

        async def measured() -> bool:
            count = "storyreel_job_duration_seconds_count"
            labels = {"kind": "IMAGE", "status": "COMPLETE"}
            return (await metrics(served.url)).value(count, **labels) == 1

        await until(measured, PATIENCE_SECONDS)
        await frames.aclose()
    after = await metrics(served.url)

    assert during.value("storyreel_sockets") == 1
    assert during.value("storyreel_subscriptions") == 1
    ended = "storyreel_operations_total"
    assert after.value(ended, operation="CreateScene", type="mutation", outcome="ok") == 1
    assert after.value(ended, operation="JobProgress", type="subscription", outcome="ok") == 1
    lags = after.value("storyreel_feed_lag_seconds_count")
    late = after.value("storyreel_feed_lag_seconds_sum")
    assert lags is not None
    assert lags > 0
    assert late is not None
    assert 0 < late / lags < 5
    assert after.value("storyreel_job_wait_seconds_count", kind="IMAGE") == 1
    assert after.value("storyreel_jobs", status="QUEUED") == 0
    assert after.value("storyreel_workers") == 1
    assert after.value("storyreel_database_up") == 1
    assert after.value("storyreel_bus_connected") == 1
    requests = {"method": "POST", "route": "/graphql", "status": "200"}
    assert (after.value("storyreel_http_requests_total", **requests) or 0) >= 3


async def test_a_worker_has_probes_and_metrics_where_it_is_told(processes: Processes) -> None:
    port = free_port()
    await processes.worker(STORYREEL_WORKER_PORT=str(port))
    url = f"http://127.0.0.1:{port}"

    assert (await get(f"{url}/readyz")).status_code == 200
    assert (await metrics(url)).value("storyreel_workers") == 1
    assert (await get(f"{url}/graphql")).status_code == 404


def put_a_file_in_place_of(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("in the way")


async def test_a_server_whose_storage_is_gone_is_alive_and_not_ready(processes: Processes) -> None:
    server = await processes.server()
    put_a_file_in_place_of(Path(server.env["STORYREEL_DATA_DIR"], "assets"))

    ready = await get(f"{server.url}/readyz")

    assert ready.status_code == 503
    assert ready.json() == {
        "status": "unavailable",
        "failing": [{"check": "storage", "problem": "The storage cannot be written."}],
    }
    assert (await get(f"{server.url}/healthz")).status_code == 200


async def test_a_server_whose_database_is_gone_is_alive_and_not_ready(
    processes: Processes, world_name: str, world_env: dict[str, str], request: Any
) -> None:
    server = await processes.server(STORYREEL_EMBEDDED_WORKER="false")
    if world_name == "sqlite":
        os.remove(f"{server.env['STORYREEL_DATA_DIR']}/storyreel.sqlite3")
    else:
        name = world_env["STORYREEL_DATABASE_URL"].rpartition("/")[2]
        servers: WorldServers = request.getfixturevalue("servers")
        servers.postgres.drop_database(name)

    ready = await get(f"{server.url}/readyz")

    assert ready.status_code == 503
    failing = [each["check"] for each in ready.json()["failing"]]
    assert failing == (["migrations"] if world_name == "sqlite" else failing)
    assert "migrations" in failing
    assert (await get(f"{server.url}/healthz")).status_code == 200
    if world_name == "postgres":
        assert {"database", "engine"} <= set(failing)
        assert (await metrics(server.url)).value("storyreel_database_up") == 0


async def test_log_lines_are_json_and_carry_the_ids_of_what_they_tell(
    processes: Processes,
) -> None:
    server = await processes.server(STORYREEL_LOG_FORMAT="json")
    async with httpx.AsyncClient(trust_env=False) as http:
        body = {"query": CREATE, "variables": {"prompt": "hunter2"}}
        ours = await http.post(server.graphql_url, json=body, headers={"X-Request-Id": "req-7.a"})
        odd = await http.post(server.graphql_url, json=body, headers={"X-Request-Id": 'a b"c'})
        project = ours.json()["data"]["createProject"]
        async with a_board(server.graphql_url) as board:
            scene = {"projectId": project["id"], "title": "A", "shots": [{"description": "A"}]}
            [shot] = (await board.ask("CreateScene", input=scene))["shots"]
            jobs = await board.ask("GenerateImages", input={"shotId": shot["id"], "count": 1})
            [job] = jobs["jobs"]
            async for _ in board.follow("JobProgress", jobIds=[job["id"]]):
                pass
        await http.get(f"{server.url}/assets/x?signature=sesame")
    await until(lambda: _told(server, "Job ended."), PATIENCE_SECONDS)
    await until(lambda: _told(server, "Socket closed."), PATIENCE_SECONDS)
    await server.stop()
    lines = json_lines(server.log())

    assert ours.headers["x-request-id"] == "req-7.a"
    assert re.fullmatch("[0-9a-f]{16}", odd.headers["x-request-id"])
    [request] = [line for line in lines if line.get("request_id") == "req-7.a"]
    told = {name: request[name] for name in ("event", "operation", "method", "path", "status")}
    assert told == {
        "event": "Request ended.",
        "operation": "Make",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
    }
    assert 0 < request["seconds"] < PATIENCE_SECONDS
    [watched] = [line for line in lines if line["event"] == "Operation ended."]
    [closed] = [line for line in lines if line["event"] == "Socket closed."]
    assert (watched["operation"], watched["outcome"]) == ("JobProgress", "ok")
    assert watched["socket_id"] == closed["socket_id"]
    [ended] = [line for line in lines if line["event"] == "Job ended."]
    assert (ended["job_id"], ended["attempt"], ended["status"]) == (job["id"], 1, "COMPLETE")
    assert "hunter2" not in server.log()
    assert "sesame" not in server.log()
    assert "createProject" not in server.log()


async def _told(server: Server, event: str) -> bool:
    return event in server.log()


async def test_a_server_that_stops_tells_sockets_to_come_back_and_breaks_off_event_streams(
    processes: Processes,
) -> None:
    server = await processes.server(STORYREEL_DRAIN_SECONDS="5")
    project = await a_project(server)
    headers = {"Accept": "text/event-stream"}
    body = {"query": LIVE, "variables": {"id": project["id"]}}
    async with (
        a_socket(server.ws_url) as socket,
        a_socket(server.ws_url) as idle,
        httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as http,
        http.stream("POST", server.graphql_url, json=body, headers=headers) as stream,
    ):
        await socket.subscribe(LIVE, id=project["id"])
        await socket.data()
        chunks = stream.aiter_text()
        told = await anext(chunks)
        stopping = asyncio.create_task(server.stop())
        with pytest.raises(ConnectionClosed) as closed:
            await socket.receive()
        told += "".join([chunk async for chunk in chunks])
        code = await idle.close_code()
        took = await stopping

    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, code) == (1012, 1012)
    assert closed.value.rcvd.reason == "The server is going away; come back in a moment."
    assert "event: next" in told
    assert "event: complete" not in told
    assert took < 5
    assert "ERROR" not in server.log()
    assert "WARNING" not in server.log()
    assert server.log().rstrip().endswith("Stopped.")
    assert server.exit_code == 0


async def test_a_server_that_stops_lets_the_mutation_and_the_job_under_way_end(
    processes: Processes,
) -> None:
    server = await processes.server(STORYREEL_DRAIN_SECONDS="20")
    async with a_board(server.graphql_url) as board:
        project = await board.ask("CreateProject", input={"prompt": "A night in Tokyo"})
        scene = {"projectId": project["id"], "title": "A", "shots": [{"description": "A city"}]}
        [shot] = (await board.ask("CreateScene", input=scene))["shots"]
        order = {"shotId": shot["id"], "count": 1}
        [job] = (await board.ask("GenerateImages", input=order))["jobs"]
        async for snapshot in board.follow("JobProgress", jobIds=[job["id"]]):
            if snapshot["status"] == "RUNNING":
                break
        await server.stop()
    log = server.log()
    await server.start_again()
    found = await server.ask("query($id: ID!) { job(id: $id) { status attempt } }", id=job["id"])

    assert found["job"] == {"status": "COMPLETE", "attempt": 1}
    assert "ERROR" not in log
    assert "Job ended." in log


async def test_the_doctor_finds_a_running_server_well(served: Server) -> None:
    status, table = await doctor(served.env)
    _, told = await doctor(served.env, "--json")
    found = {each["check"]: each for each in json.loads(told)}

    assert status == 0, table
    assert list(found) == [
        *("settings", "database", "migrations", "engine", "storage", "bus"),
        *("identity", "workers"),
    ]
    assert all(each["state"] != "bad" and each["seconds"] >= 0 for each in found.values())
    assert found["workers"]["said"].startswith("1 alive; ")
    assert all(check in table for check in found)


async def test_the_doctor_advises_on_a_machine_where_nothing_was_started(tmp_path: Path) -> None:
    status, told = await doctor({"STORYREEL_DATA_DIR": str(tmp_path / "data")}, "--json")
    found = {each["check"]: each for each in json.loads(told)}

    assert status == 1
    assert {name for name, each in found.items() if each["state"] == "bad"} == {
        *("database", "migrations", "engine", "workers"),
    }
    assert "storyreel migrate" in found["migrations"]["advice"]
    assert os.listdir(tmp_path / "data") == ["assets"]


async def test_the_doctor_shows_no_password(tmp_path: Path) -> None:
    env = {
        "STORYREEL_DATA_DIR": str(tmp_path / "data"),
        "STORYREEL_DATABASE_URL": f"postgresql://me:hunter2@127.0.0.1:{free_port()}/films",
        "STORYREEL_BUS_URL": f"redis://:hunter2@127.0.0.1:{free_port()}/0",
        "STORYREEL_SECRET": "hunter2" * 5,
    }
    status, told = await doctor(env, "--json")
    found = {each["check"]: each["state"] for each in json.loads(told)}

    assert status == 1
    assert "hunter2" not in told
    assert found["bus"] == found["database"] == found["engine"] == "bad"


async def test_the_doctor_refuses_a_bad_setting_as_every_command_does() -> None:
    status, told = await doctor({"STORYREEL_PORT": "x"})

    assert status == 2
    assert told.startswith("STORYREEL_PORT must be a valid integer")
