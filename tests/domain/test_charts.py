"""Points of a chart make whole candles, or none: what a chart doesn't tell stays a gap."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candles import Candle
from domain.charts import (
    CHARTS,
    LAST_DAY,
    LAST_QUARTER,
    SETTLED_AFTER,
    Chart,
    PricePoint,
    candles_of,
    intervals_of,
)
from domain.money import Price
from tests.domain.market_world import NOON, usd

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATER = NOON + 1000 * DAY
SECONDS = st.integers(-100_000, 100_000)
POINTS = st.lists(st.tuples(SECONDS, st.integers(1, 10**12)), max_size=400).map(
    lambda told: [PricePoint(NOON + timedelta(seconds=s), Price(units)) for s, units in told]
)


def every(apart: timedelta, count: int, since: datetime = NOON) -> list[PricePoint]:
    """Return points that lie regularly, at $1, $2, $3 and so on."""
    return [PricePoint(since + number * apart, usd(number + 1)) for number in range(count)]


def starts(candles: Sequence[Candle]) -> list[datetime]:
    return [one.start for one in candles]


def test_a_candle_has_the_first_highest_lowest_and_last_price_and_no_volume() -> None:
    prices = [5, 7, 6, 9, 8, 2, 4, 4, 4, 4, 4, 3]
    points = [PricePoint(NOON + n * 5 * MINUTE, usd(price)) for n, price in enumerate(prices)]
    points.append(PricePoint(NOON + HOUR, usd(100)))

    (found,) = candles_of(points, LAST_DAY, now=LATER)

    assert found == Candle(NOON, usd(5), usd(9), usd(2), usd(3), None, is_backfilled=True)


def test_an_interval_that_the_points_do_not_cover_from_edge_to_edge_makes_none() -> None:
    points = every(5 * MINUTE, 36, NOON + MINUTE)  # 12:01 to 14:56

    assert starts(candles_of(points, LAST_DAY, now=LATER)) == [NOON + HOUR]


def test_a_hole_leaves_out_every_candle_that_it_reaches_into() -> None:
    points = every(5 * MINUTE, 61)  # 12:00 to 17:00
    holed = points[:20] + points[24:]  # nothing between 13:35 and 14:00
    assert starts(candles_of(points, LAST_DAY, now=LATER)) == [NOON + n * HOUR for n in range(5)]

    found = starts(candles_of(holed, LAST_DAY, now=LATER))

    assert found == [NOON, NOON + 2 * HOUR, NOON + 3 * HOUR, NOON + 4 * HOUR]


def test_two_missed_points_are_no_hole() -> None:
    points = every(5 * MINUTE, 13)

    assert starts(candles_of(points[:4] + points[6:], LAST_DAY, now=LATER)) == [NOON]
    assert candles_of(points[:4] + points[7:], LAST_DAY, now=LATER) == ()


@pytest.mark.parametrize(
    ("chart", "apart"), [(LAST_DAY, HOUR), (LAST_DAY, 30 * MINUTE), (LAST_QUARTER, DAY)]
)
def test_points_that_are_too_far_apart_make_none(chart: Chart, apart: timedelta) -> None:
    assert candles_of(every(apart, 100), chart, now=LATER) == ()


def test_points_of_the_future_are_none() -> None:
    points = every(5 * MINUTE, 100)

    assert starts(candles_of(points, LAST_DAY, now=NOON + 90 * MINUTE)) == [NOON]
    assert candles_of(points, LAST_DAY, now=NOON - HOUR) == ()


@given(POINTS, st.sampled_from(CHARTS))
def test_every_candle_is_what_brute_force_says(points: list[PricePoint], chart: Chart) -> None:
    now = NOON + DAY
    found = candles_of(points, chart, now=now)

    told = sorted((one for one in points if one.at <= now), key=lambda one: one.at)
    expected = []
    start = chart.interval.start_of(NOON - 3 * DAY)
    while (start := start + chart.interval.span) < NOON + 3 * DAY:
        end = start + chart.interval.span
        before = [one for one in told if one.at <= start]
        within = [one for one in told if start <= one.at < end]
        after = [one for one in told if one.at >= end]
        if not (before and after and within):
            continue
        seen = [before[-1], *within, after[0]]
        gaps = [later.at - one.at for one, later in pairwise(seen)]
        if max(gaps) > chart.gap_max:
            continue
        prices = [one.price for one in within]
        expected.append((start, prices[0], max(prices), min(prices), prices[-1]))
    assert [(one.start, one.open, one.high, one.low, one.close) for one in found] == expected
    assert all(one.is_backfilled and one.volume is None for one in found)


@given(st.integers(0, 10**12), st.sampled_from(CHARTS))
def test_a_chart_tells_of_intervals_within_it_that_are_over(ms: int, chart: Chart) -> None:
    now = NOON + timedelta(milliseconds=ms)
    span = chart.interval.span

    found = intervals_of(chart, now=now)

    assert found[0] - span <= now - chart.span < found[0]
    assert found[-1] + span <= now - SETTLED_AFTER < found[-1] + 2 * span
    assert [later - one for one, later in pairwise(found)] == ([span] * (len(found) - 1))
