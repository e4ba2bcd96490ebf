"""Uvicorn, told by an event when to stop, and what to do first."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn

_LOG = logging.getLogger(__name__)


class GracefulServer(uvicorn.Server):
    """A server that ends well.

    Uvicorn's own handlers raise the signal again after a clean end, and so turn it into a failure.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        stopping: asyncio.Event,
        started: Callable[[], None],
        goodbye: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._announce = started
        self._goodbye = goodbye

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept."""
        await super().startup(sockets)
        self._announce()

    async def on_tick(self, counter: int) -> bool:
        """Tell, ten times a second, whether it is time to stop."""
        return await super().on_tick(counter) or self._stopping.is_set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, close the websockets, and answer what was accepted."""
        _LOG.info("The server is stopping.")
        for server in self.servers:
            server.close()
        await self._goodbye()
        await super().shutdown(sockets)
