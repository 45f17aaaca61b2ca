"""Settings, from the environment: STORYREEL_DATA_DIR and so on."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class BadSettings(ValueError):
    """A sentence for each setting that cannot be used."""


class Settings(BaseSettings):
    """Where things are kept and how the process runs. Every default works on a bare machine."""

    model_config = SettingsConfigDict(env_prefix="STORYREEL_", extra="ignore", frozen=True)

    data_dir: Path = Path("var")
    database_url: str = ""
    bus_url: str = ""
    storage_url: str = ""
    engine_url: str = ""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    public_url: str = ""
    secret: Annotated[str, Field(repr=False)] = ""
    link_hours: Annotated[float, Field(gt=0, le=168)] = 6
    embedded_worker: bool = True
    worker_slots: Annotated[int, Field(ge=1, le=64)] = os.cpu_count() or 2
    drain_seconds: Annotated[int, Field(ge=0, le=600)] = 10
    log_level: str = "info"

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return url

    @field_validator("bus_url")
    @classmethod
    def _bus(cls, url: str) -> str:
        known = ("memory://", "redis://", "rediss://", "postgresql://", "postgres://")
        if url and not url.startswith(known):
            raise ValueError("must start with memory://, redis://, rediss:// or postgresql://")
        return url

    @field_validator("engine_url")
    @classmethod
    def _engine(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return url

    @field_validator("host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        if host != "localhost" and not _is_loopback(host):
            raise ValueError(
                "must be a loopback address: there is no authentication yet, "
                "so nobody but this machine may reach the server"
            )
        return host

    @field_validator("secret")
    @classmethod
    def _long(cls, secret: str) -> str:
        if secret and len(secret) < 32:
            raise ValueError("must have at least 32 characters")
        return secret

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
        """Processes that share a PostgreSQL database wake each other through it unless told else."""
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
        return self.storage_url or f"file://{self.data_dir}/assets"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings() -> Settings:
    """The settings of the environment. Raises BadSettings with a sentence for each bad one."""
    try:
        return Settings()
    except ValidationError as failure:
        sentences = [
            f"STORYREEL_{'_'.join(map(str, error['loc'])).upper()}"
            f" {error['msg'].removeprefix('Value error, ')}."
            for error in failure.errors()
        ]
        raise BadSettings("\n".join(sentences)) from None
