"""How much this process has to do, and how much more it takes before answers get late."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from web.metrics import Metrics

IN_FLIGHT_MAX = 512
"""Requests that are worked on at once, when all is well. At a thousand a second, the last of them
is answered within about half a second; more would only wait here instead of elsewhere."""

IN_FLIGHT_MIN = 32
"""Requests that are always taken: work goes on, and tells when things are better."""

MEASURE_EVERY_S = 0.25
"""Seconds between two measurements of the event loop; each costs a timer."""

LAG_HIGH_S = 0.25
"""Seconds that the event loop may be late; every answer is late by several times that."""

LAG_LOW_S = 0.1
"""Seconds of lateness below which more is taken again. Between the two nothing changes, so that
the bound does not swing."""

HIGH_IN_A_ROW = 2
"""Measurements that must be high: a single one may be the machine's, or one large answer's."""

RECOVERED_EACH = 16
"""Requests more at each calm measurement: from the least to the most in 8 seconds."""


class Load:
    """Bounds the requests in flight by how late the event loop is.

    The bound is halved while the loop is late and rises slowly when it isn't, so the share that is
    refused finds its level. `watch` measures; without it the bound stays at its most.
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._in_flight = 0
        self._peak = 0
        self._bound = IN_FLIGHT_MAX
        self._lag_s = 0.0
        self._high_in_a_row = 0
        metrics.watch_load(
            in_flight=lambda: self._in_flight, bound=lambda: self._bound, lag_s=lambda: self._lag_s
        )

    @property
    def bound(self) -> int:
        """Requests that may be in flight at present."""
        return self._bound

    @property
    def takes_sockets(self) -> bool:
        """Tell whether a websocket may open: it stays, so not while the loop is late.

        It needn't wait for the bound to recover: where something else keeps the machine busy, the
        bound is low, and nobody is the worse for another socket.
        """
        return self._high_in_a_row < HIGH_IN_A_ROW and self._in_flight < self._bound

    def enter(self) -> bool:
        """Take a place for a request, if there is one; whoever has it gives it back."""
        if self._in_flight >= self._bound:
            return False
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)
        return True

    def leave(self) -> None:
        """Give a place back."""
        self._in_flight -= 1

    async def watch(self) -> None:
        """Measure how late the event loop is, until this is cancelled."""
        while True:
            due_s = self._monotonic() + MEASURE_EVERY_S
            await self._sleep(MEASURE_EVERY_S)
            self._note(max(0.0, self._monotonic() - due_s))

    def _note(self, lag_s: float) -> None:
        self._lag_s = lag_s
        peak, self._peak = self._peak, self._in_flight
        if lag_s < LAG_HIGH_S:
            self._high_in_a_row = 0
            if lag_s < LAG_LOW_S:
                self._bound = min(IN_FLIGHT_MAX, self._bound + RECOVERED_EACH)
            return
        self._high_in_a_row += 1
        if self._high_in_a_row >= HIGH_IN_A_ROW:
            # Half of what there was: half of a bound that nobody reached would change nothing.
            self._bound = max(IN_FLIGHT_MIN, min(self._bound, peak) // 2)
