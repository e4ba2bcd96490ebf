"""A follower's board is the leader's: in order, and without a gap, whatever the bus loses."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.local_bus import LocalTickBus
from adapters.table import TableUnavailableError
from domain.price_board import PriceBoard
from domain.tick_follower import TickFollower
from domain.ticks import Tick
from domain.warm_start import warm_start
from tests.domain.market_world import BTC, ETH, MarketWorld, report, tick, usd

SILENCE_MAX = timedelta(seconds=10)
POLLS_MAX = 5_000


class Following:
    """A process that follows the world's leader, over a bus of its own that may lose ticks."""

    def __init__(self, world: MarketWorld, *, look_every: timedelta) -> None:
        self.world = world
        self.board = PriceBoard()
        self.bus = LocalTickBus()
        self.told: list[int] = []
        self.board.listen(lambda _: self.told.append(self.board.number))
        self.follower = TickFollower(
            board=self.board,
            catalogue=world.catalogue,
            ticks=world.ticks,
            assets=world.assets,
            bus=self.bus,
            clock=world.clock,
            silence_max=SILENCE_MAX,
            look_every=look_every,
            sleep=self.sleep,
        )
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    async def start(self) -> None:
        await warm_start(
            self.board, self.world.catalogue, assets=self.world.assets, ticks=self.world.ticks
        )
        self.told.clear()


@asynccontextmanager
async def following(
    world: MarketWorld, *, look_every: timedelta = timedelta(hours=1)
) -> AsyncIterator[Following]:
    made = Following(world, look_every=look_every)
    await made.start()
    running = asyncio.create_task(made.follower.run())
    await settled()
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.wait([running])


async def settled() -> None:
    """Let everything happen that waits for no time."""
    for _ in range(20):
        await asyncio.sleep(0)


async def led(*prices: int) -> MarketWorld:
    """Return the world of a leader that has made these ticks."""
    world = MarketWorld()
    await world.start()
    await lead(world, *prices)
    return world


async def lead(world: MarketWorld, *prices: int) -> Sequence[Tick]:
    feed = world.feed()
    for price in prices:
        await feed.take(report({BTC: price, ETH: price + 1}, world.clock.now()))
    return world.bus.published[-len(prices) :]


async def test_ticks_of_the_bus_are_taken_as_they_come() -> None:
    world = await led(100)
    async with following(world) as process:
        for made in await lead(world, 101, 102):
            process.bus.publish(made)
        await settled()
        assert process.told == [2, 3]
        assert process.board.checkpoint() == world.board.checkpoint()


async def test_what_was_made_before_the_bus_was_heard_is_read_from_the_store() -> None:
    world = await led(100)
    process = Following(world, look_every=timedelta(hours=1))
    await process.start()
    await lead(world, 101)
    running = asyncio.create_task(process.follower.run())
    await settled()
    running.cancel()
    assert process.told == [2]


async def test_a_tick_that_the_bus_lost_is_taken_in_its_place() -> None:
    world = await led(100)
    async with following(world) as process:
        made = await lead(world, 101, 102, 103)
        process.bus.publish(made[2])
        process.bus.publish(made[1])
        await settled()
        assert process.told == [2, 3, 4]
        assert process.board.checkpoint() == world.board.checkpoint()


async def test_ticks_that_nobody_told_are_found_by_looking() -> None:
    world = await led(100)
    async with following(world, look_every=timedelta(milliseconds=1)) as process:
        await lead(world, 101, 102)
        for _ in range(POLLS_MAX):
            if process.told == [2, 3]:
                break
            await asyncio.sleep(0.001)
        assert process.board.checkpoint() == world.board.checkpoint()


async def test_ticks_that_were_trimmed_are_made_up_for_by_a_checkpoint(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = await led(100)
    async with following(world) as process:
        made = await lead(world, 101, 102, 103, 104)
        await world.assets.save(world.board.checkpoint())
        await world.ticks.trim(4)
        process.bus.publish(made[-1])
        await settled()
        assert process.board.checkpoint() == world.board.checkpoint()
        assert "Ticks from 2 on are gone" in caplog.text


async def test_a_store_that_cannot_answer_stops_the_board_until_it_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = await led(100)
    async with following(world) as process:
        made = await lead(world, 101, 102)
        for _ in range(8):
            world.table.fail_next(TableUnavailableError("away"))
        process.bus.publish(made[1])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert process.told == []
        assert process.follower.health().trouble == "can't read ticks: away"
        await settled()
        assert process.told == [2, 3]
        assert process.follower.health().trouble is None
        assert process.slept == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 8


async def test_a_tick_of_a_leader_that_was_replaced_neither_counts_nor_stops_anything() -> None:
    world = await led(100)
    async with following(world) as process:
        await world.ticks.put(tick(2, {BTC: 5}, world.clock.now(), fence=3))
        await world.ticks.put(tick(3, {BTC: 6}, world.clock.now(), fence=2))
        process.bus.publish(tick(3, {BTC: 6}, world.clock.now(), fence=2))
        await settled()
        await world.ticks.put(tick(4, {BTC: 7}, world.clock.now(), fence=3))
        process.bus.publish(tick(4, {BTC: 7}, world.clock.now(), fence=3))
        await settled()
        assert process.told == [2, 4]
        asset = process.board.asset(BTC)
        assert asset is not None
        assert asset.price == usd(7)


async def test_it_is_healthy_while_ticks_come_from_wherever() -> None:
    world = await led(100)
    process = Following(world, look_every=timedelta(hours=1))
    await process.start()
    assert not process.follower.health().is_healthy
    async with following(world) as process:
        health = process.follower.health()
        assert (health.is_healthy, health.tick_age, health.has_ended) == (True, None, False)
        for made in await lead(world, 101):
            process.bus.publish(made)
        await settled()
        world.clock.at += SILENCE_MAX
        assert process.follower.health().is_healthy
        assert process.follower.health().tick_age == SILENCE_MAX
        world.clock.at += timedelta(seconds=1)
        process.bus.publish(made)
        await settled()
        assert not process.follower.health().is_healthy, "an old tick is no news"


@given(order=st.lists(st.integers(0, 9), max_size=20))
def test_whatever_the_bus_brings_in_whatever_order_the_board_is_the_leaders(
    order: list[int],
) -> None:
    async def run() -> None:
        world = await led(100)
        async with following(world) as process:
            made = await lead(world, *range(101, 111))
            for index in order:
                process.bus.publish(made[index])
                await asyncio.sleep(0)
            process.bus.publish(made[-1])
            await settled()
            assert process.told == list(range(2, 12))
            assert process.board.checkpoint() == world.board.checkpoint()

    asyncio.run(run())
