"""The command line, run as a person runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of a process with a data folder of its own."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STORYREEL_")}
    return inherited | {"STORYREEL_DATA_DIR": str(tmp_path / "data")}


def storyreel(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "storyreel", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_bad_setting_is_one_sentence_and_status_2(env: dict[str, str], command: str) -> None:
    done = storyreel(env | {"STORYREEL_DATABASE_URL": "mysql://host/db"}, command)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "STORYREEL_DATABASE_URL must start with sqlite://, postgresql:// or postgres://.\n"
    )


def test_an_address_that_others_could_reach_is_refused(env: dict[str, str]) -> None:
    done = storyreel(env | {"STORYREEL_HOST": "0.0.0.0"}, "serve")  # noqa: S104  # refused

    assert done.returncode == 2
    assert done.stderr == (
        "STORYREEL_HOST must be a loopback address while STORYREEL_AUTH is none, "
        "so that nobody but this machine may reach the server.\n"
    )


def test_a_busy_port_is_told_before_anything_is_touched(
    env: dict[str, str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = storyreel(env | {"STORYREEL_PORT": str(port)}, "serve")

    assert done.returncode == 2
    assert done.stderr == (
        f"Storyreel cannot listen on 127.0.0.1:{port}: Address already in use.\n"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STORYREEL_DATABASE_URL", "postgresql://127.0.0.1:1/films"),
        ("STORYREEL_DATA_DIR", "/dev/null/data"),
        ("STORYREEL_STORAGE_URL", "nowhere://bucket"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence_and_status_2(
    env: dict[str, str], name: str, value: str
) -> None:
    done = storyreel(env | {name: value, "STORYREEL_PORT": "0"}, "serve")

    assert done.returncode == 2
    assert done.stderr.startswith("Storyreel cannot start: ")
    assert done.stderr.count("\n") == 1


def test_a_database_is_migrated_once(env: dict[str, str], tmp_path: Path) -> None:
    first, second = storyreel(env, "migrate"), storyreel(env, "migrate")

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("0001_initial\n")
    assert (second.returncode, second.stdout) == (0, "Nothing to do.\n")
    assert (tmp_path / "data" / "storyreel.sqlite3").exists()


def test_a_migration_that_does_not_exist_is_told(env: dict[str, str]) -> None:
    done = storyreel(env, "migrate", "0999_never")

    assert (done.returncode, done.stdout) == (1, "")
    assert "0999_never" in done.stderr
    assert "Traceback" not in done.stderr


def test_models_and_migrations_agree(env: dict[str, str], tmp_path: Path) -> None:
    check, draft = storyreel(env, "migrate", "--check"), storyreel(env, "makemigration", "nothing")

    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")
    assert draft.stdout == "The models and the migrations agree.\n"
    assert not (tmp_path / "data").exists()


def test_the_schema_is_printed_as_it_is_committed(env: dict[str, str]) -> None:
    done = storyreel(env, "schema")

    assert done.returncode == 0
    assert done.stdout == (ROOT / "schema" / "schema.graphql").read_text()


def test_a_server_says_where_it_is_and_stops_when_told(env: dict[str, str]) -> None:
    env |= {"STORYREEL_PORT": "0"}
    server = subprocess.Popen(
        [sys.executable, "-m", "storyreel", "serve"],
        cwd=ROOT,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        line = server.stderr.readline()
        url = line.partition("Serving ")[2].partition(";")[0]
        answer = httpx.post(url, json={"query": "{ __typename }"}, trust_env=False)
        assert answer.json()["data"] == {"__typename": "Query"}
        foreign = httpx.get(url, headers={"Host": "evil.example"}, trust_env=False)
        assert foreign.status_code == 400, "a page that rebinds its own name must not get in"
        server.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert server.wait(20) == 0
        assert time.monotonic() - began < 10
        lines = server.stderr.read().splitlines()
        assert [line.partition(": ")[2].partition(".")[0] for line in lines] == [
            "Request ended",
            "Request ended",
            "Stopped",
        ]
    finally:
        server.kill()
        server.wait()
        if server.stderr is not None:
            server.stderr.close()
