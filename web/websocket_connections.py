"""Websocket connections, cut when the client doesn't read."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from web.slow_readers import SlowReaders


class WebSocketConnection(SlowReaders, WebSocketsSansIOProtocol):
    """Uvicorn's protocol for websockets, with a bound on slow readers."""
