"""Answers to requests that never became an operation, in the shape of a GraphQL response."""

from collections.abc import Mapping

from starlette.responses import JSONResponse
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from web.logs import current_request

BAD_USER_INPUT = "BAD_USER_INPUT"
INTERNAL = "INTERNAL"
RATE_LIMITED = "RATE_LIMITED"
SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"


class RequestRefusedError(Exception):
    """A request is wrong before any operation begins; the message says how, for the client."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = BAD_USER_INPUT,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers
        super().__init__(message)


def error_response(
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    media_type: str | None = None,
) -> JSONResponse:
    """Return a response with one error and no data; as JSON, unless told otherwise.

    It also denies a websocket that wants to open.
    """
    error = {"message": message, "extensions": {"code": code}}
    return JSONResponse({"errors": [error]}, status, headers, media_type)


def internal_error_response() -> JSONResponse:
    """Return a response to a request that failed."""
    message, extensions = internal_error()
    return JSONResponse({"errors": [{"message": message, "extensions": extensions}]}, 500)


def internal_error() -> tuple[str, dict[str, str]]:
    """Return message and extensions of a failure: no more than the name that the log has it by."""
    notes = current_request.get()
    request_id = notes.request_id if notes else "unknown"
    message = f"Something went wrong on our side; it is logged as request {request_id}."
    return message, {"code": INTERNAL, "requestId": request_id}


def has_begun(result: ExecutionResult) -> bool:
    """Tell whether fields were run: an error of theirs names the path to them."""
    if isinstance(result, PreExecutionError):
        return False
    if result.data is not None or not result.errors:
        return True
    return any(error.path is not None for error in result.errors)
