"""Whether anybody uses the exchange now: for nobody, what costs calls is done less often."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from domain.instants import Clock

IN_USE_FOR = timedelta(minutes=5)
"""How long a request counts as use: as long as a page that polls may be quiet."""


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

    It belongs to one event loop.
    """

    def __init__(self, clock: Clock, *, listeners: Callable[[], int] = lambda: 0) -> None:
        self._clock = clock
        self._listeners = listeners
        self._last_at: datetime | None = None
        self._touched = asyncio.Event()

    def touch(self) -> None:
        """Note a request."""
        self._last_at = self._clock.now()
        self._touched.set()

    def is_used(self) -> bool:
        if self._listeners():
            return True
        return self._last_at is not None and self._clock.now() - self._last_at < IN_USE_FOR

    async def pause(self, least: timedelta, most: timedelta) -> None:
        await asyncio.sleep(least.total_seconds())
        if self.is_used():
            return
        self._touched.clear()
        try:
            async with asyncio.timeout((most - least).total_seconds()):
                await self._touched.wait()
        except TimeoutError:
            pass
