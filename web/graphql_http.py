"""GraphQL over HTTP: from a request to its answer, in the media type and with the status due."""

from collections.abc import Mapping, Sequence

from graphql import GraphQLError
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp
from strawberry.exceptions import MissingQueryError
from strawberry.http import GraphQLRequestData
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from schema.api import Schema
from web.graphql_documents import RequestedDocuments
from web.graphql_errors import RequestRefusedError, error_response, has_begun
from web.graphql_event_streams import EventStreams
from web.graphql_media_types import JSON, Accepted, accepted
from web.graphql_requests import operation_of
from web.metrics import Metrics
from web.middleware.address_limit import address_of
from web.paths import PLAYGROUND
from web.reception import Caller, Reception
from web.strict_json import encode

COST_ONLY = "x-query-cost-only"
"""The header that asks for the cost of an operation alone: it isn't run, and isn't charged."""

HEADERS = {"cache-control": "no-store", "vary": "accept"}
"""Of every answer: what somebody may see is nobody else's, and JSON has two names."""

_ALLOWED = {
    "GET": frozenset({OperationType.QUERY}),
    "POST": frozenset({OperationType.QUERY, OperationType.MUTATION}),
}

_STATUSES: Mapping[object, int] = {
    "COST_LIMIT_EXCEEDED": 429,
    "RATE_LIMITED": 429,
    "SERVICE_UNAVAILABLE": 503,
    "OUTCOME_UNKNOWN": 503,
    "INTERNAL": 500,
}
"""Of operations that didn't begin, by the code of their first error; 400 is that of all others."""


class GraphQLOverHttp:
    """Answers GET and POST."""

    def __init__(
        self,
        schema: Schema,
        *,
        reception: Reception,
        streams: EventStreams,
        documents: RequestedDocuments,
        metrics: Metrics,
        has_playground: bool,
    ) -> None:
        self._schema = schema
        self._reception = reception
        self._streams = streams
        self._metrics = metrics
        self._has_playground = has_playground
        self._documents = documents

    async def answer(self, request: Request) -> ASGIApp:
        """Return what a request is to be sent."""
        takes = accepted(",".join(request.headers.getlist("accept")))
        try:
            return await self._answer(request, takes)
        except RequestRefusedError as refused:
            headers = HEADERS | dict(refused.headers or {})
            media_type = takes.single or JSON
            return error_response(
                refused.status, refused.code, refused.message, headers, media_type
            )

    async def _answer(self, request: Request, takes: Accepted) -> ASGIApp:
        if request.method not in _ALLOWED:
            raise RequestRefusedError(
                405, "Operations are sent by GET or POST.", headers={"allow": "GET, POST"}
            )
        if self._has_playground and _is_person(request):
            return RedirectResponse(PLAYGROUND)
        if takes.single is None and not takes.is_stream:
            raise RequestRefusedError(
                406, "Answers are application/json or application/graphql-response+json."
            )
        data = await operation_of(request)
        caller = caller_of(request)
        try:
            data.query = await self._documents.text(data, caller.address)
        except GraphQLError as unknown:
            return self._told(PreExecutionError(data=None, errors=[unknown]), takes)
        try:
            if takes.single is None:
                return await self._streams.stream(data, caller, request.method)
            return self._told(await self._run(data, caller, request.method), takes)
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION and takes.is_stream:
                return await self._streams.stream(data, caller, request.method)
            raise _wrong_kind(error.operation_type) from error
        except CannotGetOperationTypeError as error:
            raise RequestRefusedError(400, error.as_http_error_reason()) from error
        except MissingQueryError as error:
            raise RequestRefusedError(400, "The request has no `query` in it.") from error

    async def _run(self, data: GraphQLRequestData, caller: Caller, method: str) -> ExecutionResult:
        return await self._schema.execute(
            data.query,
            variable_values=data.variables,
            context_value=await self._reception.context(caller),
            operation_name=data.operation_name,
            allowed_operation_types=_ALLOWED[method],
            operation_extensions=data.extensions,
        )

    def _told(self, result: ExecutionResult, takes: Accepted) -> Response:
        """Return a result as JSON. What kept an operation from running leaves no `data` in it."""
        self._metrics.operations.labels("http", "errors" if result.errors else "ok").inc()
        errors = result.errors or []
        body: dict[str, object] = {}
        if errors:
            body["errors"] = [error.formatted for error in errors]
        is_begun = has_begun(result)
        if is_begun:
            body["data"] = result.data
        if result.extensions:
            body["extensions"] = result.extensions
        media_type = takes.single or JSON
        headers = dict(HEADERS)
        status = 200
        if errors:
            headers |= _retry_after(errors)
        if not is_begun and media_type != JSON:
            status = _STATUSES.get((errors[0].extensions or {}).get("code"), 400)
        return Response(encode(body), status, headers, media_type)


def _retry_after(errors: Sequence[GraphQLError]) -> dict[str, str]:
    """Return the header for when all of an operation may be tried again, in seconds."""
    waits = [(error.extensions or {}).get("retryAfterSeconds") for error in errors]
    known = [wait_s for wait_s in waits if wait_s is not None]
    return {"retry-after": str(max(known))} if known else {}


def caller_of(connection: HTTPConnection) -> Caller:
    """Return what a request says of its sender, or the one that opened a websocket."""
    return Caller(
        address_of(connection.scope),
        connection.headers.get("authorization"),
        is_cost_only=connection.headers.get(COST_ONLY, "").lower() == "true",
    )


def _is_person(request: Request) -> bool:
    """Tell whether this is a person with a browser, and not a client without a query."""
    is_bare = request.method == "GET" and not request.query_params.get("query")
    return is_bare and "text/html" in request.headers.get("accept", "")


def _wrong_kind(kind: OperationType) -> RequestRefusedError:
    if kind is OperationType.SUBSCRIPTION:
        return RequestRefusedError(
            400,
            "Subscriptions run on a websocket at this address (graphql-transport-ws), or as events "
            "for who accepts text/event-stream.",
        )
    return RequestRefusedError(405, "A mutation must be sent by POST.", headers={"allow": "POST"})
