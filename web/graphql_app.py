"""The GraphQL endpoint: requests go to GraphQLOverHttp, websockets to Strawberry's own protocol."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from schema.api import Schema
from web.graphql_documents import RequestedDocuments
from web.graphql_errors import RATE_LIMITED, SERVICE_UNAVAILABLE, error_response
from web.graphql_event_streams import EventStreams
from web.graphql_http import GraphQLOverHttp, caller_of
from web.graphql_sockets import EVERYDAY, SocketHandler, SocketPace
from web.metrics import Metrics
from web.middleware.address_limit import address_of
from web.open_sockets import OpenSockets
from web.origins import Origins
from web.reception import Caller, Reception
from web.request_counts import RequestCounts
from web.socket_adapter import SocketAdapter
from web.strict_json import decode, encode


class GraphQLEndpoint(GraphQL[Caller, None]):
    """Runs operations; `operations_per_socket` 0 is no bound, and neither is None of `counts`."""

    websocket_adapter_class = SocketAdapter
    graphql_transport_ws_handler_class = SocketHandler

    def __init__(
        self,
        schema: Schema,
        *,
        reception: Reception,
        sockets: OpenSockets,
        counts: RequestCounts | None,
        metrics: Metrics,
        origins: Origins,
        operations_per_socket: int,
        has_playground: bool,
        pace: SocketPace = EVERYDAY,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=pace.init_wait,
            max_subscriptions_per_connection=None,  # counted by our handler, which says why
        )
        self.reception = reception
        self.sockets = sockets
        self.counts = counts
        self.metrics = metrics
        self.operations_per_socket = operations_per_socket
        self.pace = pace
        self.documents = RequestedDocuments(schema, counts, metrics)
        self._origins = origins
        self._http = GraphQLOverHttp(
            schema,
            reception=reception,
            streams=EventStreams(
                schema,
                reception=reception,
                sockets=sockets,
                metrics=metrics,
                look_every=pace.look_every,
                sleep=pace.sleep,
            ),
            documents=self.documents,
            metrics=metrics,
            has_playground=has_playground,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            answer = await self._http.answer(Request(scope, receive))
            await answer(scope, receive, send)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Caller:
        """Return a socket's caller: its operations have a context each."""
        del response
        return caller_of(request)

    async def get_root_value(self, request: Request | WebSocket) -> None:
        """Return nothing: resolvers begin at the context."""

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        """Tell whether a page of another origin may open a websocket."""
        del request
        return self._origins.allow(origin)

    def decode_json(self, data: str | bytes) -> object:
        """Return the value of a JSON text, for websockets. Raises json.JSONDecodeError."""
        return decode(data)

    def encode_json(self, data: object) -> bytes:
        """Return JSON text."""
        return encode(data)

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
        await response(scope, receive, send)
