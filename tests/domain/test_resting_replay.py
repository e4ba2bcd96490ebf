"""A replayed day with orders resting, against a matcher that looks at every order each minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from domain.orders import Order, OrderSide, OrderType
from tests.api.recorded_days import SOURCES, Minute
from tests.domain.book_world import BookWorld
from tests.domain.ledger_world import BTC, order, resting

DAY = "2017-12-17"
"""The day on which BTC stood at its highest for three years."""

PEOPLE = 6
KINDS = [(kind, side) for kind in list(OrderType)[1:] for side in OrderSide]
PLACED_AT = (30, 400, 900)
"""Minutes after whose tick orders are placed, all over the day's range."""

LEADERS_DIE_AT = frozenset({60, 500, 901, 1_100})
"""Minutes after whose tick another process leads."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order, and the minute after which it began to wait."""

    order: Order
    minute: int


def matched(placed: Placed, minutes: list[Minute]) -> tuple[datetime, Decimal] | None:
    """Return when and at what price an order fills, as one would find it with a ruler."""
    one = placed.order
    level = Decimal(str(one.limit_price or one.trigger_price))
    is_buy, is_stop = one.side is OrderSide.BUY, one.type is OrderType.STOP_LOSS
    for minute in minutes[placed.minute + 1 :]:
        price = Decimal(minute.close)
        is_dear_enough, is_cheap_enough = price >= level, price <= level
        if one.expires_at and minute.at >= one.expires_at:
            return None
        if is_dear_enough if is_buy is is_stop else is_cheap_enough:
            return minute.at, price
    return None


@pytest.mark.parametrize("source", list(SOURCES))
async def test_a_day_fills_what_a_brute_force_matcher_fills_at_its_minute_and_price(
    source: str,
) -> None:
    # Given
    minutes = list(SOURCES[source]("BTC", DAY))
    prices = [Decimal(minute.close) for minute in minutes]
    world = BookWorld()
    world.clock.at = minutes[0].at - timedelta(minutes=1)
    await world.open(*["10000"] * PEOPLE)
    placed: list[Placed] = []
    # When
    for number, minute in enumerate(minutes):
        world.clock.at = minute.at
        await world.tick(minute.close)
        if number in PLACED_AT:
            placed += await place_everywhere(world, number, prices)
        if number in LEADERS_DIE_AT:
            world.process = await world.start()
            await world.process.finish()
    # Then
    filled = 0
    for one in placed:
        now, expected = await world.order(one.order), matched(one, minutes)
        found = (now.fill.at, Decimal(str(now.fill.price))) if now.fill else None
        assert found == expected, now
        filled += found is not None
    assert len(placed) / 4 < filled < len(placed)
    await world.check()


async def place_everywhere(world: BookWorld, number: int, prices: list[Decimal]) -> list[Placed]:
    """Place orders of each kind, at levels over the whole day's range, for some hours or more."""
    placed, price = [], prices[number]
    low, high = min(prices), max(prices)
    for person in range(1, PEOPLE + 1):
        await world.do(order(OrderSide.BUY, quantity="0.02"), person)
        for index, (kind, side) in enumerate(KINDS):
            part = Decimal((person * 7 + index * 3) % 12 + 1) / 12
            is_up = (kind is OrderType.STOP_LOSS) is (side is OrderSide.BUY)
            level = price + (high - price + 1) * part if is_up else price - (price - low + 1) * part
            ends = world.clock.at + timedelta(hours=person * 2) if index % 2 else None
            command = resting(kind, side, "0.005", f"{level:.2f}", BTC, None, ends)
            done = await world.do(command, person)
            assert done.errors == (), done.errors
            assert done.order is not None
            placed.append(Placed(done.order, number))
    return placed
