"""Top-level errors: one shape, a code for each, and nothing of the inside."""

import logging
import re
from datetime import timedelta

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from domain.outages import OutageError, OutcomeUnknownError
from domain.refusals import Refusal, UserError
from domain.sessions import NotAuthenticatedError
from resolvers.errors import BadInputError, RateLimitedError

LOG = logging.getLogger("cnop.graphql")

TOO_DEEP = "The document is nested too deeply."

OPERATION_UNCLEAR = "The document has several operations; say in `operationName` which one to run."

_QUOTED = re.compile(
    r"(, found| Found|(?<=String cannot represent a non string value)): .*", re.DOTALL
)
"""Where GraphQL repeats an input, with all that is secret in it."""


class OperationUnclearError(CannotGetOperationTypeError):
    """A document has several operations, and none of them was named."""

    def __init__(self) -> None:
        super().__init__(None)

    def as_http_error_reason(self) -> str:
        """Return a sentence for the client."""
        return OPERATION_UNCLEAR


_NOT_NONE = " not to be None"
"""How graphql-core says null."""


OUR_FAULTS = frozenset({"SERVICE_UNAVAILABLE", "INTERNAL"})
"""Codes of what the caller can't help."""


def make_public(error: GraphQLError, *, request_id: str) -> None:
    """Give an error its code, in place; one that nobody expected is logged and masked."""
    cause = _cause(error)
    if cause is None:
        error.message = _QUOTED.sub("", error.message).replace(_NOT_NONE, " not to be null")
        is_unparsed = isinstance(error, GraphQLSyntaxError)
        add_code(error, "GRAPHQL_PARSE_FAILED" if is_unparsed else "BAD_USER_INPUT")
        return
    code, message = _code_and_message(cause, request_id)
    if isinstance(cause, OutageError) and len(error.path or ()) > 1:
        message = _OUTAGE_BESIDE
    if code == "INTERNAL":
        LOG.error(
            "unexpected error at %s", error.path, exc_info=cause, extra={"request_id": request_id}
        )
    error.message = message
    error.extensions = {"code": code, "requestId": request_id}
    if isinstance(cause, NotAuthenticatedError):
        error.extensions["reason"] = cause.reason.name
    if isinstance(cause, RateLimitedError):
        error.extensions["retryAfterSeconds"] = _seconds(cause)


def add_code(error: GraphQLError, code: str) -> None:
    """Give an error a code, unless it has one."""
    error.extensions = {"code": code, **(error.extensions or {})}


def _cause(error: GraphQLError) -> Exception | None:
    """Return what a resolver raised; None when GraphQL itself found the fault."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _code_and_message(cause: Exception, request_id: str) -> tuple[str, str]:
    match cause:
        case NotAuthenticatedError():
            return "UNAUTHENTICATED", cause.reason.value
        case BadInputError():
            return "BAD_USER_INPUT", str(cause)
        case RateLimitedError():
            return "RATE_LIMITED", f"{cause} Try again in {_seconds(cause)} seconds."
        case Refusal():
            return "BAD_USER_INPUT", " ".join(map(_with_argument, cause.errors))
    for kinds, code, message in _FIXED:
        if isinstance(cause, kinds):
            return code, message
    return "INTERNAL", f"Something went wrong on our side; it is logged as request {request_id}."


def _with_argument(error: UserError) -> str:
    """Return the message, begun with the argument: there is no `path` to say it beside."""
    name = f"`{error.path[-1]}`" if error.path else ""
    return error.message if name in error.message else f"{name}: {error.message}"


def _seconds(error: RateLimitedError) -> int:
    return max(1, -(-error.retry_after // timedelta(seconds=1)))


_UNKNOWN = (
    "Whether this happened could not be found out in time. Send it again with the same idempotency "
    "key, or look at the journal."
)
_OUTAGE = "A part of the service can't answer now; nothing happened. Try again in a moment."
_OUTAGE_BESIDE = (
    "This part can't be read now; whatever was done stands. Ask for it again in a moment."
)
"""Of a field within an answer: what is around it may well have happened."""

_NO_OPERATION = "The document has no operation of this name, or none that can be run here."

_FIXED: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((OutcomeUnknownError,), "OUTCOME_UNKNOWN", _UNKNOWN),
    ((OutageError,), "SERVICE_UNAVAILABLE", _OUTAGE),
    ((RecursionError,), "GRAPHQL_PARSE_FAILED", TOO_DEEP),
    ((OperationUnclearError,), "BAD_USER_INPUT", OPERATION_UNCLEAR),
    (
        (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError),
        "BAD_USER_INPUT",
        _NO_OPERATION,
    ),
)
