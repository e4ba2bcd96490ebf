"""A bound on what anybody can make the server keep in memory."""

import asyncio
from datetime import timedelta

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.graphql_errors import SERVICE_UNAVAILABLE, RequestRefusedError, error_response

BODY_BYTES_MAX = 256 * 1024
"""Bytes of a request, and of a message on a websocket: a hundred times what a client sends."""

BODY_WAIT = timedelta(seconds=10)
"""For the whole body: 26 kB a second at the least, which a bad mobile connection has."""

ALL_BYTES_MAX = 64 * 1024 * 1024
"""Of all bodies that are being read at once: 256 of the largest. Clients that send slowly, each
within its bounds, would else fill memory together."""

RETRY_AFTER_S = 2
"""Seconds after which most of the bodies that were in the way have arrived."""

DIGITS_MAX = 20
"""Of a length that is read as a number; longer ones are too large anyway."""


class BodyLimit:
    """Reads the body before anything else happens.

    Answers 413 when it is too large, 408 when it is too slow, and 503 when all bodies together are
    too much.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_bytes_max: int = BODY_BYTES_MAX,
        all_bytes_max: int = ALL_BYTES_MAX,
        body_wait: timedelta = BODY_WAIT,
    ) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max
        self._all_bytes_max = all_bytes_max
        self._body_wait_s = body_wait.total_seconds()
        self._all_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except RequestRefusedError as refused:
            headers = {"connection": "close", **(refused.headers or {})}
            response = error_response(refused.status, refused.code, refused.message, headers)
            await response(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        announced = Headers(scope=scope).get("content-length", "")
        is_number = announced.isascii() and announced.isdigit()
        if is_number and int(announced[:DIGITS_MAX]) > self._body_bytes_max:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._body_wait_s):
                return await self._read(receive)
        except TimeoutError:
            told = f"The body did not arrive within {self._body_wait_s:g} s."
            raise RequestRefusedError(408, told) from None

    async def _read(self, receive: Receive) -> bytes:
        """Return the whole body.

        What a client that has left sent so far is its body; nobody hears the answer.
        """
        parts, size = [], 0
        try:
            while True:
                message = await receive()
                part = message.get("body", b"")
                size += len(part)
                self._all_bytes += len(part)
                if size > self._body_bytes_max:
                    raise self._too_large()
                if self._all_bytes > self._all_bytes_max:
                    raise _too_many()
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
        finally:
            self._all_bytes -= size

    def _too_large(self) -> RequestRefusedError:
        told = f"The body is too large; at most {self._body_bytes_max} bytes are allowed."
        return RequestRefusedError(413, told)


def _too_many() -> RequestRefusedError:
    return RequestRefusedError(
        503,
        f"Too much is being sent at once; nothing was done. Try again in {RETRY_AFTER_S} seconds.",
        SERVICE_UNAVAILABLE,
        {"retry-after": str(RETRY_AFTER_S)},
    )


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again
