"""The guard at the edge: how many requests one address may send in a minute."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.graphql_errors import RATE_LIMITED, error_response
from web.metrics import Metrics
from web.paths import FOR_MACHINES
from web.request_counts import RequestCounts, Standing

UNKNOWN_ADDRESS = "unknown"
"""Where a request has no address, as through a local socket: all of them are counted together."""


class AddressLimit:
    """Answers 429 to an address that had its requests of the minute."""

    def __init__(self, app: ASGIApp, counts: RequestCounts, metrics: Metrics) -> None:
        self._app = app
        self._counts = counts
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope["path"] in FOR_MACHINES:
            await self._app(scope, receive, send)
            return
        standing = self._counts.count(address_of(scope))
        headers = _headers(standing)
        if not standing.is_within:
            self._metrics.refused.inc()
            headers["retry-after"] = str(standing.wait_s)
            response = error_response(429, RATE_LIMITED, standing.advice, headers)
            await response(scope, receive, send)
            return

        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, send_told)


def _headers(standing: Standing) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(standing.limit),
        "x-ratelimit-remaining": str(standing.remaining),
        "x-ratelimit-reset": str(standing.resets_at_s),
    }


def address_of(scope: Scope) -> str:
    """Return the client's address, as trusted proxies tell it."""
    client = scope.get("client")
    return client[0] if client else UNKNOWN_ADDRESS
