"""Market figures are exact where they can be, rounded in one way, and absent beyond all bounds."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import (
    AmountError,
    Money,
    Percent,
    Price,
    Quantity,
    change_percent,
    nearest,
    total_of,
    worth,
)

PRICES = st.integers(1, Price.UNITS_MAX).map(Price)
SUPPLIES = st.integers(0, Quantity.UNITS_MAX).map(Quantity)


@pytest.mark.parametrize(
    ("text", "dollars"),
    [
        ("93507.85874741491", "93507.85874741491"),
        ("0.8442610184323533", "0.844261018432"),
        ("0.0000000000005", "0"),
        ("0.0000000000015", "0.000000000002"),
        ("-0.0000000000015", "-0.000000000002"),
        ("1.2e-05", "0.000012"),
        ("1e-999999", "0"),
        ("0", "0"),
    ],
)
def test_recorded_numbers_are_rounded_half_even(text: str, dollars: str) -> None:
    assert nearest(Price, Decimal(text)) == Price.of(dollars)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999999", "1e12", "-1e13"])
def test_recorded_numbers_out_of_bounds_are_refused(text: str) -> None:
    with pytest.raises(AmountError):
        nearest(Price, Decimal(text))


@given(units=st.integers(-Price.UNITS_MAX, Price.UNITS_MAX))
def test_a_number_that_fits_is_taken_exactly(units: int) -> None:
    assert nearest(Price, Decimal(units).scaleb(-12)) == Price(units)


@given(quantity=SUPPLIES, price=PRICES)
def test_worth_is_the_product_to_the_nearest_cent(quantity: Quantity, price: Price) -> None:
    cents = quantity.units * price.units / Decimal(10**18)
    found = worth(quantity, price)
    if found is None:
        assert cents > Money.UNITS_MAX
    else:
        assert abs(2 * (found.units * 10**18 - quantity.units * price.units)) <= 10**18


def test_a_sum_counts_what_is_known() -> None:
    assert total_of([Money(1), None, Money(2)]) == Money(3)
    assert total_of([None]) is None
    assert total_of([]) is None
    assert total_of([Money(Money.UNITS_MAX), Money(1)]) is None


@given(now=PRICES, then=PRICES)
def test_a_change_in_percent_is_exact_or_absent(now: Price, then: Price) -> None:
    found = change_percent(now, then)
    exact = (now.units - then.units) * 10**6
    if found is None:
        assert exact > Percent.UNITS_MAX * then.units
    else:
        assert abs(2 * (found.units * then.units - exact)) <= then.units


def test_there_is_no_change_since_a_price_of_nothing() -> None:
    assert change_percent(Price(1), Price(0)) is None
