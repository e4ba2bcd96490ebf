"""Trends of a simulated market: they turn within minutes, and lead nowhere in the long run."""

from collections import Counter
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.simulated_trends import KEPT, MOVE_MAX, MOVE_MIN, REST_MAX, Regime, Trend, Trends

DAY_S, WEEK_S = 86_400.0, 604_800.0
LEVEL_MAX = MOVE_MAX / (1 - KEPT)

ANY_SEED = st.integers(0, 2**63)
eight_seeds = pytest.mark.parametrize("seed", range(8))


@cache
def trends_of_a_day(seed: int) -> tuple[Trend, ...]:
    trends = Trends(seed, "BTC")
    found = [trends.at(0)]
    while found[-1].end < DAY_S:
        found.append(trends.at(found[-1].end))
    return tuple(found)


@given(seed=ANY_SEED, times=st.lists(st.floats(0, WEEK_S), max_size=20))
def test_a_trend_is_the_same_whichever_was_asked_for_before(seed: int, times: list[float]) -> None:
    trends = Trends(seed, "BTC")
    for at in times:
        found = trends.at(at)
        assert found == Trends(seed, "BTC").at(at)
        assert found.begin <= at < found.end


@eight_seeds
def test_each_begins_where_the_one_before_it_ends_and_lasts_for_minutes(seed: int) -> None:
    for before, trend in pairwise(trends_of_a_day(seed)):
        assert trend.begin == before.end
        assert trend.level(trend.begin) == pytest.approx(before.level(before.end))
        assert 120 <= trend.end - trend.begin <= 480


@eight_seeds
def test_rising_trends_rise_and_falling_ones_fall_beside_the_way_back(seed: int) -> None:
    for trend in trends_of_a_day(seed):
        move = trend.after - KEPT * trend.before
        if trend.regime is Regime.CALM:
            assert abs(move) < REST_MAX + 0.01
        else:
            way = 1 if trend.regime is Regime.BULL else -1
            assert MOVE_MIN - 0.01 < way * move < MOVE_MAX + 0.01


@eight_seeds
def test_a_day_has_hours_of_each_regime(seed: int) -> None:
    seconds: Counter[Regime] = Counter()
    for trend in trends_of_a_day(seed):
        seconds[trend.regime] += round(trend.end - trend.begin)
    assert all(seconds[regime] > 2 * 3600 for regime in Regime)


@eight_seeds
def test_it_goes_far_and_comes_back_again(seed: int) -> None:
    levels = [trend.after for trend in trends_of_a_day(seed)]
    assert -LEVEL_MAX / 2 < min(levels) < -1.5
    assert 1.5 < max(levels) < LEVEL_MAX / 2


@given(seed=ANY_SEED, day=st.integers(1, 10_000))
def test_the_ten_thousandth_day_has_the_bounds_of_the_first(seed: int, day: int) -> None:
    trend = Trends(seed, "BTC").at(day * DAY_S)
    assert max(abs(trend.before), abs(trend.after)) < LEVEL_MAX
