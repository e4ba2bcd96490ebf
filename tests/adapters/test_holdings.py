"""An account and all that it has, as of one version, whatever goes on meanwhile."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.account_items import account_item, account_key, position_item
from adapters.account_store import READS_AGAIN_MAX, AccountTable
from adapters.table import Index, Page, Table
from domain.accounts import no_position
from domain.ids import AssetId
from domain.money import Money, Quantity
from domain.order_ends import CancelOrder
from domain.orders import Order, OrderSide, OrderType
from domain.outages import OutageError
from tests.adapters.faulty_table import FaultyTable
from tests.adapters.memory_table import MemoryTable
from tests.adapters.test_account_store import put
from tests.domain.ledger_world import ACCOUNT, BTC, ETH, SetClock, World, resting


class TornTable(MemoryTable):
    """A table whose queries show a transaction in parts, as those of DynamoDB may.

    Of `torn`, the next query of each index shows the account as it is, and all else as it was.
    """

    def __init__(self, wall_clock_s: Callable[[], float]) -> None:
        super().__init__(wall_clock_s)
        self.torn: list[Index] = []
        self._past = MemoryTable(wall_clock_s)

    def remember(self) -> None:
        """Take this for what was."""
        self._past._items = dict(self._items)
        self._past._partitions = {pk: set(keys) for pk, keys in self._partitions.items()}

    async def query(self, pk: str, **asked: Any) -> Page:
        index = asked.get("index", Index.MAIN)
        now = await super().query(pk, **asked)
        if index not in self.torn:
            return now
        self.torn.remove(index)
        was = await self._past.query(pk, **asked)
        shown = (now.items[0] if item.key == account_key(ACCOUNT) else item for item in was.items)
        return Page(tuple(shown), more=was.more)


async def torn_world() -> tuple[World, TornTable]:
    table = TornTable(SetClock().now_s)
    return await World(table).open("1000"), table


async def test_holdings_are_those_of_the_epoch_with_sold_out_ones(table: Table) -> None:
    world = await World(table).open("1000")
    await world.buy("0.01")
    await world.buy("0.1", ETH)
    await world.reset()
    world.clock.advance(timedelta(days=1))
    world.prices.set(BTC, "50000", at=world.clock.at)
    await world.deposit("1000")
    await world.buy("0.001")
    await world.sell("0.001")
    holdings = await world.accounts.holdings(ACCOUNT)
    assert [(held.asset_id, held.quantity) for held in holdings.positions] == [(BTC, Quantity(0))]
    both = await world.accounts.positions(ACCOUNT, [BTC, ETH])
    assert {asset: held.epoch for asset, held in both.items()} == {BTC: 1, ETH: 0}


async def test_holdings_of_many_pages_are_whole() -> None:
    world = await World().open("10")
    one = replace(no_position(await world.account(), BTC), quantity=Quantity(1), version=1)
    many = (replace(one, asset_id=AssetId(f"A{number:04}")) for number in range(700))
    await put(world.table, *map(position_item, many))
    holdings = await world.accounts.holdings(ACCOUNT)
    assert len(holdings.positions) == 700


@pytest.mark.parametrize("seed", range(8))
async def test_holdings_are_of_one_version_while_somebody_trades(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given pages so small that a portfolio takes several reads
    monkeypatch.setattr("adapters.account_store.POSITIONS_PAGE", 1)
    world = await World().open("1000")
    world.prices.set(BTC, "1")
    world.prices.set(ETH, "1")
    slow = FaultyTable(world.table, seed, turns_max=3)
    await world.buy("1")
    await world.buy("1", ETH)

    async def trade() -> None:
        for number in range(30):
            await world.buy("1", (BTC, ETH)[number % 2])
            for _ in range(20):
                await asyncio.sleep(0)

    # When
    trading = asyncio.create_task(trade())
    seen = 0
    while not trading.done():
        holdings = await AccountTable(slow).holdings(ACCOUNT)
        # Then what was bought is what was spent, in each of them
        spent = Money(1000_00) - holdings.account.cash
        bought = sum(held.quantity.units for held in holdings.positions)
        assert bought == spent.units * 10**6
        seen += 1
    await trading
    assert seen > 3


async def test_a_position_that_stays_newer_than_its_account_is_an_outage() -> None:
    world = await World().open("1000")
    newer = replace(no_position(await world.account(), BTC), version=99)
    await put(world.table, position_item(newer))
    assert isinstance(world.table, MemoryTable)
    world.table.calls.clear()
    with pytest.raises(OutageError, match="changed faster than it could be read"):
        await world.accounts.holdings(ACCOUNT)
    assert world.table.calls == ["query"] * READS_AGAIN_MAX


async def test_a_position_that_shows_later_than_its_account_is_waited_for() -> None:
    world, table = await torn_world()
    for bought in ("0.001", "0.002"):
        table.remember()
        await world.buy("0.001")
        table.torn = [Index.MAIN]
        holdings = await world.accounts.holdings(ACCOUNT)
        assert [str(held.quantity) for held in holdings.positions] == [bought]


async def test_a_reset_closes_what_shows_late() -> None:
    world, table = await torn_world()
    await world.buy("0.001")
    table.remember()
    await world.buy("0.001")
    table.torn = [Index.MAIN]
    done = await world.reset()
    assert done.entry is not None
    closed = {leg.unit: str(leg.amount) for leg in done.entry.legs if leg.amount.units > 0}
    assert closed == {"USD": "900.00", "BTC": "0.002"}
    assert await world.findings() == []


async def test_a_reset_cancels_what_shows_late_and_nothing_that_has_ended() -> None:
    world, table = await torn_world()
    table.remember()
    resting = await rested(world)
    table.torn = [Index.LOCAL_2]
    done = await world.reset()
    assert done.entry is not None
    assert done.entry.cancelled_orders == (resting.id,)

    await world.deposit("100")
    resting = await rested(world)
    table.remember()
    await world.do(CancelOrder(order_id=resting.id, asset_id=BTC))
    table.torn = [Index.LOCAL_2]
    done = await world.reset()
    assert done.entry is not None
    assert done.entry.cancelled_orders == ()
    assert await world.findings() == []


async def test_open_orders_that_stay_uncounted_are_an_outage() -> None:
    world, _ = await torn_world()
    account = await world.account()
    await put(world.table, account_item(replace(account, open_orders=1)))
    with pytest.raises(OutageError, match="changed faster than it could be read"):
        await world.reset()


async def rested(world: World) -> Order:
    done = await world.do(resting(OrderType.LIMIT, OrderSide.BUY, "0.001", "40000"))
    assert done.order is not None
    return done.order
