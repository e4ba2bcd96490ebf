from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.money import Money, Percent, Price, Quantity
from domain.order_requests import OrderFields, OrderRequest, requested, resting_requested
from domain.orders import OrderSide, OrderType, TimeInForce
from domain.refusals import ErrorCode, Refusal

BUY = OrderFields(asset_id="BTC", side=OrderSide.BUY, quantity=Decimal(1))


def told(fields: OrderFields) -> dict[str, str]:
    read = requested if fields.type is OrderType.MARKET else resting_requested
    with pytest.raises(Refusal) as refused:
        read(fields)
    assert {error.code for error in refused.value.errors} == {ErrorCode.INVALID_INPUT}
    assert all(error.path[0] == "input" for error in refused.value.errors)
    return {error.path[-1]: error.message for error in refused.value.errors}


def test_an_order_is_read_by_value() -> None:
    fields = OrderFields(
        asset_id="btc",
        side=OrderSide.SELL,
        notional=Decimal("10.0"),
        expected_price=Decimal("50000.50"),
        max_slippage_percent=Decimal("0.5"),
    )
    assert requested(fields) == OrderRequest(
        asset_id=requested(BUY).asset_id,
        side=OrderSide.SELL,
        notional=Money(10_00),
        expected_price=Price.of("50000.5"),
        max_slippage=Percent.of("0.5"),
    )
    assert requested(BUY).quantity == Quantity.of(1)


@pytest.mark.parametrize("asset", ["", "B T C", "ＢＴＣ", "USD", "\x00\x1b[2J", "x" * 10_000])  # noqa: RUF001 - a look-alike
def test_what_cannot_be_an_asset_is_refused_and_shown_harmlessly(asset: str) -> None:
    message = told(replace(BUY, asset_id=asset))["assetId"]
    assert message.isascii() or "…" in message
    assert message.isprintable()
    assert len(message) < 150


@pytest.mark.parametrize(
    ("quantity", "notional", "field"),
    [
        (None, None, "quantity"),
        ("1", "1", "notional"),
        ("0", None, "quantity"),
        ("-1", None, "quantity"),
        ("NaN", None, "quantity"),
        ("1e9999", None, "quantity"),
        ("0.000000001", None, "quantity"),
        (None, "0.001", "notional"),
        (None, "-0", "notional"),
    ],
)
def test_exactly_one_size_above_zero_is_needed(
    quantity: str | None, notional: str | None, field: str
) -> None:
    fields = replace(
        BUY,
        quantity=Decimal(quantity) if quantity else None,
        notional=Decimal(notional) if notional else None,
    )
    assert set(told(fields)) == {field}


@pytest.mark.parametrize("percent", ["0", "-0", "0.0000", "0.0001", "100"])
def test_a_slippage_of_nothing_up_to_everything_may_be_allowed(percent: str) -> None:
    fields = replace(BUY, expected_price=Decimal(1), max_slippage_percent=Decimal(percent))
    assert requested(fields).max_slippage == Percent.of(percent)


@pytest.mark.parametrize(
    ("percent", "message"),
    [
        ("-1", "-1 was given; 0 to 100 is allowed."),
        ("100.0001", "100.0001 was given; 0 to 100 is allowed."),
        ("0.00001", "0.00001 was given; it may have at most 4 decimals."),
        ("NaN", "NaN was given; it must be a finite number."),
        ("sNaN", "sNaN was given; it must be a finite number."),
    ],
)
def test_any_other_slippage_is_refused(percent: str, message: str) -> None:
    fields = replace(BUY, expected_price=Decimal(1), max_slippage_percent=Decimal(percent))
    assert told(fields) == {"maxSlippagePercent": message}


def test_an_expected_price_and_its_slippage_need_each_other() -> None:
    assert set(told(replace(BUY, expected_price=Decimal(1)))) == {"maxSlippagePercent"}
    assert set(told(replace(BUY, max_slippage_percent=Decimal(1)))) == {"expectedPrice"}


def test_what_does_not_belong_to_a_market_order_is_refused_not_ignored() -> None:
    fields = replace(
        BUY,
        limit_price=Decimal(1),
        trigger_price=Decimal(1),
        time_in_force=TimeInForce.GTC,
        expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    )
    assert set(told(fields)) == {"limitPrice", "triggerPrice", "timeInForce", "expiresAt"}


LIMIT = replace(BUY, type=OrderType.LIMIT, limit_price=Decimal(1))
STOP = replace(BUY, type=OrderType.STOP_LOSS, trigger_price=Decimal(1))
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "misplaced"),
    [
        (replace(LIMIT, trigger_price=Decimal(1)), {"triggerPrice"}),
        (replace(STOP, limit_price=Decimal(1)), {"limitPrice"}),
        (replace(STOP, time_in_force=TimeInForce.IOC), {"timeInForce"}),
        (replace(STOP, time_in_force=TimeInForce.FOK), {"timeInForce"}),
        (replace(STOP, time_in_force=TimeInForce.DAY, expires_at=LATER), {"expiresAt"}),
        (replace(LIMIT, time_in_force=TimeInForce.DAY, expires_at=LATER), {"expiresAt"}),
        (replace(LIMIT, time_in_force=TimeInForce.IOC, expires_at=LATER), {"expiresAt"}),
        (replace(LIMIT, notional=Decimal(1)), {"notional"}),
        (replace(LIMIT, quantity=None, notional=Decimal(1)), {"quantity", "notional"}),
        (replace(LIMIT, limit_price=None), {"limitPrice"}),
        (replace(STOP, trigger_price=Decimal(0)), {"triggerPrice"}),
        (
            replace(LIMIT, expected_price=Decimal(1), max_slippage_percent=Decimal(1)),
            {"expectedPrice", "maxSlippagePercent"},
        ),
    ],
)
def test_what_does_not_belong_to_an_order_that_waits_is_refused(
    fields: OrderFields, misplaced: set[str]
) -> None:
    assert set(told(fields)) == misplaced


@pytest.mark.parametrize("force", [None, TimeInForce.GTC])
def test_an_order_waits_until_it_is_cancelled_unless_it_says_otherwise(
    force: TimeInForce | None,
) -> None:
    request = resting_requested(replace(STOP, time_in_force=force, expires_at=LATER))
    assert (request.time_in_force, request.expires_at) == (TimeInForce.GTC, LATER)


def test_all_that_is_wrong_is_told_at_once() -> None:
    fields = OrderFields(asset_id="?", side=OrderSide.BUY, limit_price=Decimal(1))
    assert set(told(fields)) == {"assetId", "quantity", "limitPrice"}
