"""JSON Web Tokens (RFC 7519) of an identity provider, signed with its public keys.

What a token says of its own key or algorithm decides nothing: algorithms are pinned, and keys are
those of the provider. `none` and symmetric signatures are not among them, whatever the provider
publishes.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "Ed25519", "EdDSA")
ASYMMETRIC = ("RSA", "EC", "OKP")
NAMES = ("name", "preferred_username", "email")
FAR = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


class BadToken(ValueError):
    """It is not to be believed. Holds nothing of the token."""


class UnknownKey(BadToken):
    """It was signed with none of these keys: there may be newer ones."""


@dataclass(frozen=True)
class Expected:
    """Who must have made it, for whom; `skew` is how far clocks may differ, in seconds."""

    issuer: str
    audience: str
    skew: int


@dataclass(frozen=True)
class Claims:
    """`names` are what people may call the subject, best first. It is refused from `expires` on,
    the skew included."""

    subject: str
    names: tuple[str, ...]
    expires: datetime


def read_keys(body: bytes) -> KeySet:
    """The usable public keys of a JWK Set (RFC 7517), without those of other kinds.

    Raises ValueError when there is none.
    """
    document = json.loads(body)
    listed = document.get("keys") if isinstance(document, dict) else None
    documents = listed if isinstance(listed, list) else []
    usable = [key for each in documents if (key := _key(each)) is not None]
    if not usable:
        raise ValueError("There is no usable key in it.")
    return KeySet(usable)


def _key(document: Any) -> Any:
    if not isinstance(document, dict) or document.get("kty") not in ASYMMETRIC:
        return None
    if document.get("use", "sig") != "sig":
        return None
    try:
        with warnings.catch_warnings(action="error", category=SecurityWarning):
            return JWKRegistry.import_key(document)
    except (JoseError, SecurityWarning, ValueError, TypeError, KeyError):
        return None  # one odd key is no reason to do without the others


def read(text: str, keys: KeySet, expected: Expected, now: float) -> Claims:
    """What a token claims, if it is to be believed at `now`, in seconds since 1970."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    claims = jwt.JWTClaimsRegistry(
        now=int(now),
        leeway=expected.skew,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.audience},
        sub={"essential": True},
        exp={"essential": True},
    )
    try:
        # "EdDSA" is deprecated for "Ed25519", and what providers sign with today
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):
            token = jwt.decode(text, keys, registry=registry)
        claims.validate(token.claims)
        return _claims(token.claims, expected.skew)
    except InvalidKeyIdError:
        raise UnknownKey("InvalidKeyIdError") from None
    except Exception as failure:  # strangers write tokens: whatever happens, it is the token
        raise BadToken(type(failure).__name__) from None


def _claims(found: dict[str, Any], skew: int) -> Claims:
    names = tuple(found[name] for name in NAMES if isinstance(found.get(name), str))
    expires = datetime.fromtimestamp(min(found["exp"] + skew, FAR), UTC)
    return Claims(found["sub"], names, expires)
