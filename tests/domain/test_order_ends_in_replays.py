"""Open orders in a replayed market, where hours pass in no time and ticks follow at once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from adapters.table import TableUnavailableError, Write
from domain.market_turns import MarketTurns
from domain.order_expiry import HOURS_AT_ONCE, SWEEPS_MAX
from domain.orders import Order, OrderSide, OrderStatus, OrderType, TimeInForce
from domain.outages import OutageError
from domain.ticks import PriceReport
from tests.adapters.memory_table import MemoryTable
from tests.domain.book_world import BookWorld
from tests.domain.ledger_world import BTC, resting
from tests.domain.market_world import moves, tick

BUY, LIMIT, STOP = OrderSide.BUY, OrderType.LIMIT, OrderType.STOP_LOSS
EXPIRED, OPEN, FILLED = OrderStatus.EXPIRED, OrderStatus.OPEN, OrderStatus.FILLED


async def market(table: MemoryTable | None = None) -> BookWorld:
    world = await BookWorld(table).open("1000")
    await world.tick(100)
    return world


async def statuses(world: BookWorld, orders: Sequence[Order]) -> list[OrderStatus]:
    return [(await world.order(one)).status for one in orders]


@pytest.mark.parametrize("days", [1, 29, 31, 90, 900])
async def test_a_tick_ends_all_that_ended_on_the_way_to_it_however_long_that_was(days: int) -> None:
    world = await market()
    await world.process.expiry.work(tick(1, {BTC: 100}))
    placed = [
        await world.placed(resting(STOP, BUY, "1", "190", force=TimeInForce.DAY)),
        await world.placed(resting(LIMIT, BUY, "1", "90")),
    ]
    world.clock.advance(timedelta(days=days))
    await world.process.expiry.work(tick(2, {BTC: 100}))
    assert await statuses(world, placed) == [EXPIRED, EXPIRED if days > 29 else OPEN]
    await world.check()


async def test_each_of_many_distant_ticks_ends_what_was_placed_after_the_one_before() -> None:
    world = await market()
    await world.process.expiry.work(tick(1, {BTC: 100}))
    for number in range(2, 7):
        await world.tick(100)
        placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
        world.clock.advance(timedelta(hours=3 * HOURS_AT_ONCE))
        await world.process.expiry.work(tick(number, {BTC: 100}))
        assert await statuses(world, [placed]) == [EXPIRED]
    await world.check()


async def test_a_tick_whose_ends_cannot_be_written_is_to_be_worked_again() -> None:
    world = await market()
    placed = await world.placed(resting(LIMIT, BUY, "1", "90", force=TimeInForce.DAY))
    await world.process.expiry.work(tick(1, {BTC: 100}))
    world.clock.advance(timedelta(days=1))
    transact = world.table.transact

    async def away(writes: Sequence[Write], *, token: str) -> None:
        if any(placed.id in repr(write) for write in writes):
            raise TableUnavailableError("away")
        await transact(writes, token=token)

    world.table.transact = away  # type: ignore[method-assign]
    with pytest.raises(OutageError, match="tick 2"):
        await world.process.expiry.work(tick(2, {BTC: 100}))
    world.table.transact = transact  # type: ignore[method-assign]
    await world.process.expiry.work(tick(2, {BTC: 100}))
    assert await statuses(world, [placed]) == [EXPIRED]


async def test_a_time_beyond_all_bounds_is_no_endless_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("domain.order_expiry.SWEEPS_MAX", 2)
    assert SWEEPS_MAX * HOURS_AT_ONCE > 24 * 365 * 80
    world = await market()
    await world.process.expiry.work(tick(1, {BTC: 100}))
    world.clock.advance(timedelta(hours=3 * HOURS_AT_ONCE))
    with pytest.raises(OutageError, match="are left"):
        await world.process.expiry.work(tick(2, {BTC: 100}))
    await world.process.expiry.work(tick(2, {BTC: 100}))


class SlowTable(MemoryTable):
    """A table that takes its time to write orders, and none for ticks."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.writes_now = asyncio.Event()
        self.writes_now.set()

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        if not any("TICK" in repr(write) for write in writes):
            await self.writes_now.wait()
        await super().transact(writes, token=token)


async def test_an_order_that_is_being_placed_when_a_tick_comes_meets_it() -> None:
    # Given a replayed market, and an order that has been decided and not yet written
    table = SlowTable()
    world = await market(table)
    turns = MarketTurns()
    world.process.feed._turn = turns.tick
    table.writes_now.clear()

    async def place() -> Order:
        async with turns.command():
            return await world.placed(resting(LIMIT, BUY, "1", "90"))

    placing = asyncio.create_task(place())
    await settled()
    # When the price that it waits for comes, and is gone again at once
    ticking = asyncio.create_task(prices(world, (89, 100)))
    await settled()
    table.writes_now.set()
    placed = await placing
    await ticking
    # Then it was there
    assert await statuses(world, [placed]) == [FILLED]
    await world.check()


async def prices(world: BookWorld, dollars: Sequence[int]) -> None:
    at: datetime = world.clock.now()
    for price in dollars:
        report = PriceReport(at=at, source="test", moves=moves({BTC: price}))
        await world.process.feed.take(report)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
