"""The servers that other tests stand on: they start, are shared, and leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

import psycopg
import pytest
import redis

from tests.servers import (
    POSTGRES_VARIABLE,
    REDIS_VARIABLE,
    NotInstalled,
    Postgres,
    Program,
    Redis,
    Unavailable,
    start_world_servers,
)

Server = TypeVar("Server")


def started(start: Callable[[], Server]) -> Server:
    try:
        return start()
    except NotInstalled as missing:
        pytest.skip(str(missing))  # its message says what to install


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = started(Postgres.start)
    yield server
    server.stop()


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    server = started(Redis.start)
    yield server
    server.stop()


def redis_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def folder_of(server: Postgres | Redis) -> Path:
    assert server.program
    return server.program.folder


def test_a_database_is_copied_with_its_rows(postgres: Postgres) -> None:
    original = postgres.create_database("original")
    with psycopg.connect(original) as connection:
        connection.execute("CREATE TABLE shot AS SELECT 'a close-up' AS description")

    copy = postgres.create_database("copy", template="original")

    with psycopg.connect(copy) as connection:
        assert connection.execute("SELECT * FROM shot").fetchall() == [("a close-up",)]


def test_a_database_is_dropped_under_its_clients(postgres: Postgres) -> None:
    url = postgres.create_database("crowded")
    with psycopg.connect(url) as connection:
        postgres.drop_database("crowded")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_postgres_asks_for_its_password(postgres: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url, password="a guess")


def test_servers_do_not_run_as_root(postgres: Postgres, own_redis: Redis) -> None:
    if os.geteuid() != 0:
        pytest.skip("root's rights can only be given up by root")
    assert folder_of(postgres).stat().st_uid != 0
    assert folder_of(own_redis).stat().st_uid != 0


def test_a_killed_redis_refuses_until_it_is_restarted_at_the_same_url(own_redis: Redis) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        client.set("key", "value")

    own_redis.kill()
    assert not redis_answers(own_redis.url)

    own_redis.restart()
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.get("key") is None, "It stores nothing, so it comes back empty."


@pytest.mark.parametrize("start", [Postgres.start, Redis.start], ids=["postgres", "redis"])
def test_a_stopped_server_leaves_neither_process_nor_folder(
    start: Callable[[], Postgres | Redis],
) -> None:
    server = started(start)
    server.stop()
    server.stop()

    assert not folder_of(server).exists()
    assert server.program
    assert server.program.exit_code == 0


def test_a_server_ends_with_a_parent_that_was_killed() -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("without setpriv (Linux) servers outlive a killed parent")
    started(Redis.start).stop()
    code = (
        "from tests.servers import Redis; server = Redis.start();"
        "print(server.url, server.program.folder, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        url, folder = parent.stdout.readline().split()
        assert redis_answers(url)
        parent.kill()

    eventually(lambda: not redis_answers(url))
    shutil.rmtree(folder)


def test_workers_share_the_servers_that_the_first_process_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(POSTGRES_VARIABLE, raising=False)
    monkeypatch.delenv(REDIS_VARIABLE, raising=False)
    started(Postgres.start).stop()
    first = start_world_servers()
    try:
        second = start_world_servers()
        assert second.postgres.url == first.postgres.url
        assert (second.redis and second.redis.url) == (first.redis and first.redis.url)

        second.stop()
        psycopg.connect(first.postgres.url).close()
    finally:
        first.stop()

    assert POSTGRES_VARIABLE not in os.environ
    assert REDIS_VARIABLE not in os.environ
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first.postgres.url)


def test_a_server_named_by_hand_is_neither_killed_nor_stopped(own_redis: Redis) -> None:
    named = Redis(own_redis.url)

    with pytest.raises(RuntimeError, match="this process started"):
        named.kill()
    named.stop()

    assert redis_answers(own_redis.url)


def test_without_redis_a_run_still_has_postgres_and_says_what_to_install(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(POSTGRES_VARIABLE, postgres.url)
    monkeypatch.delenv(REDIS_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")

    servers = start_world_servers()

    assert servers.postgres.url == postgres.url
    assert servers.redis is None
    assert "apt-get install redis-server" in servers.no_redis


def test_without_postgres_there_is_no_such_world_and_it_says_what_to_install(
    tmp_path: Path,
) -> None:
    with pytest.raises(NotInstalled, match="apt-get install postgresql"):
        Postgres.start(binaries=[tmp_path])


def test_a_program_that_dies_at_once_is_unavailable_in_its_own_words() -> None:
    program = Program("stillborn", users=("nobody",), ends_by=signal.SIGTERM)
    try:
        with pytest.raises(Unavailable, match="no such film"):
            program.run(["sh", "-c", "echo no such film; exit 3"], answers=lambda: False)
    finally:
        program.stop()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + 10
    while not holds():
        assert monotonic() < deadline
        sleep(0.02)
