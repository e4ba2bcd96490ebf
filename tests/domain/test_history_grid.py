"""The points of a history lie where its range says, and are never too many."""

from datetime import timedelta
from itertools import pairwise

import pytest

from domain.portfolio_history import GRIDS, POINTS_MAX, HistoryRange, instants_of
from tests.domain.market_world import NOON

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize("asked", HistoryRange)
def test_points_lie_on_the_grid_and_are_at_most_500(asked: HistoryRange) -> None:
    opened_at = NOON - timedelta(days=4000, minutes=3)

    found = instants_of(asked, opened_at=opened_at, until=NOON)

    grid = GRIDS[asked]
    assert 2 <= len(found) <= POINTS_MAX
    steps = {later - one for one, later in pairwise(found)}
    assert len(steps) == 1
    assert steps.pop() % grid.step == timedelta(0)
    assert found[0] >= opened_at
    assert found[-1] <= NOON
    if grid.span is not None:
        assert found[-1] - found[0] == grid.span


def test_all_of_it_is_a_point_a_day_as_long_as_that_fits() -> None:
    def steps(days: int) -> tuple[int, timedelta]:
        found = instants_of(HistoryRange.ALL, opened_at=NOON - days * DAY, until=NOON)
        return len(found), found[1] - found[0]

    assert steps(499) == (499, DAY)
    assert steps(500)[1] == 2 * DAY
    assert steps(2000)[1] == 8 * DAY


def test_an_account_has_no_points_before_it_was_opened() -> None:
    found = instants_of(HistoryRange.ONE_DAY, opened_at=NOON - 12 * MINUTE, until=NOON)

    assert found == (NOON - 10 * MINUTE, NOON - 5 * MINUTE, NOON)
    assert instants_of(HistoryRange.ALL, opened_at=NOON + MINUTE, until=NOON) == ()
