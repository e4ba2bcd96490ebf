from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import (
    AmountError,
    Fixed,
    Money,
    Percent,
    Price,
    Quantity,
    average_cost,
    change_percent,
    cost_of,
    fee_on,
    is_further_than,
    nearest,
    percent_of,
    proceeds_of,
    quantity_bought_for,
    quantity_sold_for,
    share_of_basis,
    slipped_down,
    slipped_up,
    total_of,
    worth,
)

cents = st.integers(0, 10**12).map(Money)
order_cents = st.integers(0, 10**8 - 1).map(Money)
"""Up to a million dollars: at the lowest price that is still a quantity which can be counted."""
quantities = st.integers(1, 10**16).map(Quantity)
prices = st.integers(1, 10**18).map(Price)
"""Up to a million dollars: there, a quantity's smallest step is worth a cent at most."""
percents = st.integers(0, 99 * 10**4).map(Percent)


def dollars(amount: Fixed) -> Fraction:
    return Fraction(amount.units, 10**amount.DECIMALS)


@pytest.mark.parametrize(
    ("kind", "text", "units"),
    [
        (Money, "10", 10_00),
        (Money, "10.00", 10_00),
        (Money, "10.00000", 10_00),
        (Money, "0.01", 1),
        (Money, "-0.01", -1),
        (Money, "-0", 0),
        (Money, "0.000000", 0),
        (Money, "1E+2", 100_00),
        (Money, "0e9999", 0),
        (Money, "10000000000000000.00", 10**18),
        (Quantity, "0.00000001", 1),
        (Quantity, "1000000000000000000", 10**26),
        (Price, "0.000000000001", 1),
        (Price, "999999999999.999999999999", 10**24 - 1),
        (Percent, "0.0001", 1),
        (Money, "1." + "0" * 10_000, 100),
        (Money, "0" * 10_000 + "1", 100),
    ],
)
def test_a_number_becomes_exactly_so_many_units(kind: type[Fixed], text: str, units: int) -> None:
    assert kind.of(Decimal(text)) == kind(units)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Money, "0.001", "may have at most 2 decimals"),
        (Money, "1e-9999", "may have at most 2 decimals"),
        (Money, "0." + "0" * 9_998 + "1", "may have at most 2 decimals"),
        (Money, "1." + "3" * 10_000, "may have at most 2 decimals"),
        (Money, "1e9999", "must lie between -10000000000000000.00 and 10000000000000000.00"),
        (Money, "9" * 10_000, "must lie between"),
        (Money, "10000000000000000.01", "must lie between"),
        (Money, "-10000000000000000.01", "must lie between"),
        (Price, "1000000000000", "must lie between"),
        (Quantity, "0.000000001", "may have at most 8 decimals"),
        (Money, "NaN", "must be a finite number"),
        (Money, "sNaN", "must be a finite number"),
        (Money, "Infinity", "must be a finite number"),
        (Money, "-Infinity", "must be a finite number"),
    ],
)
def test_a_number_that_does_not_fit_is_refused(kind: type[Fixed], text: str, message: str) -> None:
    with pytest.raises(AmountError, match=message):
        kind.of(Decimal(text))


@pytest.mark.parametrize("units", [1.0, True, "1", Decimal(1)])
def test_an_amount_is_made_of_whole_units_only(units: int) -> None:
    with pytest.raises(TypeError, match="made of whole units"):
        Money(units)


def test_kinds_never_mix() -> None:
    with pytest.raises(TypeError):
        Money(1) + Quantity(1)  # type: ignore[operator]
    with pytest.raises(TypeError):
        Money(1) - Price(1)  # type: ignore[operator]
    with pytest.raises(TypeError):
        assert Money(1) < Quantity(2)  # type: ignore[operator]
    assert Money(1) != Quantity(1)  # type: ignore[comparison-overlap]


def test_amounts_add_subtract_and_compare() -> None:
    assert Money(2) + Money(3) == Money(5)
    assert Money(2) - Money(3) == -Money(1)
    assert Money(2) < Money(3)
    assert not Money(0)
    assert Money(-1)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Money(0), "0.00"),
        (Money(-5), "-0.05"),
        (Money(123_45), "123.45"),
        (Quantity(50_000_000), "0.5"),
        (Quantity(300_000_000), "3"),
        (Quantity(0), "0"),
        (Price(1), "0.000000000001"),
        (Percent(-2_5000), "-2.5"),
    ],
)
def test_an_amount_is_shown_in_plain_notation(amount: Fixed, text: str) -> None:
    assert str(amount) == text


@given(st.sampled_from([Money, Quantity, Price, Percent]), st.integers(-(10**18), 10**18))
def test_what_is_shown_reads_back_as_the_same(kind: type[Fixed], units: int) -> None:
    assert kind.of(str(kind(units))) == kind(units)


@given(quantities, prices)
def test_a_cost_is_the_exact_product_rounded_up_to_the_cent(
    quantity: Quantity, price: Price
) -> None:
    exact = dollars(quantity) * dollars(price)
    assert 0 <= dollars(cost_of(quantity, price)) - exact < Fraction(1, 100)


