"""Whatever the figures, a fill never gives anything away."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import Command, State
from domain.money import Money, Percent, Price, Quantity
from domain.orders import OrderSide, OrderType
from domain.rules import TradingRules
from tests.domain.decisions import change_by, having, position, quoted, terms
from tests.domain.ledger_world import NOW, order, resting

BUY, SELL = OrderSide.BUY, OrderSide.SELL

rules_with_costs = st.builds(
    TradingRules,
    max_order_value=st.just(Money(10**18)),
    fee=st.integers(0, 5 * 10**4).map(Percent),
    slippage=st.integers(0, 5 * 10**4).map(Percent),
)


@given(
    quantity=st.integers(1, 10**16).map(Quantity),
    price=st.integers(1, 10**17).map(Price),
    rules=rules_with_costs,
)
def test_a_buy_never_favours_the_user_by_a_fraction_of_a_cent(
    quantity: Quantity, price: Price, rules: TradingRules
) -> None:
    state = State(account=replace(having(), cash=Money(10**17)))
    quote = replace(quoted("1"), price=price)
    change = change_by(order(BUY, quantity=str(quantity)), state, terms(quote, rules=rules))
    exact = Fraction(quantity.units * price.units, 10**20) * (1 + Fraction(rules.fee.units, 10**6))
    assert Fraction(-change.entry.cash_change.units, 100) >= exact
    assert change.position is not None
    assert change.position.cost_basis == -change.entry.cash_change


@given(
    quantity=st.integers(10**8, 10**16).map(Quantity),
    price=st.integers(10**12, 10**17).map(Price),
    basis=st.integers(1, 10**12).map(Money),
    rules=rules_with_costs,
)
def test_a_sale_never_favours_the_user_and_its_gain_is_what_it_brought_less_its_basis(
    quantity: Quantity, price: Price, basis: Money, rules: TradingRules
) -> None:
    held = replace(position("1"), quantity=Quantity(10**16), cost_basis=basis)
    state, quote = State(account=having(), position=held), replace(quoted("1"), price=price)
    command = order(SELL, quantity=str(quantity))
    change = change_by(command, state, terms(quote, rules=rules))
    exact = Fraction(quantity.units * price.units, 10**20)
    assert Fraction(change.entry.cash_change.units, 100) <= exact
    assert change.position is not None
    paid_off = basis - change.position.cost_basis
    assert change.position.realized_gain + paid_off == change.entry.cash_change


@pytest.mark.parametrize(
    "command", [order(BUY, quantity="1"), resting(OrderType.LIMIT, BUY, "1", "5")]
)
def test_what_an_order_changes_on_a_new_day_begins_its_counters(command: Command) -> None:
    yesterday = NOW.date() - timedelta(days=1)
    account = replace(having("1000"), day=yesterday, deposited=Money(5), day_baseline=Money(7))
    held = replace(position("2"), day=yesterday)
    state = State(account=account, position=held)
    change = change_by(command, state, terms(quoted("10")))
    assert (change.account.day, change.account.deposited) == (NOW.date(), Money(0))
    assert change.account.day_baseline == Money.of(1000)
    assert change.position is not None
    assert (change.position.day, change.position.day_quantity) == (NOW.date(), Quantity.of(2))
