"""Whether anybody uses the exchange now: for nobody, what costs calls is done less often."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from domain.instants import Clock

IN_USE_FOR = timedelta(minutes=5)
"""How long a request counts as use: as long as a page that polls may be quiet."""

LOOK_EVERY = timedelta(seconds=5)
"""How often to look for what nobody tells of, such as a socket without operations."""


class Activity(Protocol):
    """Tells whether the exchange is used, and waits for whoever comes back."""

    def is_used(self) -> bool:
        """Tell whether somebody asked something lately, or is listening."""

    async def pause(self, least: timedelta, most: timedelta) -> None:
        """Wait for `least`, and then until somebody uses the exchange, but no longer than `most`.

        Who uses it already when `least` is over ends the wait.
        """


class UsageWatch:
    """The `Activity` of one process: told of requests, and asks how many sockets are open.

    It hears of the other processes' use too. `is_deaf` tells whether it can't at present: then
    somebody may use them, so the exchange counts as used. It belongs to one event loop.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        listeners: Callable[[], int] = lambda: 0,
        is_deaf: Callable[[], bool] = lambda: False,
        look_every: timedelta = LOOK_EVERY,
    ) -> None:
        self._clock = clock
        self._listeners = listeners
        self._is_deaf = is_deaf
        self._look_every_s = look_every.total_seconds()
        self._touched_at: datetime | None = None
        self._heard_at: datetime | None = None
        self._noticed = asyncio.Event()

    def touch(self) -> None:
        """Note a request."""
        self._touched_at = self._clock.now()
        self._noticed.set()

    def hear(self, ago: timedelta) -> None:
        """Note that another process was used so long ago."""
        at = self._clock.now() - ago
        self._heard_at = at if self._heard_at is None else max(at, self._heard_at)
        self._noticed.set()

    def used_here_ago(self) -> timedelta | None:
        """Return how long ago this process was used; None when that is too long to count."""
        return timedelta(0) if self._listeners() else self._lately(self._touched_at)

    def is_used(self) -> bool:
        return (
            self._is_deaf()
            or self.used_here_ago() is not None
            or self._lately(self._heard_at) is not None
        )

    async def look(self) -> None:
        """Wait for somebody to be noticed, or until it is time to look."""
        self._noticed.clear()
        try:
            async with asyncio.timeout(self._look_every_s):
                await self._noticed.wait()
        except TimeoutError:
            pass

    async def pause(self, least: timedelta, most: timedelta) -> None:
        await asyncio.sleep(least.total_seconds())
        try:
            async with asyncio.timeout((most - least).total_seconds()):
                while not self.is_used():
                    await self.look()
        except TimeoutError:
            pass

    def _lately(self, at: datetime | None) -> timedelta | None:
        ago = None if at is None else max(timedelta(0), self._clock.now() - at)
        return None if ago is None or ago >= IN_USE_FOR else ago
