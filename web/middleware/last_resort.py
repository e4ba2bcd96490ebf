"""The outermost edge: whatever goes wrong inside is logged, and no more than its name gets out."""

import logging
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from web.graphql_errors import internal_error_response

INTERNAL_ERROR = 1011
"""Websocket close code. Source: RFC 6455, 7.4.1."""

_LOG = logging.getLogger(__name__)


class LastResort:
    """Answers 500, or closes the socket with 1011, when the application fails."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_begun = is_closed = False

        async def send_noting(message: Message) -> None:
            nonlocal is_begun, is_closed
            is_begun = True
            is_closed = message["type"] == "websocket.close"
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except ClientDisconnected:
            pass  # it left before its websocket opened, or was refused
        except Exception:  # noqa: BLE001 (this is the outermost edge)
            _LOG.exception("A request failed in a way that nobody foresaw.")
            if scope["type"] == "http" and not is_begun:
                await internal_error_response()(scope, receive, send)
            elif scope["type"] == "websocket" and not is_closed:
                await _close(send)


async def _close(send: Send) -> None:
    with suppress(OSError, RuntimeError):  # the client has left, or the socket is closing
        await send({"type": "websocket.close", "code": INTERNAL_ERROR, "reason": "Internal error"})
