"""Many ticks over ten thousand open orders: each costs what it sets off, and not what rests.

10,000 price changes; before a release a million: PRICE_CHANGES=1000000 .venv/bin/pytest tests/load
"""

import gc
import os
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.catalogue import shipped_catalogue
from adapters.simulated_market import SimulatedMarket, simulated_assets
from adapters.sqlite_table import SqliteTable
from adapters.table_calls import TableCall
from domain.market_feed import CHECKPOINT_EVERY, TICKS_KEPT
from domain.money import Price
from domain.ticks import PriceMove, PriceReport
from tests.domain.book_world import BookWorld
from tests.load.counted_table import ITEMS, CountedTable
from tests.load.crowd import ORDERS_EACH, Crowd

ASSETS = 50
TICKS = int(os.environ.get("PRICE_CHANGES", "10000")) // ASSETS
FEW_ORDERS, ORDERS = 100, 10_000
SECOND = timedelta(seconds=1)
CHECKPOINT_TICKS = CHECKPOINT_EVERY // SECOND

OBJECTS_MORE_MAX = 5_000
"""Objects that may be kept at the end beyond those after a quarter of the ticks.

A million price changes take under six hours. Until then all assets' rolling days grow by some 300
an hour, and what the simulated market remembers of its trends by some 600; both have their bounds.
One object kept of each price change would be 7,500 at least.
"""


class Market:
    """A leader on an SQLite store, the simulated market, and a crowd with orders in all assets."""

    def __init__(self, sqlite: SqliteTable, table: CountedTable, world: BookWorld) -> None:
        self.sqlite = sqlite
        self.table = table
        self.world = world
        self.crowd = Crowd(world)
        board = world.process.board
        self._source = SimulatedMarket(
            simulated_assets(board, world.catalogue), seed=3, clock=world.clock
        )

    async def tick(self, report: PriceReport | None = None) -> tuple[Counter[str], PriceReport]:
        """Let a second pass with its tick, and return what that took of the table."""
        self.world.clock.advance(SECOND)
        report = report or self._source.step()
        before = Counter(self.table.used)
        await self.world.process.feed.take(report)
        await self.world.process.engine.look_again()
        return self.table.used - before, report

    async def quiet_tick(self) -> Counter[str]:
        """Let a second pass in which every price moves, but not as far as to any order."""
        assets = list(self.world.process.board.assets())
        moves = tuple(PriceMove(one.id, Price(one.price.units * 1001 // 1000)) for one in assets)
        at = self.world.clock.now() + SECOND
        used, _ = await self.tick(PriceReport(at=at, source="test", moves=moves))
        return used

    async def engine_steps_of_quiet_tick(self) -> int:
        """Return how many instructions SQLite executes to answer the reads of a quiet tick."""
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        self.sqlite._reader.set_progress_handler(count, 1)
        try:
            await self.quiet_tick()
        finally:
            self.sqlite._reader.set_progress_handler(None, 1)
        return steps


@asynccontextmanager
async def crowded(path: Path, orders: int) -> AsyncIterator[Market]:
    """Open a market with so many open orders, each placed as anybody's."""
    clock = BookWorld().clock
    sqlite = await SqliteTable.open(path, wall_clock_s=clock.now_s)
    table: Any = CountedTable(sqlite)  # of a MemoryTable, such a world uses what any table has
    world = BookWorld(table)
    world.clock, world.catalogue = clock, shipped_catalogue()
    world.process = await world.start()
    market = Market(sqlite, table, world)
    await market.tick()
    await market.crowd.gather(orders // ORDERS_EACH)
    assert len(market.crowd) == orders
    yield market
    await sqlite.close()


def what_a_tick_may_use(fired: int) -> Counter[str]:
    """Return the calls of a tick: both sides of each book, and what each order takes by itself."""
    used = Counter[str]({TableCall.QUERY: 2 * ASSETS, TableCall.TRANSACT: 1})
    if fired:
        # The lease is confirmed once; a fill is one snapshot and one transaction.
        used[TableCall.GET] += 1
        used[ITEMS] += fired
        used[TableCall.SNAPSHOT] += fired
        used[TableCall.TRANSACT] += fired
    return used


async def test_a_tick_costs_what_it_sets_off_however_many_orders_rest(
    tmp_path: Path, say: Callable[[str], None]
) -> None:
    async with crowded(tmp_path / "few.db", FEW_ORDERS) as market:
        over_few = await market.quiet_tick()
        steps_over_few = await market.engine_steps_of_quiet_tick()
    async with crowded(tmp_path / "many.db", ORDERS) as market:
        assert await market.quiet_tick() == over_few == what_a_tick_may_use(0)
        assert await market.engine_steps_of_quiet_tick() == steps_over_few > 0
        say(await let_prices_move(market))
        await market.world.check()


async def let_prices_move(market: Market) -> str:
    """Make all the ticks, check each and in the end what is kept of them, and sum it up."""
    fills, kept, began_s = 0, 0, time.process_time()
    for number in range(1, TICKS + 1):
        used, report = await market.tick()
        met = market.crowd.met_by({move.asset_id: move.price for move in report.moves})
        assert used == what_a_tick_may_use(len(met)), number
        await market.crowd.go_on(met)
        assert len(market.crowd) == ORDERS
        fills += len(met)
        if number % CHECKPOINT_TICKS == 0:
            await market.world.process.feed.checkpoint()
        if number == TICKS // 4:
            kept = retained_objects()
    more = retained_objects() - kept
    cpu_s = time.process_time() - began_s
    assert fills > TICKS // 2
    assert more < OBJECTS_MORE_MAX
    assert await stored_ticks(market) <= TICKS_KEPT + CHECKPOINT_TICKS
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"{TICKS * ASSETS} price changes in {TICKS} ticks over {ORDERS} open orders: "
        f"{fills} fills, each replaced; {cpu_s:.0f} s of CPU, {TICKS / cpu_s:.0f} ticks a second; "
        f"{more} objects more than after a quarter of them; at most {peak_mib} MiB"
    )


def retained_objects() -> int:
    """Return how many objects there are that hold others, garbage aside."""
    gc.collect()
    return len(gc.get_objects())


async def stored_ticks(market: Market) -> int:
    return len([item async for item in market.sqlite.scan("TICK")])
