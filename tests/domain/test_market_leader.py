"""Whoever leads goes on from the last tick; all others follow, and say how fresh they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from adapters.asset_store import AssetTable
from adapters.lease_store import LeaseTable
from adapters.tick_store import TickTable
from domain.leadership import RENEW_EVERY_S, TAKEN_OVER_AFTER_S, Leadership
from domain.market_feed import MarketFeed
from domain.market_leader import FOLLOWERS_SILENCE_MAX, Follow, MarketHealth, MarketLeader
from domain.outages import OutageError
from domain.ports.leases import Lease, NotLeaderError
from domain.ports.markets import MarketSourceError
from domain.price_board import PriceBoard
from domain.ticks import PriceReport
from domain.warm_start import catch_up, warm_start
from tests.domain.market_world import BTC, CATALOGUE, KeptTicks, MarketWorld, report, usd
from tests.domain.set_time import SetTime, settled

LEASE = "market"


class FedSource:
    """A source that waits until a test gives it something."""

    name = "test"
    silence_max = timedelta(seconds=10)

    def __init__(self) -> None:
        self._given: asyncio.Queue[PriceReport | None] = asyncio.Queue()

    async def give(self, following: PriceReport | None) -> None:
        self._given.put_nowait(following)
        await settled()

    async def next_report(self) -> PriceReport | None:
        return await self._given.get()


class Process:
    """One server process: a board of its own, on stores that all share."""

    def __init__(self, owner: str, world: MarketWorld, time: SetTime) -> None:
        self.world = world
        self.ticks = TickTable(world.table, clock=world.clock, lease=LEASE)
        self.assets = AssetTable(world.table, lease=LEASE)
        self.board = PriceBoard()
        self.source = FedSource()
        self.failures: list[Exception] = []
        self.bus = KeptTicks()
        self.leadership = Leadership(
            name=LEASE,
            owner=owner,
            leases=LeaseTable(world.table),
            monotonic=time.monotonic,
            sleep=time.sleep,
        )
        self.time = time

    async def open_feed(self, fence: int) -> MarketFeed:
        if self.failures:
            raise self.failures.pop(0)
        return MarketFeed(
            source=self.source,
            board=self.board,
            ticks=self.ticks,
            assets=self.assets,
            bus=self.bus,
            clock=self.world.clock,
            sleep=self.time.sleep,
            fence=fence,
        )

    @asynccontextmanager
    async def running(self, follow: Follow | None = None) -> AsyncIterator[MarketLeader]:
        await warm_start(self.board, CATALOGUE, assets=self.assets, ticks=self.ticks)
        leader = MarketLeader(
            leadership=self.leadership,
            board=self.board,
            ticks=self.ticks,
            clock=self.world.clock,
            open_feed=self.open_feed,
            follow=follow,
            sleep=self.time.sleep,
        )
        task = asyncio.create_task(leader.run())
        await settled()
        try:
            yield leader
        finally:
            task.cancel()
            await asyncio.wait({task})

    def price(self) -> str:
        quote = self.board.quote(BTC)
        assert quote is not None
        return str(quote.price)


@pytest.fixture
def world() -> MarketWorld:
    return MarketWorld()


@pytest.fixture
def time() -> SetTime:
    return SetTime()


async def test_the_leader_makes_fenced_ticks(world: MarketWorld, time: SetTime) -> None:
    first = Process("first", world, time)

    async with first.running() as leader:
        await leader.opened()
        await first.source.give(report({BTC: 1001}))

        assert first.price() == "1001"
        assert [(tick.number, tick.fence) for tick in first.bus.published] == [(1, 1)]
        assert leader.health() == MarketHealth(
            is_healthy=True, is_leader=True, tick_age=timedelta(0)
        )


async def test_a_successor_goes_on_where_the_last_tick_stood(
    world: MarketWorld, time: SetTime
) -> None:
    # Given a leader, and a candidate that heard nothing of its tick.
    first, second = Process("first", world, time), Process("second", world, time)
    leading = first.running()
    await leading.__aenter__()
    async with second.running() as heir:
        await first.source.give(report({BTC: 1002}))
        assert not heir.health().is_leader
        assert second.price() == "1000"

        # When the leader stops.
        await leading.__aexit__(None, None, None)
        await time.pass_by(RENEW_EVERY_S)
        await second.source.give(report({BTC: 1003}))

        # Then the next tick follows on the last one.
        asset = second.board.asset(BTC)
        assert asset is not None
        assert (str(asset.price), asset.previous_price, asset.sequence) == ("1003", usd(1002), 2)


async def test_a_leader_that_stops_leaves_a_checkpoint_and_gives_the_lease_back(
    world: MarketWorld, time: SetTime
) -> None:
    first = Process("first", world, time)

    async def follow() -> None:
        await asyncio.Future()

    async with first.running(follow):
        await first.source.give(report({BTC: 1001}))

    assert (await first.assets.load()).through == 1
    held = await LeaseTable(world.table).read(LEASE)
    assert held is not None
    assert held.owner == ""


async def test_what_a_paused_leader_sends_when_it_wakes_is_refused(
    world: MarketWorld, time: SetTime
) -> None:
    # Given a leader that was paused while another took its lease.
    first = Process("first", world, time)
    async with first.running() as leader:
        await first.source.give(report({BTC: 1001}))
        leases = LeaseTable(world.table)
        held = await leases.read(LEASE)
        assert held is not None
        await leases.write(Lease(name=LEASE, owner="heir", fence=2, beat=0), was=held)

        # When it wakes and has a price.
        await first.source.give(report({BTC: 6}))

        # Then nobody ever sees it.
        assert first.price() == "1001"
        assert len(first.bus.published) == 1
        assert [tick.number for tick in await first.ticks.after(0)] == [1]
        assert not leader.health().is_leader


async def test_an_old_leaders_checkpoint_is_refused(world: MarketWorld, time: SetTime) -> None:
    first = Process("first", world, time)
    async with first.running():
        await first.source.give(report({BTC: 1001}))
        checkpoint = first.board.checkpoint()
        held = await LeaseTable(world.table).read(LEASE)
        assert held is not None
        heir = Lease(name=LEASE, owner="heir", fence=2, beat=0)
        await LeaseTable(world.table).write(heir, was=held)

        with pytest.raises(NotLeaderError):
            await first.assets.save(checkpoint, fence=1)
        await first.assets.save(checkpoint, fence=2)


async def test_a_follower_is_healthy_while_ticks_come(world: MarketWorld, time: SetTime) -> None:
    first, second = Process("first", world, time), Process("second", world, time)

    async def follow() -> None:
        while True:
            await time.sleep(1)
            await catch_up(second.board, second.ticks)

    async with first.running(), second.running(follow) as follower:
        assert follower.health().tick_age is None
        assert not follower.health().is_healthy

        await first.source.give(report({BTC: 1001}))
        await time.pass_by(1)
        assert second.price() == "1001"
        assert follower.health() == MarketHealth(
            is_healthy=True, is_leader=False, tick_age=timedelta(0)
        )

        world.clock.at += FOLLOWERS_SILENCE_MAX + timedelta(seconds=1)
        assert not follower.health().is_healthy


async def test_a_follower_of_a_source_that_is_seldom_asked_may_hear_nothing_for_long(
    world: MarketWorld, time: SetTime
) -> None:
    process, quiet = Process("second", world, time), timedelta(minutes=35)
    follower = MarketLeader(
        leadership=process.leadership,
        board=process.board,
        ticks=process.ticks,
        clock=world.clock,
        open_feed=process.open_feed,
        quiet_max=quiet,
    )

    assert follower.health().is_healthy
    world.clock.at += quiet + FOLLOWERS_SILENCE_MAX
    assert follower.health().is_healthy
    world.clock.at += timedelta(seconds=1)
    assert not follower.health().is_healthy


async def test_a_market_that_can_not_be_opened_yet_is_tried_again(
    world: MarketWorld, time: SetTime
) -> None:
    first = Process("first", world, time)
    first.failures.append(OutageError("hiccup"))

    async with first.running() as leader:
        assert not leader.health().is_healthy
        await time.pass_by(RENEW_EVERY_S)
        await leader.opened()

        assert leader.health().is_leader


async def test_a_source_that_ends_leaves_its_process_leading(
    world: MarketWorld, time: SetTime
) -> None:
    first, second = Process("first", world, time), Process("second", world, time)

    async with first.running() as leader, second.running() as candidate:
        await first.source.give(None)
        await time.pass_by(2 * TAKEN_OVER_AFTER_S)

        assert leader.health().is_healthy
        assert leader.health().is_leader
        assert not candidate.health().is_leader


async def test_a_source_that_can_not_be_opened_ends_the_market(
    world: MarketWorld, time: SetTime
) -> None:
    first = Process("first", world, time)
    first.failures.append(MarketSourceError("no such file"))
    await warm_start(first.board, CATALOGUE, assets=first.assets, ticks=first.ticks)
    leader = MarketLeader(
        leadership=first.leadership,
        board=first.board,
        ticks=first.ticks,
        clock=world.clock,
        open_feed=first.open_feed,
        sleep=time.sleep,
    )

    with pytest.raises(MarketSourceError, match="no such file"):
        await leader.run()
