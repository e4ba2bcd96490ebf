"""The guard at the edge: how many requests one address may send in a minute."""

import math
import time

from limits import RateLimitItemPerMinute
from slowapi import Limiter
from slowapi.util import get_remote_address
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from domain.login_attempts import network_of
from web.address_counts import SCHEME
from web.graphql_errors import RATE_LIMITED, error_response
from web.metrics import Metrics
from web.paths import FOR_MACHINES

UNKNOWN_ADDRESS = "unknown"
"""Where a request has no address, as through a local socket: all of them are counted together."""


class AddressLimit:
    """Answers 429 to an address that had its requests of the minute; counts in memory.

    A subscriber's whole IPv6 network counts as one address. Fails open on nothing: memory is
    always there.
    """

    def __init__(self, app: ASGIApp, *, per_minute: int, metrics: Metrics) -> None:
        self._app = app
        self._limit = RateLimitItemPerMinute(per_minute)
        self._counts = Limiter(key_func=get_remote_address, storage_uri=f"{SCHEME}://").limiter
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope["path"] in FOR_MACHINES:
            await self._app(scope, receive, send)
            return
        network = network_of(address_of(scope))
        is_within = self._counts.hit(self._limit, network)
        headers = self._headers(network)
        if not is_within:
            self._metrics.refused.inc()
            await self._refuse(scope, receive, send, headers)
            return

        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, send_told)

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str]
    ) -> None:
        wait_s = max(1, int(headers["x-ratelimit-reset"]) - int(time.time()))
        response = error_response(
            429,
            RATE_LIMITED,
            f"Too many requests from this address; {self._limit.amount} a minute are allowed. "
            f"Try again in {wait_s} seconds.",
            headers | {"retry-after": str(wait_s)},
        )
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(response)
        else:
            await response(scope, receive, send)

    def _headers(self, network: str) -> dict[str, str]:
        window = self._counts.get_window_stats(self._limit, network)
        return {
            "x-ratelimit-limit": str(self._limit.amount),
            "x-ratelimit-remaining": str(window.remaining),
            "x-ratelimit-reset": str(math.ceil(window.reset_time)),
        }


def address_of(scope: Scope) -> str:
    """Return the client's address, as trusted proxies tell it."""
    client = scope.get("client")
    return client[0] if client else UNKNOWN_ADDRESS
