"""The websockets that are open: how many an address has, and how all of them are told goodbye."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from domain.login_attempts import network_of
from web.metrics import Metrics


class OpenSocket(Protocol):
    """A socket that can be told to go."""

    async def say_goodbye(self) -> None:
        """Answer what was accepted, within a bound of time, and close."""


class OpenSockets:
    """Counts and closes sockets; `per_address_max` 0 is no bound."""

    def __init__(self, *, per_address_max: int, metrics: Metrics) -> None:
        self._per_address_max = per_address_max
        self._metrics = metrics
        self._sockets: set[OpenSocket] = set()
        self._by_network: Counter[str] = Counter()
        self._is_closing = False

    @property
    def is_closing(self) -> bool:
        """Tell whether no new sockets and operations are taken."""
        return self._is_closing

    @property
    def count(self) -> int:
        """How many are open."""
        return len(self._sockets)

    @contextmanager
    def counting(self, address: str) -> Iterator[bool]:
        """Count a socket of an address; tell whether it may open."""
        network = network_of(address)
        held = self._by_network[network]
        self._by_network[network] += 1
        try:
            yield not self._is_closing and (
                not self._per_address_max or held < self._per_address_max
            )
        finally:
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]

    @contextmanager
    def holding(self, socket: OpenSocket) -> Iterator[None]:
        """Remember a socket while it is open."""
        self._sockets.add(socket)
        self._metrics.sockets.inc()
        try:
            yield
        finally:
            self._metrics.sockets.dec()
            self._sockets.discard(socket)

    async def close_all(self) -> None:
        """Take no more, and close all there are."""
        self._is_closing = True
        await asyncio.gather(
            *(socket.say_goodbye() for socket in tuple(self._sockets)), return_exceptions=True
        )
