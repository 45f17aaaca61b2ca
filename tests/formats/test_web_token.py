from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from services.formats.web_token import (
    BadToken,
    Claims,
    Expected,
    UnknownKey,
    read,
    read_keys,
)

NOW = 1_800_000_000
EXPECTED = Expected("https://id.example", "storyreel", skew=30)
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
GOOD = {"iss": "https://id.example", "aud": "storyreel", "sub": "ada", "exp": NOW + 60}


def published(*keys: Any) -> KeySet:
    return read_keys(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode())


KEYS = published(EC, RSA, ED)


def signed(claims: dict[str, Any], key: Any = EC, **header: Any) -> str:
    header = {"alg": "ES256", "kid": key.kid} | header
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def unsigned(header: Any, claims: Any, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def believed(text: str, now: float = NOW, keys: KeySet = KEYS) -> Claims:
    return read(text, keys, EXPECTED, now)


@pytest.mark.parametrize(
    ("key", "algorithm"), [(EC, "ES256"), (RSA, "RS256"), (RSA, "PS256"), (ED, "Ed25519")]
)
def test_a_token_of_the_provider_is_believed(key: Any, algorithm: str) -> None:
    claims = believed(signed(GOOD | {"name": "Ada", "email": "a@b"}, key, alg=algorithm))

    assert claims == Claims("ada", ("Ada", "a@b"), datetime.fromtimestamp(NOW + 90, UTC))


def test_the_name_that_providers_still_use_for_ed25519_is_believed() -> None:
    with pytest.warns(match="EdDSA is deprecated"):
        text = signed(GOOD, ED, alg="EdDSA")

    assert believed(text).subject == "ada"


def test_what_a_header_has_besides_decides_nothing() -> None:
    assert believed(signed(GOOD, typ="at+jwt")).subject == "ada"
    stranger = ECKey.generate_key("P-256", {"kid": "ec"})
    own = signed(GOOD, stranger, jwk=stranger.as_dict(private=False))
    with pytest.raises(BadToken):
        believed(own)


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": ["https://id.example"]},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"exp": NOW - 30},
        {"nbf": NOW + 31},
        {"iat": NOW + 31},
    ],
    ids=str,
)
def test_a_claim_that_is_wrong_or_missing_is_not_believed(wrong: dict[str, Any]) -> None:
    claims = {name: value for name, value in (GOOD | wrong).items() if value is not None}

    with pytest.raises(BadToken):
        believed(signed(claims))


def test_clocks_may_differ_by_the_skew() -> None:
    text = signed(GOOD | {"nbf": NOW + 30, "aud": ["other", "storyreel"]})

    assert believed(text).subject == "ada"
    assert believed(text, NOW + 89).subject == "ada"
    with pytest.raises(BadToken):
        believed(text, NOW + 90)


def test_an_end_beyond_all_time_is_an_end() -> None:
    assert believed(signed(GOOD | {"exp": 10**400})).expires.year == 9999


def with_the_public_key_as_secret() -> str:
    """The classic confusion of algorithms."""
    head, body, _ = unsigned({"alg": "HS256", "kid": "rsa"}, GOOD).split(".")
    mac = hmac.digest(RSA.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "text",
    [
        with_the_public_key_as_secret(),
        unsigned({"alg": "none"}, GOOD),
        unsigned({"alg": "none", "kid": "ec"}, GOOD),
        unsigned({"kid": "ec"}, GOOD),
    ],
)
def test_no_algorithm_and_symmetric_ones_are_never_believed(text: str) -> None:
    with pytest.raises(BadToken):
        believed(text)


def test_a_key_is_used_for_its_own_kind_of_signature_only() -> None:
    with pytest.raises(BadToken):
        believed(signed(GOOD, RSA, alg="RS256", kid="ec"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "\0",
        unsigned("alg", GOOD),
        unsigned(["alg"], GOOD),
        unsigned({"alg": []}, GOOD),
        unsigned({"alg": "ES256", "kid": 7}, GOOD),
        unsigned({"alg": "ES256", "kid": "ec"}, GOOD, b"x" * 64),
        unsigned({"alg": "ES256", "kid": "ec", "crit": ["exp"]}, GOOD, b"x" * 64),
        unsigned({"alg": "ES256", "kid": "ec", "b64": False, "crit": ["b64"]}, GOOD, b"x" * 64),
        signed(GOOD)[:-3],
        signed(GOOD) + ".x",
        signed(GOOD).replace(".", ".x", 1),
    ],
)
def test_nonsense_is_not_believed_and_nothing_worse_happens(text: str) -> None:
    with pytest.raises(BadToken):
        believed(text)


def test_claims_that_are_no_object_are_not_believed() -> None:
    text = jws.serialize_compact({"alg": "ES256", "kid": "ec"}, b"[1]", EC, ["ES256"])
    with pytest.raises(BadToken):
        believed(text)


def test_a_key_that_is_not_known_may_be_a_newer_one() -> None:
    newer = ECKey.generate_key("P-256", {"kid": "newer"})
    text = signed(GOOD, newer)

    with pytest.raises(UnknownKey):
        believed(text)
    assert believed(text, keys=published(EC, newer)).subject == "ada"


def test_of_published_keys_only_the_usable_ones_are_read() -> None:
    odd: list[Any] = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"},
        {"kty": "EC", "crv": "P-256", "kid": "half"},
        {"kty": "from the future", "kid": "f"},
        EC.as_dict(private=False) | {"use": "enc", "kid": "enc"},
        "no object",
        {},
    ]
    body = json.dumps({"keys": [*odd, EC.as_dict(private=False)]}).encode()

    assert [key.kid for key in read_keys(body)] == ["ec"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{}]}', b"7"]
)
def test_an_answer_without_a_usable_key_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_keys(body)
