"""One websocket as the protocol's handler sees it: text in, text out, and a close with a reason."""

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected

if TYPE_CHECKING:
    from collections.abc import Mapping

REASON_BYTES_MAX = 123
"""Bytes of the reason in a close frame. Source: RFC 6455, 5.5."""

GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013
BAD_MESSAGE = 4400
FORBIDDEN = 4403
NO_ANSWER = 4408
TOO_MANY_INITS = 4429
"""Close codes. Sources: RFC 6455; IANA; the protocol graphql-transport-ws."""


class SocketAdapter(ASGIWebSocketAdapter):
    """A socket that can be closed twice, and that never breaks on a long reason."""

    async def send_json(self, message: "Mapping[str, object]") -> None:
        """Send text, whatever JSON is encoded to. Raises WebSocketDisconnected."""
        if self.ws.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnected
        text = cast("bytes", self.view.encode_json(message)).decode()
        try:
            await self.ws.send_text(text)
        except WebSocketDisconnect as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, unless it is closed."""
        if self.ws.application_state is WebSocketState.CONNECTED:
            short = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
            with suppress(WebSocketDisconnect):
                await self.ws.close(code, short)
