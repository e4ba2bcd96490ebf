"""A name for each request, taken from the caller or made, told in the answer and in every log."""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.logs import RequestNotes, current_request

HEADER = "x-request-id"

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
"""What may be taken: nothing that could break a log line or grow it."""


class RequestIds:
    """Takes `X-Request-ID` when it is sane, makes one otherwise, and returns it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _SANE.fullmatch(given) else secrets.token_hex(8)

        async def send_named(message: Message) -> None:
            if message["type"] in _STARTS:
                message.setdefault("headers", [])
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        token = current_request.set(RequestNotes(request_id))
        try:
            await self._app(scope, receive, send_named)
        finally:
            current_request.reset(token)


_STARTS = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})
