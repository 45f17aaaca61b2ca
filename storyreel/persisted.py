"""The documents known in advance, where only those may run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .settings import BadSettings


def known_documents(path: Path) -> dict[str, str]:
    """Documents by their SHA-256: each `*.graphql` file in a folder and below, or the values of a
    JSON object whose keys are the hashes. Raises BadSettings about what cannot be served."""
    try:
        if path.is_dir():
            return _hashed(path)
        found = json.loads(path.read_text())
    except (OSError, ValueError) as reason:
        raise _bad(f"{path} cannot be read: {reason}") from None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise _bad(f"{path} must be a JSON object of documents by their SHA-256")
    for digest, text in found.items():
        if digest != _sha256(text):
            raise _bad(f"{digest} in {path} is not the SHA-256 of its document")
    return found


def _hashed(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*.graphql")):
        text = path.read_text()
        found[_sha256(text)] = text
    if not found:
        raise _bad(f"{folder} holds no .graphql file")
    return found


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _bad(sentence: str) -> BadSettings:
    return BadSettings(f"STORYREEL_PERSISTED_ONLY: {sentence}.")
