"""Charts of the past that a source tells: prices at instants, and the candles made from them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from domain.candles import Candle, CandleInterval
from domain.money import Price

POINTS_MISSED_MAX = 2
"""Points in a row that may be missing from a chart before it has a hole."""

SETTLED_AFTER = timedelta(minutes=15)
"""How long after an interval's end a chart is asked for it: its last points come some minutes late.
Source: recorded answers; CoinGecko keeps them for 5 minutes."""


@dataclass(frozen=True, slots=True)
class PricePoint:
    """A price, in US dollars, at an instant."""

    at: datetime
    price: Price


@dataclass(frozen=True, slots=True)
class Chart:
    """A kind of chart: how far back it goes, how far apart its points are, and what they make.

    A candle is made from a dozen points or more. One of a single point would tell no high, no low
    and no close, so from hourly points come days and no hours, and from points 5 minutes apart
    come hours and nothing shorter.
    """

    interval: CandleInterval
    span: timedelta
    apart: timedelta

    @property
    def gap_max(self) -> timedelta:
        """The longest time between two points that is no hole."""
        return (POINTS_MISSED_MAX + 1) * self.apart


LAST_DAY = Chart(CandleInterval.ONE_HOUR, timedelta(days=1), timedelta(minutes=5))
LAST_QUARTER = Chart(CandleInterval.ONE_DAY, timedelta(days=90), timedelta(hours=1))
"""As far back as CoinGecko has hourly points. Beyond that it has one price a day, which makes no
candle. Source: CoinGecko API reference, /coins/{id}/market_chart."""

CHARTS = (LAST_DAY, LAST_QUARTER)


def candles_of(points: Iterable[PricePoint], chart: Chart, *, now: datetime) -> tuple[Candle, ...]:
    """Return the whole candles that a chart's points make, oldest first.

    None is made of an interval that begins before the points do, has not ended by the last one, or
    has a hole in it or at its edge. A point of the future is none.
    """
    told = sorted((one for one in points if one.at <= now), key=lambda point: point.at)
    return tuple(
        candle for run in _runs(told, chart.gap_max) for candle in _whole(run, chart.interval)
    )


def intervals_of(chart: Chart, *, now: datetime) -> tuple[datetime, ...]:
    """Return the beginnings of the intervals that a chart can tell of, oldest first."""
    span, start = chart.interval.span, chart.interval.start_of(now - chart.span)
    found = []
    while (start := start + span) + span <= now - SETTLED_AFTER:
        found.append(start)
    return tuple(found)


def _runs(points: Sequence[PricePoint], gap_max: timedelta) -> Iterator[Sequence[PricePoint]]:
    """Yield stretches of points without a hole."""
    begun = 0
    for place in range(1, len(points) + 1):
        if place == len(points) or points[place].at - points[place - 1].at > gap_max:
            yield points[begun:place]
            begun = place


def _whole(run: Sequence[PricePoint], interval: CandleInterval) -> Iterator[Candle]:
    """Yield candles of the intervals that a run of points covers from edge to edge."""
    since, until = run[0].at, run[-1].at
    for start, some in groupby(run, key=lambda point: interval.start_of(point.at)):
        if since <= start and start + interval.span <= until:
            yield _candle(start, [point.price for point in some])


def _candle(start: datetime, prices: Sequence[Price]) -> Candle:
    """Return a backfilled candle. What was traded is unknown: a chart tells rolling days of it."""
    return Candle(
        start, prices[0], max(prices), min(prices), prices[-1], volume=None, is_backfilled=True
    )
