"""Secrets that are handed out once, to be shown again by whoever bears them.

`sr_` or `sri_`, the id of a row, and 256 random bits: `sr_01h455vb4pex5vsknk084sn02q_9f86d0…`. The
mark makes leaked ones easy to find in logs and repositories, the id finds the row without searching
by the secret. The row keeps a plain SHA-256: nobody guesses 256 random bits, however fast the hash,
and a slow one would only slow down every request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

TOKEN_MARK, INVITATION_MARK = "sr", "sri"
SECRET_BYTES = 32
FORM = re.compile(r"(sri?)_([0-7][0-9a-hjkmnp-tv-z]{25})_([0-9a-f]{64})")
NOTHING = "0" * 64  # the hash of no secret


@dataclass(frozen=True)
class Borne:
    """What was shown: the id of the row it means, and the hash of its secret."""

    row_id: str
    secret_hash: str

    def fits(self, kept_hash: str | None) -> bool:
        """In a time that tells nothing of the hash, nor of whether there is one."""
        return hmac.compare_digest(self.secret_hash, kept_hash or NOTHING)


def hand_out(mark: str, row_id: str) -> tuple[str, str]:
    """A new secret as text, never to be had again, and the hash to keep of it."""
    secret = secrets.token_hex(SECRET_BYTES)
    return f"{mark}_{row_id.partition('_')[2]}_{secret}", _hash(secret)


def shown(text: str, mark: str, prefix: str) -> Borne | None:
    """What a text means if it has the form of one of ours."""
    found = FORM.fullmatch(text)
    if found is None or found[1] != mark:
        return None
    return Borne(f"{prefix}_{found[2]}", _hash(found[3]))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
