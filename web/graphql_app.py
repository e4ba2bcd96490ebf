"""GraphQL over HTTP and websockets: Strawberry's own endpoint, with what it lets through shut."""

import json
from datetime import timedelta
from typing import Any

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.http import GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from schema.api import Schema
from schema.context import Context
from web.graphql_errors import (
    BAD_USER_INPUT,
    RATE_LIMITED,
    SERVICE_UNAVAILABLE,
    RequestRefusedError,
    error_response,
)
from web.graphql_requests import media_type, request_data
from web.graphql_sockets import SocketAdapter, SocketHandler
from web.metrics import Metrics
from web.middleware.address_limit import address_of
from web.open_sockets import OpenSockets
from web.paths import PLAYGROUND
from web.reception import Caller, Reception
from web.strict_json import decode, encode

INIT_WAIT = timedelta(seconds=10)
"""How long a socket may stay without connection_init: one slow round trip and a half."""

COST_ONLY = "x-query-cost-only"
"""The header that asks for the cost of an operation alone: it isn't run, and isn't charged."""

_ALLOWED = {
    "GET": frozenset({OperationType.QUERY}),
    "POST": frozenset({OperationType.QUERY, OperationType.MUTATION}),
}


class GraphQLEndpoint(GraphQL[Context | Caller, None]):
    """Runs operations; `operations_per_socket` 0 is no bound."""

    websocket_adapter_class = SocketAdapter
    graphql_transport_ws_handler_class = SocketHandler

    def __init__(
        self,
        schema: Schema,
        *,
        reception: Reception,
        sockets: OpenSockets,
        metrics: Metrics,
        operations_per_socket: int,
        has_playground: bool,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if has_playground else None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=INIT_WAIT,
            max_subscriptions_per_connection=None,  # counted by our handler, which says why
            allowed_origins=("*",),  # no cookie signs anybody in, so a foreign page gains nothing
        )
        self.reception = reception
        self.sockets = sockets
        self.metrics = metrics
        self.operations_per_socket = operations_per_socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        try:
            response = await self.run(Request(scope, receive))
        except HTTPException as error:
            response = error_response(error.status_code, BAD_USER_INPUT, error.reason)
        except RequestRefusedError as error:
            response = error_response(error.status, error.code, error.message)
        await response(scope, receive, send)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Tell whether this is a person with a browser, and not a client without a query."""
        is_bare = request.method == "GET" and not request.query_params.get("query")
        return bool(
            self.graphql_ide and is_bare and "text/html" in request.headers.get("accept", "")
        )

    async def render_graphql_ide(self, request: Request) -> Response:
        """Lead to the playground."""
        del request
        return RedirectResponse(PLAYGROUND)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context | Caller:
        """Return a request's context; a socket's caller, since its operations have their own."""
        del response
        caller = Caller(
            address_of(request.scope),
            request.headers.get("authorization"),
            is_cost_only=request.headers.get(COST_ONLY, "").lower() == "true",
        )
        if isinstance(request, Request):
            return await self.reception.context(caller)
        return caller

    async def get_root_value(self, request: Request | WebSocket) -> None:
        """Return nothing: resolvers begin at the context."""

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        """Return the operation of a request. Raises RequestRefusedError."""
        if request.method == "GET":
            found = {name: value for name, value in request.query_params.items() if value}
            return request_data(self.parse_query_params(found))
        if media_type(request.content_type) != "application/json":
            raise RequestRefusedError(415, "Send the operation as application/json.")
        return request_data(self.parse_json(await request.get_body()))

    def parse_json(self, data: str | bytes) -> Any:  # noqa: ANN401 - as in the library
        """Return the value of a JSON text. Raises RequestRefusedError."""
        try:
            return decode(data)
        except json.JSONDecodeError as error:
            raise RequestRefusedError(400, f"This is not valid JSON: {error}.") from error

    def decode_json(self, data: str | bytes) -> object:
        """Return the value of a JSON text, for websockets. Raises json.JSONDecodeError."""
        return decode(data)

    def encode_json(self, data: object) -> bytes:
        """Return JSON text."""
        return encode(data)

    async def execute_single(  # noqa: PLR0917 - as in the library
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context | Caller,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Run an operation of the kinds that the method allows. Raises RequestRefusedError."""
        del request, sub_response
        try:
            result = await self.schema.execute(
                request_data.query,
                root_value=root_value,
                variable_values=request_data.variables,
                context_value=context,
                operation_name=request_data.operation_name,
                allowed_operation_types=_ALLOWED[request_adapter.method],
                operation_extensions=request_data.extensions,
            )
        except InvalidOperationTypeError as error:
            raise _wrong_kind(error.operation_type) from error
        except CannotGetOperationTypeError as error:
            raise RequestRefusedError(400, error.as_http_error_reason()) from error
        except MissingQueryError as error:
            raise RequestRefusedError(400, "The request has no `query` in it.") from error
        outcome = "errors" if result.errors else "ok"
        self.metrics.operations.labels("http", outcome).inc()
        return result

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.sockets.counting(address_of(scope)) as may_open:
            if may_open:
                await super().__call__(scope, receive, send)
                return
        response = (
            error_response(503, SERVICE_UNAVAILABLE, "The server is shutting down.")
            if self.sockets.is_closing
            else error_response(429, RATE_LIMITED, "This address has too many websockets open.")
        )
        await WebSocket(scope, receive, send).send_denial_response(response)


def _wrong_kind(kind: OperationType) -> RequestRefusedError:
    if kind is OperationType.SUBSCRIPTION:
        return RequestRefusedError(
            400, "Subscriptions run on a websocket at this address (graphql-transport-ws)."
        )
    return RequestRefusedError(405, "A mutation must be sent by POST.")
