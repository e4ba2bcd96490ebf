"""A bound on what anybody can make the server keep in memory."""

import asyncio
from datetime import timedelta

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.graphql_errors import BAD_USER_INPUT, error_response

BODY_BYTES_MAX = 256 * 1024
"""Bytes of a request, and of a message on a websocket: a hundred times what a client sends."""

BODY_WAIT = timedelta(seconds=10)
"""For the whole body: 26 kB a second at the least, which a bad mobile connection has."""

DIGITS_MAX = 20
"""Of a length that is read as a number; longer ones are too large anyway."""


class BodyLimit:
    """Reads the body before anything else happens.

    Answers 413 when it is too large, and 408 when it is too slow.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_bytes_max: int = BODY_BYTES_MAX,
        body_wait: timedelta = BODY_WAIT,
    ) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max
        self._body_wait_s = body_wait.total_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        is_number = announced.isascii() and announced.isdigit()
        is_too_large = is_number and int(announced[:DIGITS_MAX]) > self._body_bytes_max
        status = 413
        told = f"The body is too large; at most {self._body_bytes_max} bytes are allowed."
        body = None
        if not is_too_large:
            try:
                async with asyncio.timeout(self._body_wait_s):
                    body = await self._read(receive)
            except TimeoutError:
                status = 408
                told = f"The body did not arrive within {self._body_wait_s:g} s."
        if body is None:
            response = error_response(status, BAD_USER_INPUT, told, {"connection": "close"})
            await response(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """Return the whole body, or None when it is too large.

        What a client that has left sent so far is its body; nobody hears the answer.
        """
        parts, size = [], 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > self._body_bytes_max:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
