"""Several workers on one port: each is started, replaced when it ends, and stopped with all."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from web.listening import StartError

STOP_S_MAX = 10.0
"""Seconds that workers have to stop, as each of them promises; then they are killed."""

FAILED_STARTS_MAX = 5
"""Workers in a row that end before they serve, while none serves, until nobody tries again."""

LONG_LIFE_S = 60.0
"""Seconds after which a worker's end is taken for an accident of its own."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""Seconds before a worker is started anew: none after a long life, then doubled each time."""

_DOUBLINGS_MAX = 10  # well beyond the longest pause, and no overflow however long it goes on

TOLD_WHY = 2
"""The exit code of a command that could not be done and has said why."""

_LOG = logging.getLogger(__name__)


class Worker(Protocol):
    """A process that serves."""

    @property
    def name(self) -> str:
        """What logs call it."""

    async def is_ready(self) -> bool:
        """Wait until it serves; False when it ended before."""

    async def ended(self) -> int:
        """Wait for its end, and return its exit code; below 0 it is the signal that ended it.

        One that hangs is killed meanwhile.
        """

    def ask_to_stop(self) -> None:
        """Ask it to answer what it accepted and to end."""

    def kill(self) -> None:
        """End it at once."""


class Workers:
    """Keeps so many workers running. `launch` starts the worker of a number.

    The first one starts alone, since it may have to make the store; what keeps it from starting
    keeps all.
    """

    def __init__(
        self,
        count: int,
        launch: Callable[[int], Worker],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._launch = launch
        self._sleep = sleep
        self._monotonic = monotonic
        self._running: dict[int, Worker] = {}
        self._serving: set[Worker] = set()
        self._failed_starts = 0
        self._has_served = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self, stopping: asyncio.Event, serving: Callable[[], None]) -> None:
        """Run until it is time to stop; call `serving` once the first worker serves.

        Raises StartError when workers can't start, or had to be killed at the end.
        """
        keeping = [
            asyncio.create_task(self._keep(number, serving)) for number in range(1, self._count + 1)
        ]
        asked = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({asked, *keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            killed = await self._stop(keeping)
        failures = [task.exception() for task in keeping if not task.cancelled()]
        for failure in failures:
            if failure is not None:
                raise failure
        if killed:
            raise StartError(f"{', '.join(killed)} had to be killed after {STOP_S_MAX:g} s.")

    async def _keep(self, number: int, serving: Callable[[], None]) -> None:
        """Keep the worker of a number running."""
        short_lives = 0
        if number > 1:
            await self._has_served.wait()
        while not self._stopping.is_set():
            began_at = self._monotonic()
            code = await self._live(number, serving)
            if self._stopping.is_set():
                return
            has_lived = self._monotonic() - began_at >= LONG_LIFE_S
            short_lives = 0 if has_lived else short_lives + 1
            self._check(code)
            await self._sleep(pause_s(short_lives))

    async def _live(self, number: int, serving: Callable[[], None]) -> int:
        """Start a worker, and return its exit code."""
        worker = self._launch(number)
        _LOG.info("%s is starting.", worker.name)
        self._running[number] = worker
        try:
            if await worker.is_ready():
                self._serving.add(worker)
                self._failed_starts = 0
                if not self._has_served.is_set():
                    serving()
                    self._has_served.set()
            else:
                self._failed_starts += 1
            code = await worker.ended()
        finally:
            del self._running[number]
            self._serving.discard(worker)
        if not self._stopping.is_set():
            _LOG.warning("%s has ended with code %d.", worker.name, code)
        return code

    def _check(self, code: int) -> None:
        """Raise StartError when there is no use in starting another."""
        if code == TOLD_WHY and not self._has_served.is_set():
            raise StartError("The first worker could not start; it has said why.")
        if self._failed_starts >= FAILED_STARTS_MAX and not self._serving:
            raise StartError(
                f"{self._failed_starts} workers in a row ended before they served, the last with "
                f"code {code}; the log says more."
            )

    async def _stop(self, keeping: list[asyncio.Task[None]]) -> list[str]:
        """Stop everything, and return who had to be killed."""
        self._stopping.set()
        ending = [keeping[number - 1] for number in self._running]
        for task in keeping:
            if task not in ending:
                task.cancel()
        for worker in self._running.values():
            worker.ask_to_stop()
        if ending:
            await asyncio.wait(ending, timeout=STOP_S_MAX)
        killed = [worker.name for worker in self._running.values()]
        for worker in self._running.values():
            worker.kill()
        await asyncio.wait(keeping)
        return killed


def pause_s(short_lives: int) -> float:
    """Return the seconds before a start, after so many short lives in a row."""
    if short_lives <= 1:
        return 0.0
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(short_lives - 2, _DOUBLINGS_MAX))
