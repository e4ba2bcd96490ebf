"""A bound on what anybody can make the server keep in memory."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.graphql_errors import BAD_USER_INPUT, error_response

BODY_BYTES_MAX = 256 * 1024
"""Bytes of a request, and of a message on a websocket: a hundred times what a client sends."""

DIGITS_MAX = 20
"""Of a length that is read as a number; longer ones are too large anyway."""


class BodyLimit:
    """Reads the body before anything else happens, and answers 413 when it is too large."""

    def __init__(self, app: ASGIApp, *, body_bytes_max: int = BODY_BYTES_MAX) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        is_number = announced.isascii() and announced.isdigit()
        is_too_large = is_number and int(announced[:DIGITS_MAX]) > self._body_bytes_max
        body = None if is_too_large else await self._read(receive)
        if body is None:
            response = error_response(
                413,
                BAD_USER_INPUT,
                f"The body is too large; at most {self._body_bytes_max} bytes are allowed.",
                {"connection": "close"},
            )
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
