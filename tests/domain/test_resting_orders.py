"""Placing orders that wait: what is held, what is filled at once, what is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.commands import State, decided
from domain.instants import day_end
from domain.journal import EntryKind, OrderNote
from domain.money import Money, Percent, Quantity
from domain.orders import OrderSide, OrderStatus, OrderStatusReason, OrderType, TimeInForce
from domain.refusals import ErrorCode, LimitExceededError
from domain.rules import ORDER_LIFETIME, TradingRules
from tests.domain.decisions import change_by, having, position, quoted, refusal_of, terms
from tests.domain.ledger_world import NOW, resting
from tests.domain.market_world import usd

BUY, SELL = OrderSide.BUY, OrderSide.SELL
LIMIT, STOP, TAKE = OrderType.LIMIT, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT
RICH = State(account=having("100000"), position=position("100", "100"))
COSTS = TradingRules(fee=Percent.of(1), slippage=Percent.of(2))


def test_a_buy_holds_what_it_costs_at_its_own_price_rounded_up_and_the_fee() -> None:
    command = resting(LIMIT, BUY, "0.001", "90.5")
    change = change_by(command, RICH, terms(quoted("100"), rules=COSTS))
    assert change.entry.kind is EntryKind.ORDER_HOLD
    assert change.order is not None
    assert (change.order.status, change.order.held_cash) == (OrderStatus.OPEN, Money(11))
    assert (change.account.held, change.account.open_orders) == (Money(11), 1)
    assert change.entry.cash_change == Money(0)
    assert change.order.version == change.account.version == change.entry.version


def test_a_sale_holds_its_quantity_and_no_cash() -> None:
    change = change_by(resting(STOP, SELL, "3", "90"), RICH, terms(quoted("100")))
    assert change.order is not None
    assert change.position is not None
    assert (change.order.held_quantity, change.position.held) == (Quantity.of(3), Quantity.of(3))
    assert change.account.held == Money(0)


@pytest.mark.parametrize(
    ("side", "limit", "price", "filled_at"),
    [
        (BUY, "100", "100", "100"),
        (BUY, "100", "99", "99"),
        (BUY, "100", "50", "50"),
        (SELL, "100", "100", "100"),
        (SELL, "100", "101", "101"),
        (SELL, "100", "200", "200"),
    ],
)
@pytest.mark.parametrize("force", list(TimeInForce))
def test_a_limit_order_whose_price_is_there_fills_at_once_at_the_market_in_one_entry(
    side: OrderSide, limit: str, price: str, filled_at: str, force: TimeInForce
) -> None:
    command = resting(LIMIT, side, "1", limit, force=force)
    change = change_by(command, RICH, terms(quoted(price)))
    assert change.order is not None
    assert change.order.fill is not None
    assert change.order.fill.price == usd(filled_at)
    assert change.entry.kind is (EntryKind.ORDER_BUY if side is BUY else EntryKind.ORDER_SELL)
    assert (change.account.open_orders, change.was_resting) == (0, False)


def test_slippage_takes_a_fill_at_once_to_its_limit_at_worst() -> None:
    slippery = TradingRules(slippage=Percent.of(5))
    bought = change_by(resting(LIMIT, BUY, "1", "101"), RICH, terms(quoted("100"), rules=slippery))
    sold = change_by(resting(LIMIT, SELL, "1", "99"), RICH, terms(quoted("100"), rules=slippery))
    for change, price in ((bought, "101"), (sold, "99")):
        assert change.order is not None
        assert change.order.fill is not None
        assert change.order.fill.price == usd(price)
        assert change.order.fill.slippage == Percent.of(1)


@pytest.mark.parametrize("force", [TimeInForce.IOC, TimeInForce.FOK])
@pytest.mark.parametrize(("side", "limit"), [(BUY, "99"), (SELL, "101")])
def test_what_may_not_wait_and_cannot_be_filled_is_cancelled_and_moves_nothing(
    side: OrderSide, limit: str, force: TimeInForce
) -> None:
    poor = State(account=having("0"))
    note = decided(resting(LIMIT, side, "1", limit, force=force), poor, terms(quoted("100")))
    assert isinstance(note, OrderNote)
    assert note.account == poor.account
    assert (note.order.status, note.order.status_reason) == (
        OrderStatus.CANCELLED,
        OrderStatusReason.UNFILLABLE,
    )
    assert note.order.expires_at is None
    assert note.order.version == poor.account.version


@pytest.mark.parametrize(
    ("kind", "side", "level"),
    [
        (STOP, SELL, "100"),
        (STOP, SELL, "101"),
        (STOP, BUY, "100"),
        (STOP, BUY, "99"),
        (TAKE, SELL, "100"),
        (TAKE, SELL, "99"),
        (TAKE, BUY, "100"),
        (TAKE, BUY, "101"),
    ],
)
def test_a_trigger_that_is_met_already_is_refused(
    kind: OrderType, side: OrderSide, level: str
) -> None:
    error = refusal_of(resting(kind, side, "1", level), RICH, terms(quoted("100")))
    assert (error.code, error.path) == (ErrorCode.INVALID_INPUT, ("input", "triggerPrice"))
    assert error.message == f"BTC is at $100; ${level} is met already."


@pytest.mark.parametrize(
    ("force", "ends", "expected"),
    [
        (None, None, NOW + ORDER_LIFETIME),
        (TimeInForce.GTC, NOW + ORDER_LIFETIME, NOW + ORDER_LIFETIME),
        (None, NOW + timedelta(milliseconds=1), NOW + timedelta(milliseconds=1)),
        (TimeInForce.DAY, None, day_end(NOW.date())),
    ],
)
def test_an_order_ends_when_its_owner_says_or_after_the_longest_time(
    force: TimeInForce | None, ends: object, expected: object
) -> None:
    command = resting(TAKE, BUY, "1", "90", force=force, ends=ends)  # type: ignore[arg-type]
    change = change_by(command, RICH, terms(quoted("100")))
    assert change.order is not None
    assert change.order.expires_at == expected


@pytest.mark.parametrize(
    "ends", [NOW, NOW - timedelta(days=1), NOW + ORDER_LIFETIME + timedelta(milliseconds=1)]
)
def test_an_end_in_the_past_or_too_far_ahead_is_refused(ends: object) -> None:
    command = resting(LIMIT, BUY, "1", "90", ends=ends)  # type: ignore[arg-type]
    error = refusal_of(command, RICH, terms(quoted("100")))
    assert (error.code, error.path) == (ErrorCode.INVALID_INPUT, ("input", "expiresAt"))
    assert "it must lie ahead, by at most 30 days" in error.message


def test_an_order_may_be_worth_the_limit_at_its_own_price_and_no_cent_more() -> None:
    assert change_by(resting(LIMIT, BUY, "100", "100"), RICH, terms(quoted("101"))).order
    error = refusal_of(resting(LIMIT, BUY, "100", "100.0001"), RICH, terms(quoted("101")))
    assert (error.code, error.path) == (ErrorCode.ORDER_VALUE_EXCEEDED, ("input", "quantity"))


def test_a_low_limit_makes_no_sale_of_any_size() -> None:
    error = refusal_of(resting(LIMIT, SELL, "100", "0.01"), RICH, terms(quoted("101")))
    assert error.code is ErrorCode.ORDER_VALUE_EXCEEDED


def test_an_order_beyond_counting_is_worth_too_much() -> None:
    huge = resting(LIMIT, BUY, "1000000000000000000", "50000")
    assert refusal_of(huge, RICH, terms(quoted("60000"))).code is ErrorCode.ORDER_VALUE_EXCEEDED
    sale = resting(LIMIT, SELL, "1000000000000000", "0.000000000001")
    error = refusal_of(sale, RICH, terms(quoted("60000")))
    assert "more than can be counted" in error.message


def test_a_sale_that_would_bring_nothing_is_refused() -> None:
    error = refusal_of(resting(STOP, SELL, "0.00000001", "90"), RICH, terms(quoted("100")))
    assert (error.code, error.path) == (ErrorCode.INVALID_INPUT, ("input", "quantity"))


def test_no_more_orders_may_be_open_than_the_rules_say() -> None:
    few = TradingRules(max_open_orders=1)
    first = change_by(resting(LIMIT, BUY, "1", "90"), RICH, terms(quoted("100"), rules=few))
    full = State(account=first.account, position=first.position)
    error = refusal_of(resting(LIMIT, BUY, "1", "90"), full, terms(quoted("100"), rules=few))
    assert isinstance(error, LimitExceededError)
    assert (error.code, error.unit) == (ErrorCode.TOO_MANY_OPEN_ORDERS, "orders")
    assert (error.limit, error.used, error.remaining) == (
        Quantity.of(1),
        Quantity.of(1),
        Quantity.of(0),
    )
    # What doesn't wait is taken all the same.
    at_once = resting(LIMIT, BUY, "1", "100")
    assert change_by(at_once, full, terms(quoted("100"), rules=few)).order


@pytest.mark.parametrize(
    ("state", "command", "unit"),
    [
        (State(account=having("89.99")), resting(LIMIT, BUY, "1", "90"), "USD"),
        (State(account=having("99.99")), resting(LIMIT, BUY, "1", "101"), "USD"),
        (State(account=having("1")), resting(LIMIT, SELL, "1", "101"), "BTC"),
        (
            State(account=having("1"), position=position("1", held="0.1")),
            resting(STOP, SELL, "1", "90"),
            "BTC",
        ),
        (State(account=having("1")), resting(LIMIT, SELL, "1", "99"), "BTC"),
    ],
)
def test_an_order_needs_what_it_would_hold_or_what_its_fill_costs(
    state: State, command: object, unit: str
) -> None:
    error = refusal_of(command, state, terms(quoted("100")))  # type: ignore[arg-type]
    assert error.code is ErrorCode.INSUFFICIENT_FUNDS
    assert getattr(error, "unit", None) == unit


@pytest.mark.parametrize(
    ("quote", "code"),
    [
        (None, ErrorCode.ASSET_NOT_FOUND),
        (quoted("100", is_tradable=False), ErrorCode.ASSET_NOT_TRADABLE),
        (quoted("100", age=timedelta(hours=1)), ErrorCode.PRICE_STALE),
    ],
)
def test_a_price_that_cannot_be_traded_on_is_refused(quote: object, code: ErrorCode) -> None:
    error = refusal_of(resting(LIMIT, BUY, "1", "90"), RICH, terms(quote))  # type: ignore[arg-type]
    assert error.code is code


@pytest.mark.parametrize(
    "left",
    [
        {"held_cash": Money(0)},
        {"status": OrderStatus.CANCELLED},
        {
            "status": OrderStatus.CANCELLED,
            "held_cash": Money(0),
            "held_quantity": Quantity(1),
        },
    ],
)
def test_an_order_that_is_open_or_holds_something_cannot_be_noted_without_an_entry(
    left: dict[str, object],
) -> None:
    change = change_by(resting(LIMIT, BUY, "1", "90"), RICH, terms(quoted("100")))
    assert change.order is not None
    order = replace(change.order, **left)  # type: ignore[arg-type] # as each case says
    with pytest.raises(ValueError, match="has ended and holds nothing"):
        OrderNote(account=change.account, order=order)
