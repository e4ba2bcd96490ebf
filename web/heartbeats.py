"""Heartbeats on a lifeline: a process that is there and says nothing hangs."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass

BEAT = b"B"
"""What a worker says again and again, once it serves."""


@dataclass(frozen=True, slots=True)
class Beats:
    """How often a worker says that its event loop turns, and how long it may be silent.

    By default it is given up after 30 s. Our own work holds up an event loop for milliseconds, and
    a machine that swaps for some seconds; whatever takes longer answers nobody.
    """

    every_s: float = 5.0
    missed_max: int = 6

    @property
    def silence_s_max(self) -> float:
        """Seconds without a word after which a worker is given up."""
        return self.every_s * self.missed_max


USUAL_BEATS = Beats()


async def beat(
    line: socket.socket,
    every_s: float,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Say on a line that this event loop turns, until it is cancelled."""
    while True:
        await sleep(every_s)
        # A line that is full or cut is another's matter: nobody reads, or the lifeline has told.
        with suppress(OSError):
            line.send(BEAT)


class Silence:
    """Waits for words, and counts in a row the waits that brought none.

    It is counted in short waits, and not in time that has gone by: who was paused together with
    the one that it listens to must not blame that one when both go on.
    """

    def __init__(
        self,
        beats: Beats,
        *,
        timeout: Callable[[float], AbstractAsyncContextManager[object]] = asyncio.timeout,
    ) -> None:
        self._beats = beats
        self._timeout = timeout
        self._missed = 0

    async def broken(self, hear: Callable[[], Awaitable[bytes]]) -> bytes | None:
        """Return what was heard, or None each time that the silence has lasted too long."""
        while True:
            try:
                async with self._timeout(self._beats.every_s):
                    heard = await hear()
            except TimeoutError:
                self._missed += 1
                if self._missed >= self._beats.missed_max:
                    self._missed = 0
                    return None
            else:
                self._missed = 0
                return heard