@given(quantities, prices)
def test_proceeds_are_the_exact_product_rounded_down_to_the_cent(
    quantity: Quantity, price: Price
) -> None:
    exact = dollars(quantity) * dollars(price)
    assert 0 <= exact - dollars(proceeds_of(quantity, price)) < Fraction(1, 100)


@given(order_cents, prices)
def test_a_buy_by_notional_never_costs_more_and_not_a_step_less(
    notional: Money, price: Price
) -> None:
    quantity = quantity_bought_for(notional, price)
    assert cost_of(quantity, price) <= notional
    assert cost_of(quantity + Quantity(1), price) > notional


@given(order_cents, prices)
def test_a_sale_by_notional_brings_exactly_the_notional(notional: Money, price: Price) -> None:
    assert proceeds_of(quantity_sold_for(notional, price), price) == notional


def test_a_sale_by_notional_brings_no_less_where_a_single_step_is_worth_several_cents() -> None:
    price = Price.of(5_000_000)
    sold = quantity_sold_for(Money(1), price)
    assert (sold, proceeds_of(sold, price)) == (Quantity(1), Money(5))


@given(cents, percents)
def test_a_fee_is_rounded_up_to_the_cent(notional: Money, percent: Percent) -> None:
    exact = dollars(notional) * dollars(percent) / 100
    assert 0 <= dollars(fee_on(notional, percent)) - exact < Fraction(1, 100)


@given(prices, percents)
def test_slippage_is_never_in_the_users_favour(price: Price, percent: Percent) -> None:
    up = dollars(price) * (1 + dollars(percent) / 100)
    down = dollars(price) * (1 - dollars(percent) / 100)
    step = Fraction(1, 10**12)
    assert 0 <= dollars(slipped_up(price, percent)) - up < step
    assert 0 <= down - dollars(slipped_down(price, percent)) < step


@pytest.mark.parametrize(
    ("basis", "part", "whole", "share"),
    [
        (1, 1, 2, 0),  # half a cent, to the even neighbour
        (3, 1, 2, 2),  # one and a half
        (5, 1, 2, 2),  # two and a half
        (100, 1, 3, 33),
        (100, 2, 3, 67),
        (7, 3, 3, 7),  # the last unit takes all
        (0, 1, 2, 0),
    ],
)
def test_a_share_of_a_basis_is_half_even(basis: int, part: int, whole: int, share: int) -> None:
    assert share_of_basis(Money(basis), Quantity(part), Quantity(whole)) == Money(share)


@given(cents, st.lists(st.integers(1, 10**10), min_size=1, max_size=8))
def test_shares_of_a_basis_add_up_to_it_once_all_is_sold(basis: Money, parts: list[int]) -> None:
    left, whole = basis, sum(parts)
    for part in parts:
        left -= share_of_basis(left, Quantity(part), Quantity(whole))
        whole -= part
        assert left >= Money(0)
    assert left == Money(0)


def test_an_average_cost_is_the_basis_of_one_whole_unit() -> None:
    assert average_cost(Money.of("100"), Quantity.of("0.3")) == Price.of("333.333333333333")
    assert average_cost(Money(0), Quantity(0)) == Price(0)


def test_a_percentage_of_nothing_is_none() -> None:
    assert percent_of(Money(1), Money(3)) == Percent.of("33.3333")
    assert percent_of(Money(-1), Money(3)) == Percent.of("-33.3333")
    assert percent_of(Money(1), Money(-3)) == Percent.of("-33.3333")
    assert percent_of(Money(1), Money(0)) is None


@pytest.mark.parametrize(
    ("price", "percent", "is_further"),
    [("101", "1", False), ("101.000000000001", "1", True), ("99", "1", False), ("98.9", "1", True)],
)
def test_a_price_is_further_away_only_beyond_the_exact_percentage(
    price: str, percent: str, is_further: bool
) -> None:
    found = is_further_than(Price.of(price), Price.of(100), Percent.of(percent))
    assert found is is_further


@pytest.mark.parametrize(
    ("kind", "text", "units"),
    [
        (Money, "0.005", 0),
        (Money, "0.015", 2),
        (Money, "0.0150001", 2),
        (Money, "-0.015", -2),
        (Money, "1e-9999", 0),
        (Price, "0.1234567890125", 123456789012),
    ],
)
def test_a_recorded_figure_is_taken_half_even(kind: type[Fixed], text: str, units: int) -> None:
    assert nearest(kind, Decimal(text)) == kind(units)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e9999", "1e17", "-1e17"])
def test_a_recorded_figure_beyond_counting_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        nearest(Money, Decimal(text))


def test_a_market_figure_beyond_what_money_holds_is_none() -> None:
    assert worth(Quantity.of(2), Price.of("1.005")) == Money(2_01)
    assert worth(Quantity.of(10**18), Price.of(10**6)) is None
    assert total_of([Money(1), None, Money(2)]) == Money(3)
    assert total_of([None]) is None
    assert total_of([Money(10**18), Money(1)]) is None


def test_a_change_of_a_price_is_told_in_percent_where_that_can_be() -> None:
    assert change_percent(Price.of(3), Price.of(2)) == Percent.of(50)
    assert change_percent(Price.of(1), Price.of(2)) == Percent.of(-50)
    assert change_percent(Price.of(1), Price(0)) is None
    assert change_percent(Price(10**24 - 1), Price(1)) == Percent((10**24 - 2) * 10**6)
