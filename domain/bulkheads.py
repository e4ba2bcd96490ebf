"""Bulkheads: a bounded number asks a dependency at once, so that one that is slow drowns nobody."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress

from domain.outages import OutageError

Timeout = Callable[[float], AbstractAsyncContextManager[object]]
"""Makes what ends its body with TimeoutError after some seconds, as asyncio.timeout does."""


class CrowdedError(OutageError):
    """Too many wait already, or this one has waited too long; the dependency was not asked."""


class Bulkhead:
    """A number of places, and a short queue for them. It belongs to one event loop.

    Entered with `async with`; raises CrowdedError when there is no place to be had soon. Those who
    wait are served in their order.
    """

    def __init__(
        self,
        *,
        name: str,
        places: int,
        waiting_max: int,
        wait_s_max: float,
        timeout: Timeout = asyncio.timeout,
    ) -> None:
        self.name = name
        self._places = places
        self._waiting_max = waiting_max
        self._wait_s_max = wait_s_max
        self._timeout = timeout
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._taken

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._waiting)

    async def __aenter__(self) -> None:
        if self._taken < self._places:
            self._taken += 1
            return
        if len(self._waiting) >= self._waiting_max:
            raise CrowdedError(f"{self.name}: {len(self._waiting)} wait already")
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with self._timeout(self._wait_s_max):
                await place
        except BaseException as error:
            self._give_up(place)
            if isinstance(error, TimeoutError):
                raise CrowdedError(f"{self.name}: no place within {self._wait_s_max} s") from error
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        """Hand the place to who has waited longest, or free it."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._taken -= 1

    def _give_up(self, place: "asyncio.Future[None]") -> None:
        if place.done() and not place.cancelled():
            # It was handed over just as the wait came to its end.
            self._leave()
            return
        with suppress(ValueError):
            self._waiting.remove(place)
