"""Timeouts that strike when a test says so."""

import asyncio


class SetTimeouts:
    """Stands in for asyncio.timeout; `asked_s` tells for how long each was meant."""

    def __init__(self) -> None:
        self.asked_s: list[float] = []
        self._running: list[asyncio.Timeout] = []

    def __call__(self, seconds: float) -> asyncio.Timeout:
        self.asked_s.append(seconds)
        timeout = asyncio.timeout(None)
        self._running.append(timeout)
        return timeout

    async def strike(self, number: int = -1) -> None:
        """Let one of them strike, the last by default, and those who wait take note of it."""
        self._running[number].reschedule(asyncio.get_running_loop().time())
        await settled()


async def settled() -> None:
    """Let everything go on that can, which takes a few turns of the event loop."""
    for _ in range(10):
        await asyncio.sleep(0)
