"""Expected refusals. Anything else that leaves a service is a bug, is masked and logged; but for a
database that cannot be reached, which is nobody's fault here."""

from __future__ import annotations

import logging
from typing import ClassVar

from models.database import out_of_reach

logger = logging.getLogger(__name__)


class Refusal(Exception):
    """Something the caller is meant to read. `field` is the path of the argument to blame."""

    code: ClassVar[str] = "REFUSED"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class InvalidInput(Refusal):
    """The request can never succeed as it stands."""

    code = "INVALID_INPUT"


class NotFound(Refusal):
    """There is no such thing, or it is not yours to know of."""

    code = "NOT_FOUND"


class Conflict(Refusal):
    """The request does not fit the present state."""

    code = "CONFLICT"


class Forbidden(Refusal):
    """You may see it but not do this to it."""

    code = "FORBIDDEN"


class Unauthenticated(Refusal):
    """Nobody knows who asks. It says the same whatever is wrong with a credential."""

    code = "UNAUTHENTICATED"


class LimitExceeded(Refusal):
    """A documented limit would be passed."""

    code = "LIMIT_EXCEEDED"


class RateLimited(Refusal):
    """Too often; nothing was done. `retry_after` is how many seconds to wait at least."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class IdempotencyKeyReused(Refusal):
    """The key came before, with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class Unavailable(Refusal):
    """The database cannot be reached. Of a unit of work the message says what became of it."""

    code = "UNAVAILABLE"


def refusal_in(failure: BaseException | None) -> Refusal | None:
    """The refusal that a failure is, or stands for."""
    if isinstance(failure, Refusal):
        return failure
    if failure is not None and out_of_reach(failure):
        return unavailable("The database cannot be reached. Ask again in a moment.", failure)
    return None


def unavailable(message: str, failure: BaseException) -> Unavailable:
    """A refusal for the caller, and for whoever runs this the failure that it stands for."""
    logger.warning("The database cannot be reached: %s: %s", type(failure).__name__, failure)
    return Unavailable(message)
