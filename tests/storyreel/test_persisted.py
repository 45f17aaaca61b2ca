"""The list of the only documents to run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from storyreel.persisted import known_documents
from storyreel.settings import BadSettings, Settings
from storyreel.wiring import open_documents

ASK, OTHER = "{ projects { totalCount } }", "{ __typename }\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_documents_are_the_graphql_files_of_a_folder_and_below(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "ask.graphql").write_text(ASK)
    (tmp_path / "below" / "other.graphql").write_text(OTHER)
    (tmp_path / "notes.txt").write_text("{ secrets }")

    assert known_documents(tmp_path) == {digest(ASK): ASK, digest(OTHER): OTHER}


def test_documents_are_the_values_of_a_json_object(tmp_path: Path) -> None:
    listed = {digest(ASK): ASK, digest(OTHER): OTHER}
    (tmp_path / "documents.json").write_text(json.dumps(listed))

    assert known_documents(tmp_path / "documents.json") == listed


@pytest.mark.parametrize(
    "content",
    ["", "[]", '"x"', '{"a": 1}', json.dumps({digest(ASK): OTHER}), "\x00", "{"],
)
def test_a_list_that_cannot_be_served_is_told_before_anything_starts(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "documents.json"
    path.write_text(content)

    with pytest.raises(BadSettings, match=r"^STORYREEL_PERSISTED_ONLY: .+\.$"):
        open_documents(Settings(persisted_only=path))


def test_a_folder_without_documents_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"holds no \.graphql file"):
        open_documents(Settings(persisted_only=tmp_path))


def test_limits_are_those_of_the_settings() -> None:
    given = Settings(depth_max=3, tokens_max=4, aliases_max=5, cost_max=6, introspection=False)
    limits = open_documents(given).limits

    assert (limits.depth, limits.tokens, limits.aliases, limits.cost) == (3, 4, 5, 6)
    assert limits.introspection is False
