from dataclasses import replace
from datetime import timedelta

import pytest

from domain.commands import Needs, State
from domain.journal import EntryKind, LedgerAccount
from domain.market_orders import estimated
from domain.money import Money, Percent, Price, Quantity
from domain.orders import OrderSide, OrderStatus
from domain.refusals import ErrorCode, InsufficientFundsError, LimitExceededError
from tests.domain.decisions import change_by, having, position, quoted, refusal_of, terms
from tests.domain.ledger_world import BTC, NOW, RULES, order

BUY, SELL = OrderSide.BUY, OrderSide.SELL
HOUR = timedelta(hours=1)


def test_an_order_needs_to_see_its_position() -> None:
    assert order(BUY, quantity="1").needs(terms()) == Needs(asset_id=BTC)


def test_a_buy_by_quantity_costs_the_product_rounded_up() -> None:
    state = State(account=having("100"))
    change = change_by(order(BUY, quantity="0.001"), state, terms(quoted("10000.5")))
    assert change.order is not None
    assert change.order.fill is not None
    assert change.position is not None
    assert change.order.fill.notional == change.order.fill.total == Money(10_01)
    assert change.account.cash == Money(89_99)
    assert (change.position.quantity, change.position.cost_basis) == (
        Quantity.of("0.001"),
        Money(10_01),
    )
    assert change.entry.kind is EntryKind.ORDER_BUY
    assert change.entry.cash_change == Money(-10_01)


def test_a_buy_by_notional_never_spends_more() -> None:
    state = State(account=having("100"))
    change = change_by(order(BUY, notional="10"), state, terms(quoted("3")))
    assert change.order is not None
    assert change.order.quantity == Quantity.of("3.33333333")
    assert change.account.cash == Money(90_00)


def test_a_sale_by_quantity_brings_the_product_rounded_down() -> None:
    state = State(account=having(), position=position("1", "9000"))
    change = change_by(order(SELL, quantity="0.001"), state, terms(quoted("10000.5")))
    assert change.account.cash == Money(10_00)


def test_a_sale_by_notional_brings_exactly_the_notional() -> None:
    state = State(account=having(), position=position("100"))
    change = change_by(order(SELL, notional="10"), state, terms(quoted("3")))
    assert change.account.cash == Money(10_00)
    assert change.entry.quantity_change == -Quantity.of("3.33333334")


def test_a_sale_takes_its_share_of_the_basis_and_realises_the_rest() -> None:
    state = State(account=having(), position=position("3", "100"))
    change = change_by(order(SELL, quantity="1"), state, terms(quoted("50")))
    assert change.position is not None
    assert change.position.cost_basis == Money(66_67)
    assert change.position.realized_gain == Money(50_00 - 33_33)


def test_the_last_unit_takes_all_of_the_basis() -> None:
    state = State(account=having(), position=position("0.00000001", "66.67"))
    change = change_by(order(SELL, quantity="0.00000001"), state, terms(quoted("1000000")))
    assert change.position is not None
    assert (change.position.quantity, change.position.cost_basis) == (Quantity(0), Money(0))
    assert change.position.realized_gain == Money(1 - 66_67)


def test_fee_and_slippage_are_charged_and_shown() -> None:
    rules = replace(RULES, fee=Percent.of("0.1"), slippage=Percent.of("0.5"))
    state = State(account=having("1000"), position=position("10", "100"))
    bought = change_by(order(BUY, quantity="1"), state, terms(quoted("100"), rules=rules))
    sold = change_by(order(SELL, quantity="1"), state, terms(quoted("100"), rules=rules))
    assert bought.order is not None
    assert bought.order.fill is not None
    assert sold.order is not None
    assert sold.order.fill is not None
    fill = bought.order.fill
    assert (fill.price, fill.quoted_price) == (Price.of("100.5"), Price.of(100))
    assert (fill.notional, fill.fee, fill.total) == (Money(100_50), Money(11), Money(100_61))
    fill = sold.order.fill
    assert (fill.price, fill.slippage) == (Price.of("99.5"), Percent.of("0.5"))
    assert (fill.notional, fill.fee, fill.total) == (Money(99_50), Money(10), Money(99_40))
    fees = [leg.amount for leg in sold.entry.legs if leg.account is LedgerAccount.FEES]
    assert fees == [Money(10)]


