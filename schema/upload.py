"""Files that come beside the variables of a request."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLError


@dataclass(frozen=True)
class Upload:
    """A file's bytes. As text it is their hash: by that a repeated request is known."""

    data: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"


def _given(value: Any) -> Upload:
    if not isinstance(value, Upload):
        raise GraphQLError("A file comes as a part of a multipart request, not as a value.")
    return value


UPLOAD_SCALAR = strawberry.scalar(
    name="Upload",
    description="A file, sent as a part of a multipart request.",
    specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
    serialize=str,
    parse_value=_given,
)
