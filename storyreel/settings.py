"""Settings, from the environment: STORYREEL_DATA_DIR and so on."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services import limits
from services.backends.rates import Limit, parsed

PREFIX = "STORYREEL_"
SECRET_LENGTH = 32
LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]
HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]")
WORKER_SLOTS = 64
MAX = 10**12  # of a limit
MUTATION_RATE = "600/minute"
GENERATION_RATE = "1200/hour"
OFF = "off"
USUAL_PORTS = {"http": ":80", "https": ":443"}


class BadSettings(ValueError):
    """A sentence for each setting that cannot be used."""


class Settings(BaseSettings):
    """Where things are kept and how the process runs. Every default works on a bare machine.

    An empty value is as good as none.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Path("var")
    database_url: str = ""
    bus_url: str = ""
    storage_url: str = ""
    engine_url: str = ""
    auth: Literal["none", "token", "jwt"] = "none"
    jwks_url: Annotated[str, Field(validate_default=True)] = ""
    jwt_issuer: Annotated[str, Field(validate_default=True)] = ""
    jwt_audience: Annotated[str, Field(validate_default=True)] = ""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    public_url: str = ""
    hosts: str = ""
    secret: Annotated[str, Field(repr=False)] = ""
    link_hours: Annotated[float, Field(ge=0.01, le=168)] = 6
    embedded_worker: bool = True
    worker_slots: Annotated[int, Field(ge=1, le=WORKER_SLOTS)] = min(
        os.cpu_count() or 2, WORKER_SLOTS
    )
    trash_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    drain_seconds: Annotated[int, Field(ge=0, le=600)] = 10
    log_level: str = "info"
    log_format: Literal["text", "json"] = "text"
    worker_port: Annotated[int | None, Field(ge=0, le=65_535)] = None
    socket_compression: bool = False
    depth_max: Annotated[int, Field(ge=1, le=MAX)] = limits.QUERY_DEPTH
    tokens_max: Annotated[int, Field(ge=1, le=MAX)] = limits.QUERY_TOKENS
    aliases_max: Annotated[int, Field(ge=0, le=MAX)] = limits.QUERY_ALIASES
    cost_max: Annotated[int, Field(ge=1, le=MAX)] = limits.QUERY_COST
    introspection: bool = True
    persisted_only: Path | None = None
    origins: str = ""
    trusted_proxies: str = ""
    mutation_rate: str = ""
    generation_rate: str = ""
    socket_rate: str = "600/minute"
    connections_max: Annotated[int, Field(ge=1, le=MAX)] = 1000
    sockets_max: Annotated[int, Field(ge=1, le=MAX)] = 100

    @field_validator("persisted_only")
    @classmethod
    def _there(cls, path: Path | None) -> Path | None:
        if path is not None and not path.expanduser().exists():
            raise ValueError("must be a folder or a JSON file that exists")
        return path and path.expanduser().absolute()

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        if any(mark in str(folder) for mark in "?#%"):
            raise ValueError("must not contain ? or # or %, which mean something in URLs")
        return folder.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str) -> str:
        return _known(url, "sqlite", "postgresql", "postgres")

    @field_validator("bus_url")
    @classmethod
    def _bus(cls, url: str) -> str:
        return _known(url, "memory", "redis", "rediss", "postgresql", "postgres")

    @field_validator("engine_url")
    @classmethod
    def _engine(cls, url: str) -> str:
        return _known(url, "sqlite", "postgresql")

    @field_validator("jwks_url", "jwt_issuer", "jwt_audience")
    @classmethod
    def _needed(cls, value: str, given: ValidationInfo) -> str:
        if not value and given.data.get("auth") == "jwt":
            raise ValueError("must be set while STORYREEL_AUTH is jwt")
        if any(character.isspace() for character in value):
            raise ValueError("must not contain spaces")
        if len(value) > limits.ISSUER:
            raise ValueError(f"must have at most {limits.ISSUER} characters")
        return value

    @field_validator("jwks_url")
    @classmethod
    def _private(cls, url: str) -> str:
        _known(url, "https", "http")
        host = urlsplit(url).hostname or ""
        if url.startswith("http://") and host != "localhost" and not _is_loopback(host):
            raise ValueError("must start with https://: whoever changes the keys can be anybody")
        return url

    @field_validator("host")
    @classmethod
    def _reachable(cls, host: str, given: ValidationInfo) -> str:
        if host == "localhost" or _is_loopback(host):
            return host
        if given.data.get("auth") == "none":
            raise ValueError(
                "must be a loopback address while STORYREEL_AUTH is none, "
                "so that nobody but this machine may reach the server"
            )
        if not _is_address(host):
            raise ValueError("must be an address, such as 0.0.0.0 for all of this machine")
        return host

    @field_validator("hosts")
    @classmethod
    def _names(cls, hosts: str) -> str:
        if not all(HOST.fullmatch(host) for host in _words(hosts)):
            raise ValueError("must be names without ports, such as board.example,*.board.example")
        return hosts

    @field_validator("public_url")
    @classmethod
    def _public(cls, url: str) -> str:
        return _known(url, "http", "https")

    @field_validator("secret")
    @classmethod
    def _long(cls, secret: str) -> str:
        if secret and len(secret) < SECRET_LENGTH:
            raise ValueError(f"must have at least {SECRET_LENGTH} characters")
        return secret

    @field_validator("origins")
    @classmethod
    def _exact(cls, origins: str) -> str:
        for origin in _words(origins):
            if "*" in origin or _known(origin, "http", "https") != _origin(origin):
                raise ValueError("must list origins as browsers write them: https://board.example")
        return origins

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: str) -> str:
        try:
            for proxy in _words(proxies):
                ipaddress.ip_network(proxy)
        except ValueError:
            raise ValueError("must list IP addresses or networks, as in 10.0.0.0/8") from None
        return proxies

    @field_validator("mutation_rate", "generation_rate", "socket_rate")
    @classmethod
    def _rate(cls, words: str) -> str:
        try:
            if words not in ("", OFF):
                parsed(words)
        except ValueError:
            raise ValueError(f"must be a rate, as in 600/minute, or {OFF}") from None
        return words

    @field_validator("log_level")
    @classmethod
    def _level(cls, level: str) -> str:
        if level.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("must be debug, info, warning or error")
        return level.lower()

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir}/storyreel.sqlite3"

    @property
    def on_postgres(self) -> bool:
        return self.database.startswith("postgres")

    @property
    def bus(self) -> str:
        """Processes that share a PostgreSQL database wake each other through it by default."""
        return self.bus_url or (self.database if self.on_postgres else "memory://")

    @property
    def engine(self) -> str:
        if self.engine_url:
            return self.engine_url
        if self.on_postgres:
            return self.database.replace("postgres://", "postgresql://", 1)
        return f"sqlite:///{self.data_dir}/engine.sqlite3"

    @property
    def storage(self) -> str:
        return self.storage_url or str(self.data_dir / "assets")

    @property
    def trusted_hosts(self) -> list[str]:
        """The names under which the server may be addressed: any other one is somebody's trick."""
        public = urlsplit(self.public_url).hostname
        own = [*LOOPBACK_NAMES, self.host, *([public] if public else [])]
        return own + _words(self.hosts)

    @property
    def allowed_origins(self) -> list[str]:
        """The origins whose pages may call: the server's own public one, and those listed."""
        public = [_origin(self.public_url)] if self.public_url else []
        return [*public, *_words(self.origins)]

    @property
    def proxies(self) -> list[str]:
        return _words(self.trusted_proxies)

    @property
    def rates(self) -> dict[Limit, str]:
        """What may not come too often, and how often that is. Whoever is alone on this machine
        may do as they like, unless it is set."""
        alone = self.auth == "none"
        words: dict[Limit, str] = {
            "mutations": self.mutation_rate or (OFF if alone else MUTATION_RATE),
            "generation": self.generation_rate or (OFF if alone else GENERATION_RATE),
            "sockets": self.socket_rate,
        }
        return {limit: rate for limit, rate in words.items() if rate != OFF}


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _known(url: str, *schemes: str) -> str:
    """Nothing, or a URL of one of these schemes with the parts that its scheme needs."""
    if not url:
        return url
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # such as a port that is no number
        raise ValueError("must be a URL") from None
    if parts.scheme not in schemes or not url.startswith(f"{parts.scheme}://"):
        raise ValueError(f"must start with {_or([f'{scheme}://' for scheme in schemes])}")
    path = parts.path.strip("/")
    if parts.scheme == "sqlite" and (parts.netloc or not path or ":memory:" in path):
        raise ValueError("must name a file, as in sqlite:///relative.db or sqlite:////absolute.db")
    if parts.scheme.startswith("postgres") and not path:
        raise ValueError("must name a database, as in postgresql://host/database")
    if parts.scheme not in ("sqlite", "memory") and not named:
        raise ValueError("must name a host")
    return url


def _origin(url: str) -> str:
    """As browsers write it: in small letters, without the usual port and anything after it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host.removesuffix(USUAL_PORTS[parts.scheme])}"


def _or(names: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def read_settings() -> Settings:
    """The settings of the environment. Raises BadSettings with a sentence for each bad one."""
    try:
        return Settings()
    except ValidationError as failure:
        sentences = []
        for error in failure.errors():
            name = PREFIX + "_".join(map(str, error["loc"])).upper()
            wrong = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            sentences.append(f"{name} {wrong}.")
        raise BadSettings("\n".join(sentences)) from None
