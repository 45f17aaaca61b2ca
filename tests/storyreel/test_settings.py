"""Settings: read from the environment, refused with a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storyreel.settings import BadSettings, Settings, read_settings

README = Path(__file__).parents[2] / "README.md"

BAD = {
    "DATABASE_URL": [
        "mysql://host/db",
        "postgresql://host",
        "postgresql:///db",
        "postgresql://host:port/db",
        "postgresql://[::1/db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://file.db",
        "sqlite:file.db",
        "file.db",
    ],
    "BUS_URL": ["kafka://host", "redis://", "redis://host:x", "redis:host", "memory:"],
    "ENGINE_URL": ["postgres://host/db", "memory://", "sqlite:///"],
    "HOST": ["0.0.0.0", "::", "192.168.1.1", "example.org", "127.0.0.1:8000"],  # noqa: S104  # refused
    "HOSTS": ["https://board.example", "board.example:8000", "*.*", "-"],
    "JWT_ISSUER": ["https://id example", "https://id.example/" + "x" * 255],
    "JWT_AUDIENCE": ["a b"],
    "JWKS_URL": ["id.example", "http://id.example/keys", "ftp://id.example", "https://"],
    "PORT": ["x", "-1", "65536", "8000.5"],
    "PUBLIC_URL": ["board.example", "ftp://board.example", "https://", "https://board:port"],
    "SECRET": ["short"],
    "LINK_HOURS": ["0", "-1", "nan", "inf", "169", "0.001", "x"],
    "EMBEDDED_WORKER": ["maybe", "2"],
    "WORKER_SLOTS": ["0", "65", "1.5", "x"],
    "DRAIN_SECONDS": ["-1", "601", "x"],
    "LOG_LEVEL": ["loud", "trace"],
    "LOG_FORMAT": ["xml", "JSON"],
    "WORKER_PORT": ["x", "-1", "65536"],
    "DEPTH_MAX": ["0", "x"],
    "TOKENS_MAX": ["0", "1.5"],
    "ALIASES_MAX": ["-1"],
    "COST_MAX": ["0", "9999999999999"],
    "INTROSPECTION": ["sometimes"],
    "PERSISTED_ONLY": ["/nowhere/documents.json"],
    "AUTH": ["open", "basic"],
    "ORIGINS": [
        "*",
        "null",
        "board.example",
        "ftp://board.example",
        "https://board.example/",
        "https://Board.example",
        "https://board.example:443",
        "https://board.example https://board.example/path",
        "https://*.board.example",
    ],
    "TRUSTED_PROXIES": ["*", "proxy", "10.0.0.1/8", "127.0.0.1:80", "10.0.0.1, x"],
    "MUTATION_RATE": ["600", "0/minute", "often", "1/minute; 2/hour", "1/fortnight"],
    "GENERATION_RATE": ["-1/hour"],
    "SOCKET_RATE": ["none"],
    "CONNECTIONS_MAX": ["0", "x"],
    "SOCKETS_MAX": ["0", "x"],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(n, value, id=f"{n}={value}") for n, values in BAD.items() for value in values],
)
def test_a_bad_value_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"STORYREEL_{name}", value)

    with pytest.raises(BadSettings) as refused:
        read_settings()

    assert re.fullmatch(rf"STORYREEL_{name} must [^\n]+[^.]\.", str(refused.value))


def test_each_bad_value_gets_its_own_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYREEL_PORT", "x")
    monkeypatch.setenv("STORYREEL_LOG_LEVEL", "loud")

    with pytest.raises(BadSettings) as refused:
        read_settings()

    assert [line.split()[0] for line in str(refused.value).splitlines()] == [
        "STORYREEL_PORT",
        "STORYREEL_LOG_LEVEL",
    ]


def test_a_secret_that_is_refused_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORYREEL_SECRET", "hunter2")

    with pytest.raises(BadSettings) as refused:
        read_settings()

    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(Settings(secret="hunter2" * 5))


def test_without_an_environment_everything_is_in_one_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORYREEL_PORT", "")

    settings = read_settings()

    assert settings.data_dir == tmp_path / "var"
    assert settings.database == f"sqlite:///{tmp_path}/var/storyreel.sqlite3"
    assert settings.engine == f"sqlite:///{tmp_path}/var/engine.sqlite3"
    assert settings.storage == f"{tmp_path}/var/assets"
    assert settings.bus == "memory://"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_postgresql_database_is_engine_and_bus_too(scheme: str) -> None:
    settings = Settings(database_url=f"{scheme}://me@db.example/films")

    assert settings.on_postgres
    assert settings.engine == "postgresql://me@db.example/films"
    assert settings.bus == settings.database


JWT = {"JWKS_URL": "https://id/keys", "JWT_ISSUER": "https://id", "JWT_AUDIENCE": "storyreel"}


@pytest.mark.parametrize("missing", JWT)
def test_a_provider_is_named_in_full(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setenv("STORYREEL_AUTH", "jwt")
    for name, value in JWT.items():
        monkeypatch.setenv(f"STORYREEL_{name}", value if name != missing else "")

    with pytest.raises(BadSettings) as refused:
        read_settings()

    assert str(refused.value) == f"STORYREEL_{missing} must be set while STORYREEL_AUTH is jwt."


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/keys", "http://localhost/keys"])
def test_keys_may_come_unencrypted_from_this_machine_alone(url: str) -> None:
    assert Settings(jwks_url=url).jwks_url == url


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1"])  # noqa: S104  # with a door
def test_where_everybody_is_asked_the_server_may_listen_to_all(host: str) -> None:
    assert Settings(auth="token", host=host).host == host
    with pytest.raises(ValueError, match="must be an address"):
        Settings(auth="token", host="example.org")


def test_the_server_may_be_called_by_more_names() -> None:
    settings = Settings(public_url="https://board.example", hosts="10.0.0.7, *.internal")

    assert settings.trusted_hosts[-3:] == ["board.example", "10.0.0.7", "*.internal"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_the_server_may_listen_on_this_machine(host: str) -> None:
    assert Settings(host=host).host == host


def test_whoever_is_alone_on_the_machine_is_limited_in_sockets_only() -> None:
    assert Settings().rates == {"sockets": "600/minute"}
    assert Settings(mutation_rate="9/minute", socket_rate="off").rates == {"mutations": "9/minute"}


def test_with_authentication_mutations_have_a_rate_too() -> None:
    assert Settings(auth="token").rates == {
        "mutations": "600/minute",
        "generation": "1200/hour",
        "sockets": "600/minute",
    }
    assert "generation" not in Settings(auth="token", generation_rate="off").rates


def test_the_public_address_and_the_listed_origins_may_call() -> None:
    settings = Settings(
        public_url="https://Board.example:443/films",
        origins="http://localhost:5173, http://[::1]:8080",
    )
    assert settings.allowed_origins == [
        "https://board.example",
        "http://localhost:5173",
        "http://[::1]:8080",
    ]


def test_the_readme_tells_of_every_setting_and_its_default() -> None:
    table = dict(re.findall(r"^\| `STORYREEL_(\w+)` \| ([^|]+?) \|", README.read_text(), re.M))

    assert list(table) == [name.upper() for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        if field.default not in ("", None) and name != "worker_slots":
            assert table[name.upper()] == f"`{str(field.default).lower()}`"
