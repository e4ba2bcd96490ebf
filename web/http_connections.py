"""HTTP connections: what a client may send before there is a request that anybody can refuse."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from web.slow_readers import SlowReaders

HEAD_WAIT_S = 10.0
"""For request line and headers, from when the connection is made or the first byte came."""

HEAD_BYTES_MAX = 64 * 1024
"""Of request line and headers together. The parser would read on for ever; what is below this and
too large all the same is refused with more words by HeaderLimit."""

PIPELINED_MAX = 16
"""Requests that wait for the answers before theirs on one connection: each may be 64 KB of memory
for 18 bytes sent, and uvicorn reads on after every answer. Browsers and proxies wait instead."""

_TEXT = b"content-type: text/plain\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\n" + _TEXT
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n" + _TEXT


class TooManyAtOnceError(Exception):
    """A client has sent more requests than it may before the first is answered."""


class HttpConnection(SlowReaders, HttpToolsProtocol):
    """Uvicorn's protocol for HTTP, with bounds on the size and time of what it waits for."""

    head_wait_s = HEAD_WAIT_S
    _head_bytes = 0
    _is_in_head = False
    _has_just_begun = False
    _is_websocket = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and count those that are not yet a request."""
        super().data_received(data)
        if self._is_in_head:
            # What stood before the head in the same chunk is another request's.
            self._head_bytes += 0 if self._has_just_begun else len(data)
            self._has_just_begun = False
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(TOO_LARGE)
        is_over = self._is_websocket or self.transport.is_closing()
        is_waiting = self._is_in_head or not self._is_answering
        if is_waiting and self._head_timer is None and not is_over:
            self._wait_for_head()

    def on_message_begin(self) -> None:
        """Begin to count; what comes after too many requests isn't looked at.

        Raises TooManyAtOnceError, which ends the parser's work. Nothing is answered: it would be
        taken for the answer to a request that is being worked on.
        """
        if len(self.pipeline) >= PIPELINED_MAX:
            self.transport.close()
            raise TooManyAtOnceError
        super().on_message_begin()
        self._head_bytes = 0
        self._is_in_head = self._has_just_begun = True

    def on_headers_complete(self) -> None:
        """Wait no more: here is a request."""
        self._is_in_head = False
        self._stop_waiting_for_head()
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the protocol for websockets."""
        self._is_websocket = True
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more: the client has left."""
        self._stop_waiting_for_head()
        super().connection_lost(exc)

    @property
    def _is_answering(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_wait_s, self._head_is_late)

    def _stop_waiting_for_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._is_answering:
            self._wait_for_head()  # half of a next request came before this one's answer is out
        elif self._is_in_head:
            self._refuse(TIMED_OUT)
        else:
            self.transport.close()

    def _refuse(self, answer: bytes) -> None:
        self._stop_waiting_for_head()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
