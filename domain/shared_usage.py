"""Use of the exchange across processes: each tells the others, so that whoever leads knows."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from domain.activity import IN_USE_FOR, UsageWatch
from domain.ports.hints import Hint, HintBus

TELL_EVERY_S = 5.0
"""Least seconds between two hints of one process. Hints may be lost, so it goes on telling."""

USAGE_TOPIC = "usage"

_MS = timedelta(milliseconds=1)

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""


class SharedUsage:
    """Tells on a bus how long ago this process was used, and notes what the others tell.

    An age is told rather than an instant: the clocks of two hosts need not agree.
    """

    def __init__(self, watch: UsageWatch, hints: HintBus, *, sleep: Sleep = asyncio.sleep) -> None:
        self._watch = watch
        self._hints = hints
        self._sleep = sleep

    async def run(self) -> None:
        """Tell and hear until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell())
            group.create_task(self._hear())

    async def _tell(self) -> None:
        while True:
            ago = self._watch.used_here_ago()
            if ago is None:
                await self._watch.look()
            else:
                self._hints.publish(USAGE_TOPIC, {"ago_ms": ago // _MS})
                await self._sleep(TELL_EVERY_S)

    async def _hear(self) -> None:
        with self._hints.subscribe(USAGE_TOPIC) as hints:
            async for hint in hints:
                if (ago := _ago(hint)) is not None:
                    self._watch.hear(ago)


def _ago(hint: Hint) -> timedelta | None:
    """Return the age in a hint; None for what says nothing, such as that hints begin to come."""
    match hint:
        case {"ago_ms": int(ago_ms)} if 0 <= ago_ms < IN_USE_FOR // _MS:
            return timedelta(milliseconds=ago_ms)
    return None
