"""A recorded market, played again at any speed: each line of the recording is a tick."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from adapters.replay_files import RecordedPrice, recorded_prices
from adapters.replay_steps import ReplaySteps
from domain.instants import Clock, text_of
from domain.ports.markets import MarketSourceError
from domain.ticks import PriceReport, Tick

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""

_LOG = logging.getLogger(__name__)


class ReplayMarket:
    """A `MarketSource` that reads a CSV file or a folder of them, see `recorded_prices`.

    `speed` is how many recorded seconds pass in one: 1 is real time, 0 as fast as possible; where
    there are `steps`, those alone say when a line comes. Prices
    bear their recorded time, or that of `stamp` where one is given. Once a line can't be read, the
    source stays broken: what follows would not be what was recorded. Tests drive it by `step`,
    which doesn't wait. It is also the clock that goes with its prices.
    """

    def __init__(
        self,
        path: Path,
        *,
        speed: float = 1,
        stamp: Clock | None = None,
        steps: ReplaySteps | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        if not 0 <= speed < float("inf"):
            raise ValueError(f"a replay at {speed} times real time: 0 or more is allowed")
        self._name = f"replay:{path.name}"
        self._speed = speed
        self._stamp = stamp
        self._steps = steps
        self._monotonic_s = monotonic_s
        self._sleep = sleep
        self._prices = recorded_prices(path)
        self._ahead: RecordedPrice | None = None
        self._broken: MarketSourceError | None = None
        self._given = 0
        self._now: datetime | None = None
        self._begun: tuple[float, datetime] | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def silence_max(self) -> timedelta:
        """A recording may be silent for as long as it likes."""
        return timedelta.max

    def resume(self, last: Tick | None) -> None:
        """Go on behind the last tick, if it came from this recording.

        Raises MarketSourceError.
        """
        if last is None or last.source != self._name or last.position is None:
            return
        while self._given < last.position and self._peek() is not None:
            self._pop()

    async def next_report(self) -> PriceReport | None:
        price = self._peek()
        if price is None:
            if self._now is not None:
                _LOG.warning("%s has come to its end, at %s.", self._name, text_of(self._now))
            if self._steps is not None:
                self._steps.end()
            return None
        if self._steps is not None:
            await self._steps.reach(price.at)
        else:
            await self._sleep(self._wait_s(price.at))
        return self.step()

    def step(self) -> PriceReport | None:
        """Return the next line's price at once, or None after the last. Raises as next_report."""
        if self._peek() is None:
            return None
        price = self._pop()
        return PriceReport(
            at=price.at if self._stamp is None else self._stamp.now(),
            source=self._name,
            moves=(price.move,),
            position=self._given,
        )

    @property
    def next_at(self) -> datetime | None:
        """The recorded time of the next line; None after the last. Raises MarketSourceError."""
        price = self._peek()
        return None if price is None else price.at

    def now(self) -> datetime:
        """Return the recorded time of the last price, before the first one that of the first.

        Raises MarketSourceError when there is no price at all.
        """
        if self._now is None:
            first = self._peek()
            if first is None:
                raise MarketSourceError(f"{self._name} has no prices")
            return first.at
        return self._now

    def close(self) -> None:
        """Close the files; there are no more prices then."""
        self._prices.close()
        self._ahead = None

    def _peek(self) -> RecordedPrice | None:
        if self._broken is not None:
            raise self._broken
        if self._ahead is None:
            try:
                self._ahead = next(self._prices, None)
            except MarketSourceError as error:
                self._broken = error
                raise
        return self._ahead

    def _pop(self) -> RecordedPrice:
        price, self._ahead = self._ahead, None
        assert price is not None
        self._given += 1
        self._now = price.at
        return price

    def _wait_s(self, at: datetime) -> float:
        """Return how long it is until a recorded time has come."""
        if self._speed == 0:
            return 0
        now_s = self._monotonic_s()
        if self._begun is None:
            self._begun = (now_s, at)
        begun_s, begun_at = self._begun
        due_s = begun_s + (at - begun_at).total_seconds() / self._speed
        return max(0.0, due_s - now_s)
