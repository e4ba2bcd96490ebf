"""Writes with a certain outcome: one that the store left in doubt is repeated until it is known."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.identity import ClaimTakenError, SessionChangedError, UserChangedError

CONFLICTS = (UserChangedError, SessionChangedError, ClaimTakenError)

REPEATS_MAX = 6
"""Times that one write is given before the answer is that its outcome is unknown."""

Pause = Callable[[int], Awaitable[None]]
"""Waits before try number n: jittered, growing."""

Write = Callable[[], Awaitable[None]]
"""The same write with the same token, each time it is called."""

WasMade = Callable[[], Awaitable[bool]]
"""Looks whether the write is there. Raises OutcomeUnknownError when nobody can tell any more."""


class CertainWrites:
    """Repeats writes that are in doubt."""

    def __init__(self, pause: Pause) -> None:
        self._pause = pause

    async def make(self, write: Write, was_made: WasMade | None = None) -> None:
        """Write, or raise a conflict of the store.

        A write in doubt may meet its own first attempt as a conflict. With `was_made`, which tells,
        a conflict means that nothing was written.
        """
        try:
            await write()
        except OutcomeUnknownError:
            await self._settle(write, was_made or _nothing_to_see)

    async def _settle(self, write: Write, was_made: WasMade) -> None:
        """Repeat a write in doubt; an outage leaves the doubt as it was."""
        for attempt in range(1, REPEATS_MAX):
            await self._pause(attempt)
            try:
                await write()
                return
            except CONFLICTS:
                with suppress(OutageError):
                    if await was_made():
                        return
                    raise
            except (OutageError, OutcomeUnknownError):
                continue
        raise OutcomeUnknownError


async def _nothing_to_see() -> bool:
    return False
