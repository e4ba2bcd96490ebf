"""Candles outlive every restart, are written down by the leader alone, and seldom."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from adapters.candle_store import CandleTable
from adapters.lease_store import LeaseTable
from domain.candle_keeper import TICKS_MAX, UNSAVED_MAX, CandleKeeper
from domain.candles import Candle, CandleInterval, CandleQuery
from domain.ids import AssetId
from domain.money import Price
from domain.ports.leases import Lease
from domain.ticks import Tick
from tests.domain.market_world import BTC, DOGE, ETH, NOON, MarketWorld, tick, usd

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


class CandleWorld(MarketWorld):
    """Processes on one store that follow each other, or run at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.store = CandleTable(self.table, clock=self.clock)
        self.number = 0

    async def keeper(self) -> CandleKeeper:
        """Start a process on a board of its own."""
        await self.start()
        made = CandleKeeper(
            board=self.board, candles=self.store, ticks=self.ticks, clock=self.clock
        )
        self.stop: Callable[[], None] = await made.begin()
        return made

    async def make(self, price: int, at: datetime, fence: int = 0, asset: AssetId = BTC) -> Tick:
        """Store a tick and put it on the board, as a feed does."""
        self.number += 1
        self.clock.at = at
        made = tick(self.number, {asset: price}, at, fence)
        await self.ticks.put(made)
        self.board.apply(made)
        return made


async def minutes(keeper: CandleKeeper, asset_id: AssetId = BTC, limit: int = 500) -> list[Candle]:
    query = CandleQuery(asset_id=asset_id, interval=CandleInterval.ONE_MINUTE, limit=limit)
    (found,) = await keeper.find([query])
    return list(found)


def closes(candles: list[Candle]) -> list[Price]:
    return [candle.close for candle in candles]


async def test_closed_candles_are_saved_and_open_ones_are_in_memory() -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    for number in range(4):
        await keeper.work(await world.make(number + 1, NOON + number * MINUTE))

    assert closes(await minutes(keeper)) == [usd(1), usd(2), usd(3), usd(4)]
    query = CandleQuery(asset_id=BTC, interval=CandleInterval.ONE_MINUTE)
    assert [one.close for one in await world.store.candles(query)] == [usd(1), usd(2), usd(3)]
    assert keeper.final_until == NOON + 3 * MINUTE


@pytest.mark.parametrize("saves", [True, False])
async def test_a_restart_goes_on_in_the_middle_of_a_candle(saves: bool) -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    for seconds, price in ((0, 5), (70, 9), (80, 2)):
        made = await world.make(price, NOON + seconds * SECOND)
        if saves:
            await keeper.work(made)

    keeper = await world.keeper()
    await world.make(7, NOON + 90 * SECOND)

    assert await minutes(keeper) == [
        Candle.first(NOON, usd(5)),
        Candle(NOON + MINUTE, usd(9), usd(9), usd(2), usd(7)),
    ]


async def test_a_new_leader_writes_what_the_old_one_did_not() -> None:
    world = CandleWorld()
    await world.keeper()
    for number in range(3):
        await world.make(number + 1, NOON + number * MINUTE)
    successor = await world.keeper()

    await successor.work(await world.make(4, NOON + 3 * MINUTE, fence=1))

    query = CandleQuery(asset_id=BTC, interval=CandleInterval.ONE_MINUTE)
    assert [one.close for one in await world.store.candles(query)] == [usd(1), usd(2), usd(3)]


async def test_a_follower_that_leads_goes_on_where_the_old_leader_had_written() -> None:
    world = CandleWorld()
    leader = await world.keeper()
    follower = CandleKeeper(
        board=world.board, candles=world.store, ticks=world.ticks, clock=world.clock
    )
    await follower.begin()
    for number in range(3):
        await leader.work(await world.make(number + 1, NOON + number * MINUTE))

    await follower.work(await world.make(4, NOON + 3 * MINUTE, fence=1))

    assert (await world.store.load()).through == 4
    assert closes(await minutes(follower)) == [usd(1), usd(2), usd(3), usd(4)]


