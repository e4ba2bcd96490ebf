"""A recording that goes on only when it is told to, so that a test can act between two lines."""

import asyncio
from datetime import datetime

LINES_MAX = 100_000
"""Lines of one step: about five minutes' work."""


class ReplaySteps:
    """Holds a replay at its next line until a step reaches that.

    It belongs to one replay and one event loop. A replay asks for its next line when all that the
    one before it brings about is done, so when it stands again, a step is wholly over.
    """

    def __init__(self) -> None:
        self._lines = 0
        self._until: datetime | None = None
        self._has_ended = False
        self._told = asyncio.Event()
        self._stands = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    @property
    def has_ended(self) -> bool:
        """Whether there are no more lines."""
        return self._has_ended

    async def reach(self, at: datetime) -> None:
        """Wait until a step includes the next line, which is of this time."""
        while not self._lines and (self._until is None or at > self._until):
            self._told.clear()
            self._stands.set()
            await self._told.wait()
        self._lines = max(0, self._lines - 1)

    def end(self) -> None:
        """Note that there are no more lines."""
        self._has_ended = True
        self._stands.set()

    async def step(self, *, lines: int = 0, until: datetime | None = None) -> None:
        """Let so many lines be played, or all up to an instant, and wait until they are.

        Whoever is cancelled meanwhile leaves the step to be finished.
        """
        async with self._one_at_a_time:
            if self._has_ended:
                return
            self._lines, self._until = lines, until
            self._stands.clear()
            self._told.set()
            await self._stands.wait()