def test_a_fill_says_where_its_price_came_from_and_how_old_it_was() -> None:
    quote = quoted("100", age=timedelta(seconds=1.5))
    change = change_by(order(BUY, quantity="1"), State(account=having("100")), terms(quote))
    assert change.order is not None
    assert change.order.fill is not None
    assert change.order.status is OrderStatus.FILLED
    assert (change.order.fill.price_source, change.order.fill.price_age_ms) == ("test", 1500)
    assert change.entry.quote == quote


def test_a_position_of_an_older_epoch_is_built_up_anew() -> None:
    state = State(account=having("100", epoch=1), position=position("5", "500"))
    change = change_by(order(BUY, quantity="1"), state, terms(quoted("100")))
    assert change.position is not None
    assert (change.position.quantity, change.position.epoch) == (Quantity.of(1), 1)


@pytest.mark.parametrize(
    ("quote", "code"),
    [
        (None, ErrorCode.ASSET_NOT_FOUND),
        (quoted("100", is_tradable=False, age=HOUR), ErrorCode.ASSET_NOT_TRADABLE),
        (quoted("100", age=HOUR), ErrorCode.PRICE_STALE),
        (quoted("90"), ErrorCode.PRICE_MOVED),
    ],
)
def test_a_price_that_cannot_be_traded_on_is_refused(quote: None, code: ErrorCode) -> None:
    command = order(SELL, quantity="1", expected="100", slippage="5")
    error = refusal_of(command, State(account=having()), terms(quote))
    assert error.code is code
    assert error.path[0] == "input"


def test_a_price_is_stale_only_beyond_the_limit() -> None:
    at_limit = quoted("100", age=RULES.price_stale_after)
    state = State(account=having("100"))
    assert change_by(order(BUY, quantity="1"), state, terms(at_limit)).order
    beyond = quoted("100", age=RULES.price_stale_after + timedelta(milliseconds=1))
    error = refusal_of(order(BUY, quantity="1"), state, terms(beyond))
    assert error.message == (
        "The last price of BTC is 600 s old; at most 600 s is allowed. Try again later."
    )


def test_prices_age_by_the_clock_even_where_it_stepped_back() -> None:
    stepped_back = replace(terms(quoted("100", age=HOUR)), clock_now=NOW - HOUR)
    change = change_by(order(BUY, quantity="1"), State(account=having("100")), stepped_back)
    assert change.order is not None
    assert change.order.fill is not None
    assert change.order.fill.price_age_ms == 0


@pytest.mark.parametrize(
    ("side", "price", "slippage", "is_taken"),
    [
        (BUY, "105", "5", True),
        (BUY, "105.000000000001", "5", False),
        (BUY, "1", "0", True),
        (SELL, "95", "5", True),
        (SELL, "94.999999999999", "5", False),
        (SELL, "900", "0", True),
    ],
)
def test_only_a_price_that_moved_against_the_user_is_refused(
    side: OrderSide, price: str, slippage: str, *, is_taken: bool
) -> None:
    state = State(account=having("1000"), position=position("10"))
    command = order(side, quantity="1", expected="100", slippage=slippage)
    if is_taken:
        assert change_by(command, state, terms(quoted(price))).order
    else:
        assert refusal_of(command, state, terms(quoted(price))).code is ErrorCode.PRICE_MOVED


@pytest.mark.parametrize(
    ("command", "price", "field"),
    [
        (order(SELL, quantity="0.00000001"), "100", "quantity"),
        (order(BUY, notional="0.01"), "999999999999", "notional"),
        (order(BUY, notional="1"), "0", "notional"),
        (order(BUY, quantity="1"), "0", "quantity"),
        (order(SELL, notional="1"), "0", "notional"),
    ],
)
def test_an_order_that_would_come_to_nothing_is_refused(
    command: object, price: str, field: str
) -> None:
    state = State(account=having("1000"), position=position("10"))
    error = refusal_of(command, state, terms(quoted(price)))  # type: ignore[arg-type]
    assert (error.code, error.path) == (ErrorCode.INVALID_INPUT, ("input", field))


