"""Documents as they are stored: canonical JSON under Zstandard, with the SHA-256 of the JSON.

Canonical is UTF-8 without spaces, the keys of each object in the order of their code points, so
that equal documents have equal checksums.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from typing import Any

import orjson

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Damaged(Exception):
    """What is stored is not what was packed."""


@dataclass(frozen=True)
class Packed:
    """`size` is that of the canonical JSON, in bytes; `sha256` names it."""

    data: bytes
    sha256: str
    size: int


def pack(document: Any) -> Packed:
    """Takes JSON without lone surrogates, NaN or whole numbers beyond 64 bits."""
    canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return Packed(zstd.compress(canonical), hashlib.sha256(canonical).hexdigest(), len(canonical))


def unpack(data: bytes, sha256: str) -> Any:
    """Raises Damaged unless the checksum names what comes out."""
    try:
        canonical = zstd.decompress(data)
    except zstd.ZstdError as failure:
        raise Damaged(f"The document {sha256} cannot be decompressed.") from failure
    if hashlib.sha256(canonical).hexdigest() != sha256:
        raise Damaged(f"The document {sha256} is not what was stored.")
    return orjson.loads(canonical)
