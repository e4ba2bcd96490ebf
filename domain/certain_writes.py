"""Writes with a certain outcome: one that the store left in doubt is repeated until it is known."""

from collections.abc import Awaitable, Callable

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
        is_doubtful = False
        for attempt in range(REPEATS_MAX):
            if attempt:
                await self._pause(attempt)
            try:
                await write()
            except CONFLICTS:
                if is_doubtful and was_made and await was_made():
                    return
                raise
            except OutcomeUnknownError:
                is_doubtful = True
            except OutageError:
                if not is_doubtful:
                    raise
            else:
                return
        raise OutcomeUnknownError
