"""The list of error codes that clients rely on holds all that are served."""

from __future__ import annotations

import re
from collections.abc import Iterator

from resolvers import errors
from services.errors import Refusal
from storyreel.transport.endpoint import CODES
from tests.test_architecture import ROOT


def kinds(of: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in of.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_code_that_is_served_is_listed() -> None:
    served = {kind.code for kind in kinds(Refusal)} | set(CODES.values())
    served |= {errors.INTERNAL, errors.PARSE_FAILED, errors.VALIDATION_FAILED}
    listed = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "ERRORS.md").read_text(), re.M)
    assert len(listed) == len(set(listed))
    assert served <= set(listed), "List these in docs/ERRORS.md."
