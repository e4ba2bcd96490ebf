"""Clients that don't read what they are sent: their connections are cut, and memory is freed."""

import asyncio
from typing import TYPE_CHECKING

READ_WAIT_S = 30.0
"""How long a client may take too little, once the 64 KB that wait for it are full."""

READ_BYTES_MIN = 16 * 1024
"""What it must take in that time: half a kilobyte a second."""

if TYPE_CHECKING:
    Protocol = asyncio.Protocol
else:
    Protocol = object  # uvicorn's protocols come after it


class SlowReaders(Protocol):
    """Goes before a protocol of uvicorn's, which waits for a reader as long as there is one.

    Nothing piles up meanwhile: a stream of prices skips to the newest ones, and a stream of events
    reads on in the journal. What is left to bound is how long the connection may stand.
    """

    read_wait_s = READ_WAIT_S
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _reading: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Begin to wait: the client is behind."""
        super().pause_writing()
        self._wait()

    def resume_writing(self) -> None:
        """Wait no more: the client has caught up."""
        super().resume_writing()
        self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more: the client has left."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._stop_waiting()
        self._reading = self.loop.call_later(self.read_wait_s, self._look, unread)

    def _stop_waiting(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _look(self, unread_before: int) -> None:
        if unread_before - self.transport.get_write_buffer_size() < READ_BYTES_MIN:
            self.transport.abort()
        else:
            self._wait()
