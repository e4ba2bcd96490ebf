"""An account and all that it has, as of one version, whatever goes on meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.account_items import position_item
from adapters.account_store import READS_AGAIN_MAX, AccountTable
from adapters.table import Table
from domain.accounts import no_position
from domain.ids import AssetId
from domain.money import Money, Quantity
from domain.outages import OutageError
from tests.adapters.faulty_table import FaultyTable
from tests.adapters.memory_table import MemoryTable
from tests.adapters.test_account_store import put
from tests.domain.ledger_world import ACCOUNT, BTC, ETH, World


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
