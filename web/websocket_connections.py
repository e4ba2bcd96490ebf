"""Websocket connections: what a client may send, and what it must take."""

from typing import TYPE_CHECKING

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from web.slow_readers import SlowReaders

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
    from websockets.frames import Frame

FRAMES_MAX = 1_024
"""Pieces of one message: proxies cut at a packet's size, which makes 190 of the largest message.
Empty pieces have no size that anybody would count."""

TOO_BIG = 1009
"""Websocket close code. Source: RFC 6455, 7.4.1."""


class WebSocketConnection(SlowReaders, WebSocketsSansIOProtocol):
    """Uvicorn's protocol for websockets, with bounds, and without an error for each refusal."""

    _has_pong_to_take = False
    """Whether the client has asked for a pong and not taken what was sent before it."""

    def handle_ping(self) -> None:
        """Answer; read no more from who doesn't read, or pongs would fill memory."""
        super().handle_ping()
        if not self.writable.is_set():
            self._has_pong_to_take = True
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read on, unless what was read has yet to be heard."""
        super().resume_writing()
        self._has_pong_to_take = False
        if not self.read_paused:
            self.transport.resume_reading()

    async def receive(self) -> "ASGIReceiveEvent":
        """Return the next message."""
        message = await super().receive()
        if self._has_pong_to_take and not self.transport.is_closing():
            self.transport.pause_reading()  # uvicorn reads on once all was heard
        return message

    def handle_cont(self, event: "Frame") -> None:
        """Take another piece of a message, if it isn't one too many."""
        if len(self.frames) < FRAMES_MAX:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.fail(TOO_BIG, "A message in too many pieces")
            self.handle_parser_exception()

    async def send(self, message: "ASGISendEvent") -> None:
        """Send; a refusal is an answer, and not the failure that uvicorn would log it as."""
        await super().send(message)
        self.handshake_complete = self.handshake_complete or self.close_sent
