"""The rolling figures: a day in hours, a month in days."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money, Price
from domain.price_history import DAYS_MAX, HOURS_MAX, PriceHistory
from tests.domain.market_world import NOON, usd

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PRICES = st.integers(1, Price.UNITS_MAX).map(Price)
STEPS = st.one_of(
    st.integers(-5_000, 5_000).map(lambda ms: timedelta(milliseconds=ms)),
    st.integers(-100, 100).map(lambda hours: timedelta(hours=hours)),
    st.integers(-40, 40).map(lambda days: timedelta(days=days)),
)


def history(*prices: tuple[datetime, int]) -> PriceHistory:
    past = PriceHistory(opening=usd(100))
    for at, dollars in prices:
        past = past.after(usd(dollars), at)
    return past


def test_before_any_price_the_opening_is_all_there_is() -> None:
    past = history()
    assert (past.high, past.low, past.day_opening) == (usd(100), usd(100), usd(100))
    assert past.traded is None
    assert past.before_days(7) is None


def test_high_and_low_span_the_prices_of_a_day_and_what_it_began_with() -> None:
    past = history((NOON, 120), (NOON + HOUR, 110))
    assert (past.high, past.low) == (usd(120), usd(100))


def test_what_is_a_day_old_is_forgotten_by_the_hour() -> None:
    past = history((NOON, 500), (NOON + HOUR, 7), (NOON + DAY, 20))
    assert (past.opening, past.high, past.low) == (usd(500), usd(500), usd(7))
    past = past.after(usd(21), NOON + DAY + HOUR)
    assert (past.opening, past.high, past.low) == (usd(7), usd(21), usd(7))


def test_after_a_long_silence_the_day_began_with_the_last_price() -> None:
    past = history((NOON, 500), (NOON + 9 * DAY, 20))
    assert (past.opening, past.high, past.low) == (usd(500), usd(500), usd(20))
    assert past.day_opening == usd(500)


def test_the_price_at_midnight_belongs_to_the_day_that_it_ends() -> None:
    past = history((MIDNIGHT, 7), (MIDNIGHT + timedelta(milliseconds=1), 8))
    assert past.day_opening == usd(7)
    assert history((MIDNIGHT - HOUR, 7), (MIDNIGHT, 8)).day_opening == usd(100)


def test_weeks_and_months_are_told_once_they_are_known() -> None:
    past = history(*((NOON + day * DAY, day + 1) for day in range(DAYS_MAX)))
    assert past.before_days(7) == usd(23)
    assert past.before_days(DAYS_MAX) is None
    past = past.after(usd(77), NOON + DAYS_MAX * DAY)
    assert past.before_days(DAYS_MAX) == usd(1)


def test_what_was_traded_adds_up_over_the_day() -> None:
    past = PriceHistory(opening=usd(1))
    past = past.after(usd(1), NOON, Money(5)).after(usd(1), NOON, Money(6))
    past = past.after(usd(1), NOON).after(usd(1), NOON + HOUR, Money(7))
    assert past.traded == Money(18)
    assert past.after(usd(1), NOON + DAY).traded == Money(7)


def test_a_clock_that_steps_back_a_little_stays_in_the_newest_hour() -> None:
    past = history((NOON, 110), (NOON - 2 * HOUR, 90))
    assert len(past.hours) == 1
    assert past.low == usd(90)


def test_a_clock_that_steps_back_beyond_the_day_begins_anew() -> None:
    past = history((NOON, 500), (NOON - 365 * DAY, 90))
    assert (past.opening, past.high, past.low) == (usd(500), usd(500), usd(90))
    assert len(past.days) == 1


@given(first=PRICES, changes=st.lists(st.tuples(PRICES, STEPS), max_size=60))
def test_figures_stay_consistent_and_bounded_whatever_the_clock_does(
    first: Price, changes: list[tuple[Price, timedelta]]
) -> None:
    past, at = PriceHistory(opening=first), NOON
    for price, step in changes:
        at += step
        past = past.after(price, at)
        assert past.low <= price <= past.high
        assert past.low <= past.opening <= past.high
        assert past.hours[-1].close == past.days[-1].close == price
        assert len(past.hours) <= HOURS_MAX
        assert len(past.days) <= DAYS_MAX + 1
        numbers = [hour.number for hour in past.hours]
        assert numbers == sorted(set(numbers))
        assert numbers[-1] - numbers[0] < HOURS_MAX


@given(changes=st.lists(st.tuples(PRICES, st.integers(1, 40 * 3_600_000)), min_size=1, max_size=40))
def test_figures_are_those_of_all_prices_in_the_window(changes: list[tuple[Price, int]]) -> None:
    past, at = PriceHistory(opening=usd(1)), NOON
    told = [(NOON - 400 * DAY, usd(1))]
    for price, ms in changes:
        at += timedelta(milliseconds=ms)
        told.append((at, price))
        past = past.after(price, at)
    hour_end = -((MIDNIGHT - at) // HOUR)
    window_start = MIDNIGHT + (hour_end - HOURS_MAX) * HOUR
    opening = [price for when, price in told if when <= window_start][-1]
    within = [price for when, price in told if when > window_start]
    assert past.opening == opening
    assert past.high == max([opening, *within])
    assert past.low == min([opening, *within])
    today = MIDNIGHT - -((MIDNIGHT - at) // DAY) * -DAY - DAY
    assert past.day_opening == [price for when, price in told if when <= today][-1]
