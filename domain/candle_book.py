"""The candles of the present, in memory: those that are open, and those that just closed."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from domain.candles import Candle, CandleInterval
from domain.ids import AssetId
from domain.ticks import Tick

CLOSED_MAX = 5_000
"""Closed candles in memory: of 250 assets the last quarter of an hour, in some 2 MB."""

OTHER_CLOCK = timedelta(days=1)
"""A time that is farther back is another clock's, such as a recording's; less is a clock set."""

INTERVALS = tuple(CandleInterval)

OpenCandles = Mapping[CandleInterval, Mapping[AssetId, Candle]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookState:
    """All open candles after one tick, and the time that the book had come to."""

    through: int = 0
    at: datetime | None = None
    open: OpenCandles = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ClosedCandle:
    """A candle that won't change any more, and the number of the tick that closed it."""

    asset_id: AssetId
    interval: CandleInterval
    candle: Candle
    number: int


class CandleBook:
    """Candles as of the last tick. The same ticks in the same order give the same book anywhere.

    Time doesn't go back in it: a tick of a clock that was set back counts as of the time before, so
    a closed candle stays as it is. After each tick, every candle that ends at or before `at` is
    closed, whether its asset moved or not.
    """

    def __init__(self, state: BookState | None = None) -> None:
        self._closed: deque[ClosedCandle] = deque(maxlen=CLOSED_MAX)
        self.load(state or BookState())

    def load(self, state: BookState) -> None:
        """Begin anew from a state."""
        self._through = state.through
        self._at = state.at
        self._open = {one: dict(state.open.get(one, {})) for one in INTERVALS}
        self._starts = {one: _start_in(self._open[one].values()) for one in INTERVALS}
        self._closed.clear()

    @property
    def through(self) -> int:
        """The number of the last tick that was applied."""
        return self._through

    @property
    def at(self) -> datetime | None:
        """The time up to which candles are final; None before the first tick."""
        return self._at

    def state(self) -> BookState:
        """Return all there is to know, but for what has closed."""
        return BookState(
            through=self._through,
            at=self._at,
            open={one: dict(candles) for one, candles in self._open.items()},
        )

    def apply(self, tick: Tick) -> None:
        """Take a tick's prices; one that was applied before changes nothing."""
        if tick.number <= self._through:
            return
        at = self._time_of(tick)
        self._through, self._at = tick.number, at
        for interval, candles in self._open.items():
            start = interval.start_of(at)
            if start != self._starts[interval]:
                self._close(interval, tick.number)
                self._starts[interval] = start
            for move in tick.moves:
                candle = candles.get(move.asset_id)
                candles[move.asset_id] = (
                    Candle.first(start, move.price, move.volume)
                    if candle is None
                    else candle.after(move.price, move.volume)
                )

    def closed_after(self, number: int) -> tuple[ClosedCandle, ...]:
        """Return what later ticks have closed, oldest first, as far as it is in memory."""
        return tuple(closed for closed in self._closed if closed.number > number)

    def latest(
        self, wanted: Iterable[tuple[AssetId, CandleInterval]]
    ) -> dict[tuple[AssetId, CandleInterval], list[Candle]]:
        """Return the candles in memory of some assets and intervals, oldest first."""
        found: dict[tuple[AssetId, CandleInterval], list[Candle]] = {key: [] for key in wanted}
        for closed in self._closed:
            if (kept := found.get((closed.asset_id, closed.interval))) is not None:
                kept.append(closed.candle)
        for (asset_id, interval), kept in found.items():
            if (candle := self._open[interval].get(asset_id)) is not None:
                kept.append(candle)
        return found

    def _time_of(self, tick: Tick) -> datetime:
        if self._at is None or tick.at < self._at - OTHER_CLOCK:
            return tick.at
        return max(tick.at, self._at)

    def _close(self, interval: CandleInterval, number: int) -> None:
        candles = self._open[interval]
        for asset_id, candle in candles.items():
            self._closed.append(ClosedCandle(asset_id, interval, candle, number))
        candles.clear()


def _start_in(candles: Iterable[Candle]) -> datetime | None:
    """Return when candles of one interval began, which is at the same time."""
    return next((candle.start for candle in candles), None)
