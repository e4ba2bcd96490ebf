"""The websockets that are open: how many somebody has, and how all of them are told goodbye."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from domain.ids import UserId
from domain.login_attempts import network_of
from web.metrics import Metrics


class OpenSocket(Protocol):
    """A socket that can be told to go."""

    async def say_goodbye(self) -> None:
        """Answer what was accepted, within a bound of time, and close."""


class OpenSockets:
    """Counts and closes the sockets of this process; 0 of a bound is none."""

    def __init__(self, *, per_address_max: int, per_user_max: int, metrics: Metrics) -> None:
        self.per_user_max = per_user_max
        self._per_address_max = per_address_max
        self._metrics = metrics
        self._sockets: set[OpenSocket] = set()
        self._by_network: Counter[str] = Counter()
        self._by_user: Counter[str] = Counter()
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
        with _counted(self._by_network, network_of(address), self._per_address_max) as has_place:
            yield has_place and not self._is_closing

    @contextmanager
    def counting_user(self, user: UserId) -> Iterator[bool]:
        """Count a socket of a user, wherever from; tell whether it may stay."""
        with _counted(self._by_user, user, self.per_user_max) as has_place:
            yield has_place

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


@contextmanager
def _counted(counts: Counter[str], key: str, at_most: int) -> Iterator[bool]:
    """Count one more while this lasts, and forget who has none; tell whether there was a place."""
    held = counts[key]
    counts[key] += 1
    try:
        yield not at_most or held < at_most
    finally:
        counts[key] -= 1
        if not counts[key]:
            del counts[key]
