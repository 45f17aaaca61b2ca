"""What the doctor repeats of others' words."""

from __future__ import annotations

from storyreel.doctor import without_secrets
from storyreel.settings import Settings


def test_what_others_say_is_repeated_without_what_is_secret() -> None:
    settings = Settings(
        database_url="postgresql://me:open%20sesame@db.example/films",
        bus_url="redis://:hunter2@bus.example/0",
        secret="s" * 32,
    )
    said = f"no entry: open sesame, open%20sesame, hunter2, {'s' * 32}; me at db.example"

    assert without_secrets(said, settings) == "no entry: ***, ***, ***, ***; me at db.example"
