"""What a client reads of an error: refusals with their code, our own bugs only by a reference."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError, ValueNode

from models import new_id
from models.database import out_of_reach
from services.errors import RateLimited, Refusal, Unavailable, refusal_in

logger = logging.getLogger(__name__)

INTERNAL = "INTERNAL"
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
INVALID_INPUT = "INVALID_INPUT"

BAD_VARIABLE = re.compile(
    r"Variable ('\$\w+' has invalid|values are nested)|Too many errors processing variables"
)
"""How graphql-core begins to tell that a variable's value, not the document, is wrong."""


def translate(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """The same errors as a client may see them. Unexpected ones are logged under a reference."""
    return [_translated(error) for error in errors]


def unexpected(error: GraphQLError) -> bool:
    """Whether we are to blame, so that a client will read no more than a reference."""
    cause = _cause(error)
    if isinstance(cause, ValueError) and not error.path:
        return False  # met while validating: a literal that cannot be read
    if cause is not None and not isinstance(cause, GraphQLError):
        return not (isinstance(cause, Refusal) or out_of_reach(cause))
    return "code" not in (error.extensions or {}) and _code_of(error) is None


def failed(error: GraphQLError) -> bool:
    """Whether an operation that met it failed through no fault of its client."""
    cause = _cause(error)
    down = cause is not None and (isinstance(cause, Unavailable) or out_of_reach(cause))
    return down or unexpected(error)


def _cause(error: GraphQLError) -> Exception | None:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _translated(error: GraphQLError) -> GraphQLError:
    cause = _cause(error)
    if unexpected(error):
        return _masked(error, cause or error)
    if (refusal := refusal_in(cause)) is not None:
        return _refused(error, refusal)
    if isinstance(cause, ValueError):
        message = "A value in the document cannot be read."
        return _with(error, message, {"code": VALIDATION_FAILED})
    if error.extensions and "code" in error.extensions:
        return error
    return _with(error, error.message, {"code": _code_of(error)})


def _refused(error: GraphQLError, refusal: Refusal) -> GraphQLError:
    extensions: dict[str, Any] = {"code": refusal.code}
    if refusal.field is not None:
        extensions["field"] = refusal.field
    if isinstance(refusal, RateLimited):
        extensions["retryAfter"] = refusal.retry_after
    return _with(error, str(refusal), extensions)


def _code_of(error: GraphQLError) -> str | None:
    """The code of an error that GraphQL itself found; None where the client is not to blame."""
    if isinstance(error, GraphQLSyntaxError):
        return PARSE_FAILED
    if error.path:  # met while it ran: an argument's value, or else an answer that fits no type
        blamed = any(isinstance(node, ValueNode) for node in error.nodes or ())
        return INVALID_INPUT if blamed else None
    return INVALID_INPUT if BAD_VARIABLE.match(error.message) else VALIDATION_FAILED


def _masked(error: GraphQLError, cause: BaseException) -> GraphQLError:
    reference = new_id("err")
    logger.error("Unexpected error %s at %s", reference, error.path, exc_info=cause)
    message = f"Something went wrong here; it is logged as {reference}."
    return _with(error, message, {"code": INTERNAL, "reference": reference})


def _with(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
