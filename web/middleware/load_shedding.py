"""Refusing early what could only be answered late."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.graphql_errors import SERVICE_UNAVAILABLE, error_response
from web.load import Load
from web.metrics import Metrics
from web.paths import FOR_MACHINES

RETRY_AFTER_S = 2
"""Seconds: a few measurements of the load."""


class LoadShedding:
    """Answers 503 when as much is in flight as may be; what was begun is never cut off.

    It stands behind the reading of bodies, so that slow clients take no place, and a place is free
    again when the answer begins, however slowly it is fetched and however long it streams.
    """

    def __init__(self, app: ASGIApp, load: Load, metrics: Metrics) -> None:
        self._app = app
        self._load = load
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in {"http", "websocket"} or scope["path"] in FOR_MACHINES:
            await self._app(scope, receive, send)
        elif kind == "websocket":
            if self._load.takes_sockets:
                await self._app(scope, receive, send)
            else:
                await self._refuse(scope, receive, send)
        elif self._load.enter():
            await self._work(scope, receive, send)
        else:
            await self._refuse(scope, receive, send)

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_left = False

        def leave() -> None:
            nonlocal has_left
            if not has_left:
                has_left = True
                self._load.leave()

        async def send_leaving(message: Message) -> None:
            if message["type"] == "http.response.body":
                leave()
            await send(message)

        try:
            await self._app(scope, receive, send_leaving)
        finally:
            leave()

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.shed.labels(scope["type"]).inc()
        response = error_response(
            503,
            SERVICE_UNAVAILABLE,
            f"The server has too much to do; nothing was done. Try again in {RETRY_AFTER_S} "
            "seconds.",
            {"retry-after": str(RETRY_AFTER_S)},
        )
        await response(scope, receive, send)
