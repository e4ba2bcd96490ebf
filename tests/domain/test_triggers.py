"""Which price sets off which order: every type and side, at, above and below its level."""

import pytest

from domain.orders import OrderSide, OrderStatus, OrderType
from tests.domain.book_world import BookWorld
from tests.domain.ledger_world import order, resting
from tests.domain.market_world import usd

BUY, SELL = OrderSide.BUY, OrderSide.SELL
LIMIT, STOP, TAKE = OrderType.LIMIT, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT

WAITS_AT = {
    (LIMIT, BUY): "90",
    (LIMIT, SELL): "110",
    (STOP, BUY): "110",
    (STOP, SELL): "90",
    (TAKE, BUY): "90",
    (TAKE, SELL): "110",
}
"""Levels on the side from which the price, at 100 now, has yet to come."""

SET_OFF = [
    # type, side, prices in their order, the price that it is filled at
    (LIMIT, BUY, ["90.000000000001"], None),
    (LIMIT, BUY, ["90"], "90"),
    (LIMIT, BUY, ["89.999999999999"], "89.999999999999"),
    (LIMIT, BUY, ["200", "91", "50", "90"], "50"),
    (LIMIT, SELL, ["109.999999999999"], None),
    (LIMIT, SELL, ["110"], "110"),
    (LIMIT, SELL, ["110.000000000001"], "110.000000000001"),
    (LIMIT, SELL, ["50", "109", "200", "110"], "200"),
    (STOP, BUY, ["109.999999999999"], None),
    (STOP, BUY, ["110"], "110"),
    (STOP, BUY, ["110.000000000001"], "110.000000000001"),
    (STOP, BUY, ["50", "109", "200", "110"], "200"),
    (STOP, SELL, ["90.000000000001"], None),
    (STOP, SELL, ["90"], "90"),
    (STOP, SELL, ["89.999999999999"], "89.999999999999"),
    (STOP, SELL, ["200", "91", "50", "90"], "50"),
    (TAKE, BUY, ["90.000000000001"], None),
    (TAKE, BUY, ["90"], "90"),
    (TAKE, BUY, ["89.999999999999"], "89.999999999999"),
    (TAKE, BUY, ["200", "91", "50", "90"], "50"),
    (TAKE, SELL, ["109.999999999999"], None),
    (TAKE, SELL, ["110"], "110"),
    (TAKE, SELL, ["110.000000000001"], "110.000000000001"),
    (TAKE, SELL, ["50", "109", "200", "110"], "200"),
]


@pytest.mark.parametrize(("kind", "side", "prices", "filled_at"), SET_OFF)
async def test_an_order_waits_for_its_price_and_fills_at_the_tick_that_brings_it(
    kind: OrderType, side: OrderSide, prices: list[str], filled_at: str | None
) -> None:
    # Given
    world = await BookWorld().open("1000")
    await world.tick(100)
    await world.do(order(BUY, quantity="1"))
    placed = await world.placed(resting(kind, side, "1", WAITS_AT[kind, side]))
    assert placed.status is OrderStatus.OPEN
    # When
    for price in prices:
        await world.tick(price)
    # Then
    now = await world.order(placed)
    assert (now.fill.price if now.fill else None) == (usd(filled_at) if filled_at else None)
    assert now.status is (OrderStatus.FILLED if filled_at else OrderStatus.OPEN)
    assert world.places() == ([] if filled_at else [placed.id])
    await world.check()


@pytest.mark.parametrize("side", list(OrderSide))
@pytest.mark.parametrize("price", ["99", "100", "101"])
async def test_a_market_order_fills_at_once_wherever_the_price_is(
    side: OrderSide, price: str
) -> None:
    world = await BookWorld().open("1000")
    await world.tick(100)
    await world.do(order(BUY, quantity="1"))
    await world.tick(price)
    filled = await world.placed(order(side, quantity="1"))
    assert filled.fill is not None
    assert filled.fill.price == usd(price)
