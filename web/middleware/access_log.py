"""One line for each request and each socket, and the metrics of both."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.metrics import Metrics
from web.paths import FOR_MACHINES, GRAPHQL, label_of

CLIENT_LEFT = 499
"""The status of a request whose client went before the answer. Source: nginx."""

_LOG = logging.getLogger(__name__)


class AccessLog:
    """Logs method, path, status and time; never a query string, a header or a body."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = CLIENT_LEFT

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        path, began_s = label_of(scope["path"]), time.perf_counter()
        try:
            await self._app(scope, receive, send_noting)
        finally:
            took_s = time.perf_counter() - began_s
            self._metrics.requests.labels(path, status).inc()
            self._metrics.latency.labels(path).observe(took_s)
            level = logging.DEBUG if path in FOR_MACHINES else logging.INFO
            if _LOG.isEnabledFor(level):
                known = {
                    "action": "request",
                    "method": _method_of(scope),
                    "path": path,
                    "status": status,
                    "duration_ms": round(took_s * 1000, 3),
                }
                _LOG.log(level, "%s %s %d", known["method"], path, status, extra=known)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        close_code = 0

        async def receive_noting() -> Message:
            nonlocal close_code
            message = await receive()
            if message["type"] == "websocket.disconnect":
                close_code = close_code or message.get("code", 0)
            return message

        async def send_noting(message: Message) -> None:
            nonlocal close_code
            if message["type"] == "websocket.close":
                close_code = message.get("code", 0)
            await send(message)

        began_s = time.perf_counter()
        try:
            await self._app(scope, receive_noting, send_noting)
        finally:
            took_ms = round((time.perf_counter() - began_s) * 1000, 3)
            known = {"action": "socket", "path": GRAPHQL, "duration_ms": took_ms}
            _LOG.info("A websocket has closed with %d.", close_code, extra=known)


def _method_of(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else "OTHER"


_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