async def test_who_finishes_the_tick_of_a_dead_leader_writes_under_its_own_fence() -> None:
    # Given a leader that died before it wrote what its last tick had closed
    world = CandleWorld()
    await world.keeper()
    for number in range(3):
        await world.make(number + 1, NOON + number * MINUTE, fence=1)
    # When another one leads
    heir = Lease(name="market", owner="heir", fence=2, beat=0)
    await LeaseTable(world.table).write(heir, was=None)
    world.store = CandleTable(world.table, clock=world.clock, lease=heir.name)
    successor = await world.keeper()
    await world.feed(fence=heir.fence, works=[successor.work]).run()
    # Then
    assert (await world.store.load()).through == 3


async def test_writing_is_seldom_where_ticks_are_fast() -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    await keeper.work(await world.make(1, NOON))
    await keeper.work(await world.make(2, NOON + MINUTE))
    saved = (await world.store.load()).through

    for number in range(10):  # a recording that is played a minute in a moment
        made = await world.make(3, NOON + (2 + number) * MINUTE)
        world.clock.at = NOON + MINUTE
        await keeper.work(made)
    assert (await world.store.load()).through == saved

    made = await world.make(3, NOON + 12 * MINUTE)
    await keeper.work(made)
    assert (await world.store.load()).through == made.number


async def test_many_closed_candles_are_written_at_once() -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    await keeper.work(await world.make(1, NOON))
    await keeper.work(await world.make(1, NOON + MINUTE))
    for number in range(2, UNSAVED_MAX + 2):
        made = await world.make(1, NOON + number * MINUTE)
        world.clock.at = NOON + MINUTE
        await keeper.work(made)

    assert (await world.store.load()).through > 2


async def test_open_candles_are_saved_before_their_ticks_are_let_go_of() -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    for number in range(TICKS_MAX):
        await keeper.work(await world.make(number + 1, NOON + number * timedelta(milliseconds=9)))

    assert (await world.store.load()).through == TICKS_MAX


async def test_what_the_store_cannot_take_is_written_later() -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    await keeper.work(await world.make(1, NOON))
    made = await world.make(2, NOON + MINUTE)
    world.table.transactions_left = 0
    await keeper.work(made)
    assert (await world.store.load()).through == 0

    world.table.transactions_left = None
    await keeper.work(await world.make(3, NOON + 2 * MINUTE))

    assert (await world.store.load()).through == 3


async def test_a_process_that_missed_ticks_reads_them_when_asked() -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    await world.make(1, NOON)
    world.number += 1
    missed = tick(world.number, {BTC: 9}, NOON + SECOND)
    await world.ticks.put(missed)

    await world.make(2, NOON + 2 * SECOND)
    await world.make(3, NOON + 3 * SECOND)

    assert await minutes(keeper) == [Candle(NOON, usd(1), usd(9), usd(1), usd(3))]


async def test_a_leader_that_missed_ticks_reads_them_first() -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    await keeper.work(await world.make(1, NOON))
    world.number += 1
    await world.ticks.put(tick(world.number, {BTC: 9}, NOON + SECOND))

    await keeper.work(await world.make(2, NOON + MINUTE))

    assert (await minutes(keeper))[0] == Candle(NOON, usd(1), usd(9), usd(1), usd(9))


async def test_ticks_that_are_gone_are_told(caplog: pytest.LogCaptureFixture) -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    await keeper.work(await world.make(1, NOON))
    await keeper.work(await world.make(2, NOON + MINUTE))
    await world.make(3, NOON + 2 * MINUTE)
    await world.make(4, NOON + 3 * MINUTE)
    await world.ticks.trim(3)

    keeper = await world.keeper()

    assert closes(await minutes(keeper)) == [usd(1), usd(2), usd(4)]
    assert "Ticks 3 to 3 are gone; candles lack them." in caplog.messages


async def test_queries_of_many_assets_are_answered_together() -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    for asset in (BTC, ETH):
        await keeper.work(await world.make(5, NOON, asset=asset))

    queries = [CandleQuery(asset_id=one) for one in (BTC, ETH, DOGE) * 5]
    found = await keeper.find(queries)

    assert [len(one) for one in found] == [1, 1, 0] * 5


async def test_a_keeper_that_stopped_hears_nothing() -> None:
    world = CandleWorld()
    keeper = await world.keeper()
    world.stop()

    await world.make(1, NOON)

    assert await minutes(keeper) == []
