"""The book on each engine: orders are found by price, in their order, as long as they are open."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.book_items import SWEPT, ending_item, waiting_item
from adapters.book_store import ORDERS_PAGE, BookTable
from adapters.fields import StoredWronglyError
from adapters.table import ACTIONS_MAX, Put, Table
from domain.ids import AssetId, OrderId
from domain.money import Money
from domain.order_ends import CancelOrder
from domain.order_expiry import HOUR, hour_of
from domain.orders import Order, OrderSide, OrderType
from tests.domain.decisions import having
from tests.domain.ledger_world import BTC, ETH, NOW, World, resting
from tests.domain.market_world import usd
from tests.domain.resting_orders import buy_order

BUY, SELL = OrderSide.BUY, OrderSide.SELL
LIMIT, STOP, TAKE = OrderType.LIMIT, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT


@pytest.fixture
async def world(table: Table) -> World:
    """Return a user with money, on each engine."""
    world = await World(table).open("1000")
    world.prices.set(BTC, "100")
    return world


@pytest.fixture
def book(table: Table, world: World) -> BookTable:
    return BookTable(table, ids=world.ids)


async def placed(world: World, kind: OrderType, level: str) -> Order:
    done = await world.do(resting(kind, BUY, "0.01", level))
    assert done.order is not None, done.errors
    return done.order


async def met(book: BookTable, price: str, asset: AssetId = BTC) -> list[OrderId]:
    return [one.order_id for one in await book.met(asset, usd(price))]


async def test_a_price_finds_what_it_sets_off_the_farthest_passed_first(
    world: World, book: BookTable
) -> None:
    low, high = await placed(world, LIMIT, "80"), await placed(world, TAKE, "90.000000000001")
    up, again = await placed(world, STOP, "110"), await placed(world, STOP, "110")
    far = await placed(world, STOP, "1000")
    assert await met(book, "90.000000000002") == []
    assert await met(book, "90.000000000001") == [high.id]
    assert await met(book, "79") == [high.id, low.id]
    assert await met(book, "109.999999999999") == []
    assert await met(book, "110") == [up.id, again.id]
    assert await met(book, "200000") == [up.id, again.id, far.id]
    assert await met(book, "1", ETH) == []
    ids = {one.order_id for one in await book.all_in(BTC)}
    assert ids == {low.id, high.id, up.id, again.id, far.id}


async def test_an_order_that_has_ended_is_in_no_list(world: World, book: BookTable) -> None:
    order = await placed(world, LIMIT, "80")
    end = order.expires_at
    assert end is not None
    assert [one.order_id for one in await book.due(hour_of(end), end)] == [order.id]
    assert await book.due(hour_of(end), end - timedelta(milliseconds=1)) == []
    assert await book.due(hour_of(end) + HOUR, end + HOUR) == []
    await world.do(CancelOrder(order_id=order.id, asset_id=BTC))
    assert await met(book, "80") == []
    assert await book.due(hour_of(end), end) == []


async def test_more_than_a_page_is_found_whole(table: Table, book: BookTable) -> None:
    account = having()
    orders = [
        replace(buy_order(account, number, NOW, cash=Money(1)), limit_price=usd(f"{90 + number}"))
        for number in range(ORDERS_PAGE + 2)
    ]
    items = [waiting_item(order) for order in orders]
    for start in range(0, len(items), ACTIONS_MAX):
        puts = [Put(item) for item in items[start : start + ACTIONS_MAX]]
        await table.transact(puts, token=str(start))
    found = await met(book, "90")
    assert found == [order.id for order in reversed(orders)]


async def test_how_far_the_list_of_ends_was_swept_is_remembered(book: BookTable) -> None:
    assert await book.swept_through() is None
    for hours in (0, 1, 0):
        await book.mark_swept(hour_of(NOW) + hours * HOUR)
        assert await book.swept_through() == hour_of(NOW) + hours * HOUR
    assert SWEPT.pk.startswith("EXPIRY#")


def test_an_open_order_without_an_end_cannot_be_stored() -> None:
    order = buy_order(having(), 1, NOW, cash=Money(1))
    with pytest.raises(StoredWronglyError, match="should have an end"):
        ending_item(replace(order, expires_at=None))
