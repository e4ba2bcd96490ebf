"""Top-level errors: one shape, a code for each, and nothing of the inside."""

import logging

from graphql import GraphQLError, GraphQLSyntaxError

from domain.outages import OutageError, OutcomeUnknownError
from domain.refusals import Refusal
from domain.sessions import NotAuthenticatedError
from resolvers.errors import BadInputError

LOG = logging.getLogger("cnop.graphql")


def make_public(error: GraphQLError, *, request_id: str, is_executing: bool) -> None:
    """Give an error its code, in place; one that nobody expected is logged and masked.

    `is_executing` tells an error of execution from one that the document itself caused.
    """
    cause = _cause(error)
    if cause is None:
        _add_code(error, _code_of_document(error, is_executing=is_executing))
        return
    code, message = _code_and_message(cause, request_id)
    if code == "INTERNAL":
        LOG.error(
            "unexpected error at %s", error.path, exc_info=cause, extra={"request_id": request_id}
        )
    error.message = message
    error.extensions = {"code": code, "requestId": request_id}
    if isinstance(cause, NotAuthenticatedError):
        error.extensions["reason"] = cause.reason.name


def _cause(error: GraphQLError) -> Exception | None:
    """Return what a resolver raised; None when GraphQL itself found the fault."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _code_of_document(error: GraphQLError, *, is_executing: bool) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    return "BAD_USER_INPUT" if is_executing else "GRAPHQL_VALIDATION_FAILED"


def _add_code(error: GraphQLError, code: str) -> None:
    if error.extensions is None or "code" not in error.extensions:
        error.extensions = {**(error.extensions or {}), "code": code}


def _code_and_message(cause: Exception, request_id: str) -> tuple[str, str]:
    match cause:
        case NotAuthenticatedError():
            return "UNAUTHENTICATED", cause.reason.value
        case BadInputError():
            return "BAD_USER_INPUT", str(cause)
        case Refusal():
            return "BAD_USER_INPUT", " ".join(error.message for error in cause.errors)
        case OutcomeUnknownError():
            return "OUTCOME_UNKNOWN", (
                "Whether this happened could not be found out in time. Send it again with the same "
                "idempotency key, or look at the journal."
            )
        case OutageError():
            return "SERVICE_UNAVAILABLE", (
                "A part of the service can't answer now; nothing happened. Try again in a moment."
            )
        case _:
            return "INTERNAL", (
                f"Something went wrong on our side; it is logged as request {request_id}."
            )
