"""Expected refusals. Anything else that leaves a service is a bug, is masked and logged."""

from __future__ import annotations

from typing import ClassVar


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
