"""Writes with a certain outcome: one that the store left in doubt is repeated until it is known."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from domain.outages import OutageError, OutcomeUnknownError, OvertakenError

REPEATS_MAX = 6
"""Times that one write is given before the answer is that its outcome is unknown."""

Pause = Callable[[int], Awaitable[None]]
"""Waits before try number n: jittered, growing."""

Write = Callable[[], Awaitable[None]]
"""The same write with the same token, each time it is called."""

WasMade = Callable[[], Awaitable[bool]]
"""Looks whether the write is there. Raises OutcomeUnknownError when nobody can tell any more."""

Settled = Callable[[OvertakenError | None], Awaitable[bool]]
"""Tells after a try in doubt, or one that met such a try, whether the write is there.

It is given what the last try was overtaken by, and raises that, or its like, when the write can
never come to be. Raises OutcomeUnknownError as `WasMade` does.
"""


class CertainWrites:
    """Repeats writes that are in doubt."""

    def __init__(self, pause: Pause) -> None:
        self._pause = pause

    async def make(self, write: Write, was_made: WasMade | None = None) -> None:
        """Write, or raise what overtook it.

        A write in doubt may be overtaken by its own first try. With `was_made`, which tells, being
        overtaken means that nothing was written.
        """

        async def settled(overtaken: OvertakenError | None) -> bool:
            if overtaken is None:
                return False  # another try tells more than a look would
            if was_made is not None and await was_made():
                return True
            raise overtaken

        await self.settle(write, settled)

    async def settle(self, write: Write, settled: Settled) -> None:
        """Write; after each try in doubt, ask whether it is there, and repeat it while it isn't.

        Raises what overtook it or OutageError when nothing was written, OutcomeUnknownError when
        that could not be found out.
        """
        for attempt in range(REPEATS_MAX):
            if attempt:
                await self._pause(attempt)
            overtaken = None
            try:
                await write()
            except OutcomeUnknownError:
                pass
            except (OvertakenError, OutageError) as error:
                # A repeat may have met its own first try: only that one's word is definite.
                if not attempt:
                    raise
                overtaken = error if isinstance(error, OvertakenError) else None
            else:
                return
            with suppress(OutageError):
                if await settled(overtaken):
                    return
        raise OutcomeUnknownError("the store did not say, and shows no trace of it yet")
