"""A bound on addresses and headers."""

from starlette.types import ASGIApp, Receive, Scope, Send

from web.graphql_errors import BAD_USER_INPUT, error_response

QUERY_BYTES_MAX = 8 * 1024
"""Of what stands after the `?`: what proxies let through. Longer operations are sent by POST."""

HEADER_BYTES_MAX = 16 * 1024
"""Of all headers together, names and values; Node and most proxies allow as much."""


class HeaderLimit:
    """Answers 414 to a query that is too long, and 431 to headers that are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        if len(scope["query_string"]) > QUERY_BYTES_MAX:
            status = 414
            told = f"The query in the address is too long; at most {QUERY_BYTES_MAX} bytes are "
        elif sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES_MAX:
            status = 431
            told = f"The headers are too large; at most {HEADER_BYTES_MAX} bytes are "
        else:
            await self._app(scope, receive, send)
            return
        response = error_response(status, BAD_USER_INPUT, told + "allowed.")
        await response(scope, receive, send)
