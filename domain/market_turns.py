"""Commands and ticks of a replayed market, in turns: none of the one begins within the other."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from domain.outages import OutageError

Turn = Callable[[], AbstractAsyncContextManager[None]]
"""Waits for its turn, and has it until the context is left. `nullcontext` never waits."""

COMMAND_WAIT_S_MAX = 10.0
"""Seconds that a command waits for a tick to end: longer than any tick takes but in an outage."""


class MarketTurns:
    """Lets many commands go side by side, or one tick alone.

    A tick that comes holds back new commands, and waits for those that have begun. When it is over,
    whoever waited goes before the next tick. So neither waits for more than one turn of the other,
    however fast ticks follow, and every order that was placed before a tick rests in the book when
    the tick looks there.
    """

    def __init__(self, *, wait_s_max: float = COMMAND_WAIT_S_MAX) -> None:
        self._wait_s_max = wait_s_max
        self._commands = 0
        self._has_tick = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def command(self) -> AsyncIterator[None]:
        """Have a command's turn. Raises OutageError when a tick doesn't end."""
        if self._has_tick:
            await self._admitted()
        else:
            self._begin()
        try:
            yield
        finally:
            self._end()

    @asynccontextmanager
    async def tick(self) -> AsyncIterator[None]:
        """Have a tick's turn; ticks come one after the other."""
        assert not self._has_tick, "a tick within another"
        self._has_tick = True
        try:
            await self._idle.wait()
            yield
        finally:
            self._has_tick = False
            while self._waiting:
                admitted = self._waiting.popleft()
                if not admitted.done():
                    self._begin()
                    admitted.set_result(None)

    def _begin(self) -> None:
        self._commands += 1
        self._idle.clear()

    def _end(self) -> None:
        self._commands -= 1
        if not self._commands:
            self._idle.set()

    async def _admitted(self) -> None:
        """Wait for the tick to end; its end begins the command's turn."""
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(admitted)
        try:
            async with asyncio.timeout(self._wait_s_max):
                await admitted
        except BaseException as error:
            # Whoever goes away just after it was let in has a turn to give back.
            if admitted.done() and not admitted.cancelled():
                self._end()
            if isinstance(error, TimeoutError):
                raise OutageError("the market is held up at a tick; nothing happened") from error
            raise
