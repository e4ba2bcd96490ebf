"""Races for one account on real engines, within one process and between two."""

import asyncio

import pytest

from adapters.table import Table
from domain.orders import OrderSide
from tests.adapters.conftest import WallClock
from tests.domain.ledger_world import BTC, NOW, World, order
from tests.domain.test_ledger_races import check, processes, race


@pytest.mark.parametrize("ledgers", [1, 2])
async def test_of_64_buys_at_once_with_cash_for_ten_exactly_ten_are_filled(
    table: Table, ledgers: int
) -> None:
    world = await World(table).open("1000")
    world.prices.set(BTC, "100")
    await check(world, await race(world, processes(world, table, ledgers)))


async def test_one_key_at_once_on_two_processes_has_one_effect(
    table: Table, wall_clock: WallClock
) -> None:
    wall_clock.now_s = NOW.timestamp()
    world = await World(table).open("1000")
    world.prices.set(BTC, "100")
    one, other = processes(world, table, 2)
    wish = order(OrderSide.BUY, quantity="1")
    done = await asyncio.gather(
        *(world.do(wish, "a-key", ledger=(one, other)[i % 2]) for i in range(32))
    )
    assert sum(not outcome.is_replay for outcome in done) == 1
    assert len({(outcome.entry, outcome.errors) for outcome in done}) == 1
    assert (await world.account()).version == 2
