"""What the doctor repeats of others' words."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.backends.provider_keys import NoKeys
from storyreel.doctor import _known, _writable, without_secrets
from storyreel.settings import Settings
from tests.provider import AUDIENCE, ISSUER, an_identity_provider


def test_what_others_say_is_repeated_without_what_is_secret() -> None:
    settings = Settings(
        database_url="postgresql://me:open%20sesame@db.example/films",
        bus_url="redis://:hunter2@bus.example/0",
        secret="s" * 32,
    )
    said = f"no entry: open sesame, open%20sesame, hunter2, {'s' * 32}; me at db.example"

    assert without_secrets(said, settings) == "no entry: ***, ***, ***, ***; me at db.example"


async def test_a_folder_is_called_by_its_path(tmp_path: Path) -> None:
    said = f"{tmp_path}/assets keeps what it is given."
    assert await _writable(Settings(data_dir=tmp_path)) == ("ok", said, "")


async def test_the_doctor_asks_who_vouches_for_people() -> None:
    async with an_identity_provider() as provider:
        jwt = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwks_url": provider.url}
        settings = Settings(auth="jwt", **jwt)  # type: ignore[arg-type]  # texts, all of them
        assert await _known(settings) == ("ok", f"{provider.url} publishes keys; usable: 1.", "")
        provider.down = True
        with pytest.raises(NoKeys, match="has not answered"):
            await _known(settings)


async def test_the_doctor_tells_when_nobody_can_come_in(migrated_url: str) -> None:
    state, said, advice = await _known(Settings(auth="token", database_url=migrated_url))

    assert (state, said) == ("note", "There is no token: nobody can come in.")
    assert "token create" in advice