def test_a_sale_whose_fee_would_eat_it_is_refused() -> None:
    rules = replace(RULES, fee=Percent.of(1))
    state = State(account=having(), position=position("1"))
    error = refusal_of(order(SELL, notional="0.01"), state, terms(quoted("1"), rules=rules))
    assert error.message == "At $1 it would come to 0.01 BTC for $0.00."


def test_an_order_may_be_worth_the_limit_and_no_cent_more() -> None:
    rich = State(account=having("1000000"))
    assert change_by(order(BUY, notional="10000"), rich, terms(quoted("1"))).order
    error = refusal_of(order(BUY, notional="10000.01"), rich, terms(quoted("1")))
    assert isinstance(error, LimitExceededError)
    assert (error.code, error.limit) == (ErrorCode.ORDER_VALUE_EXCEEDED, Money(10_000_00))
    assert error.message == "The order is worth $10000.01; at most $10000.00 is allowed."


@pytest.mark.parametrize(
    ("command", "price"),
    [
        (order(BUY, quantity="1000000000000000000"), "50000"),
        (order(SELL, quantity="1000000000000000000"), "50000"),
        (order(BUY, notional="10000000000000000"), "0.000000000001"),
        (order(SELL, notional="10000000000000000"), "0.000000000001"),
    ],
)
def test_an_order_beyond_counting_is_worth_too_much(command: object, price: str) -> None:
    state = State(account=having("1000"), position=position("10"))
    error = refusal_of(command, state, terms(quoted(price)))  # type: ignore[arg-type]
    assert error.code is ErrorCode.ORDER_VALUE_EXCEEDED
    assert "more than can be counted" in error.message


def test_a_position_beyond_counting_is_refused_and_no_failure() -> None:
    state = State(account=having("1000"), position=position("1000000000000000000"))
    error = refusal_of(order(BUY, quantity="1"), state, terms(quoted("1")))
    assert error.code is ErrorCode.INVALID_INPUT
    assert "beyond what can be counted" in error.message


def test_a_buy_needs_available_cash() -> None:
    state = State(account=having("100", held="0.01"))
    error = refusal_of(order(BUY, notional="100"), state, terms(quoted("1")))
    assert isinstance(error, InsufficientFundsError)
    assert (error.unit, error.required, error.available) == ("USD", Money(100_00), Money(99_99))


@pytest.mark.parametrize("held", [None, position("1", "10", "0.5"), position("0")])
def test_a_sale_needs_an_available_quantity(held: None) -> None:
    state = State(account=having("100"), position=held)
    error = refusal_of(order(SELL, quantity="0.6"), state, terms(quoted("1")))
    assert isinstance(error, InsufficientFundsError)
    assert (error.unit, error.required) == ("BTC", Quantity.of("0.6"))


def test_the_first_trade_of_a_day_notes_what_the_day_began_with() -> None:
    tomorrow = terms(replace(quoted("10"), at=NOW + 24 * HOUR), now=NOW + 24 * HOUR)
    state = State(account=having("100"), position=position("2", "10"))
    change = change_by(order(BUY, quantity="1"), state, tomorrow)
    assert change.position is not None
    assert change.position.day_quantity == Quantity.of(2)
    assert change.account.day_baseline == Money(100_00)


def test_an_estimate_is_what_a_fill_would_be_whoever_asks() -> None:
    found = estimated(order(BUY, notional="10").request, quoted("4"), RULES, NOW)
    assert found is not None
    assert (found[0].total, found[1]) == (Money(10_00), Quantity.of("2.5"))
    huge = order(BUY, quantity="1000000000000000000").request
    assert estimated(huge, quoted("50000"), RULES, NOW) is None
