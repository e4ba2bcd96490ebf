"""The feed: every report becomes a stored tick before anybody sees it."""

import asyncio
import logging
from datetime import timedelta

import pytest

from adapters.table import TableOutcomeUnknownError, TableUnavailableError
from domain.market_feed import (
    CHECKPOINT_EVERY,
    CHECKPOINT_TICKS_MAX,
    NUMBERS_TRIED_MAX,
    RETRY_S_MAX,
    TICKS_KEPT,
    MarketFeed,
)
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.markets import MarketSourceError, TickTakenError
from domain.ticks import PriceReport, Tick
from tests.domain.market_world import BTC, ETH, ListedSource, MarketWorld, report, tick, usd


async def started() -> MarketWorld:
    world = MarketWorld()
    await world.start()
    return world


def price_of_btc(world: MarketWorld) -> object:
    asset = world.board.asset(BTC)
    assert asset is not None
    return asset.price


async def test_a_report_is_stored_then_shown_then_published() -> None:
    world = await started()
    updates = await world.feed(fence=4).take(report({BTC: 1100}))
    expected = tick(1, {BTC: 1100}, fence=4)
    assert await world.ticks.last() == expected
    assert [update.price for update in updates] == [usd(1100)]
    assert price_of_btc(world) == usd(1100)
    assert world.bus.published == [expected]


async def test_nobody_sees_a_tick_that_could_not_be_stored() -> None:
    world = await started()
    feed = world.feed()
    world.table.fail_next(TableUnavailableError("away"))
    with pytest.raises(OutageError):
        await feed.take(report({BTC: 1100}))
    assert (price_of_btc(world), world.bus.published) == (usd(1000), [])


async def test_a_tick_in_doubt_is_given_again_and_has_one_effect() -> None:
    world = await started()
    feed = world.feed()
    world.table.fail_next(TableOutcomeUnknownError("lost"), is_written=True)
    with pytest.raises(OutcomeUnknownError):
        await feed.take(report({BTC: 1100}))
    world.clock.at += timedelta(seconds=5)
    await feed.take(report({BTC: 1100}))
    assert world.bus.published == [tick(1, {BTC: 1100})]


async def test_a_number_that_another_process_took_is_caught_up_with() -> None:
    world = await started()
    await world.ticks.put(tick(1, {BTC: 7}))
    await world.feed().take(report({ETH: 8}))
    assert world.bus.published == [tick(2, {ETH: 8})]
    assert price_of_btc(world) == usd(7)


async def test_losing_every_number_is_an_outage() -> None:
    world = await started()
    tried: list[int] = []

    class Contested:
        async def put(self, tick: Tick) -> None:
            tried.append(tick.number)
            raise TickTakenError

        async def after(self, number: int) -> list[Tick]:
            return [] if number >= len(tried) else [tick(len(tried), {})]

    world.ticks = Contested()  # type: ignore[assignment]
    with pytest.raises(OutageError):
        await world.feed().take(report({BTC: 8}))
    assert tried == list(range(1, NUMBERS_TRIED_MAX + 1))


async def test_the_feed_runs_until_its_source_ends_and_leaves_a_checkpoint() -> None:
    world = await started()
    feed = world.feed(report({BTC: 1100}), report({BTC: 1200}))
    await feed.run()
    stored = await world.assets.load()
    assert (stored.through, [state.through for state in stored.states]) == (2, [2, 2, 2, 2])
    health = feed.health()
    assert (health.is_healthy, health.has_ended, health.trouble) == (True, True, None)


async def test_failures_of_source_and_store_are_waited_out_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = await started()
    world.table.fail_next(TableUnavailableError("away"))
    world.table.fail_next(TableOutcomeUnknownError("lost"))
    waits: list[float] = []
    troubles: list[str | None] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        troubles.append(feed.health().trouble)

    world.clock.sleep = sleep  # type: ignore[method-assign]
    feed = world.feed(MarketSourceError("closed"), MarketSourceError("closed"), report({BTC: 1100}))
    with caplog.at_level(logging.WARNING):
        await feed.run()
    assert waits == [0.5, 1, 0.5, 1]
    assert troubles == [
        "has no prices: closed",
        "has no prices: closed",
        "could not store a tick: away",
        "could not store a tick: lost",
    ]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 4
    assert world.bus.published == [tick(1, {BTC: 1100})]
    assert feed.health().trouble is None


async def test_waits_grow_no_longer_than_their_bound() -> None:
    world = await started()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    world.clock.sleep = sleep  # type: ignore[method-assign]
    await world.feed(*[MarketSourceError("closed")] * 9).run()
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert max(waits) == RETRY_S_MAX


async def test_checkpoints_are_made_by_time() -> None:
    world = await started()
    saved: list[int] = []

    class Timed(ListedSource):
        async def next_report(self) -> PriceReport | None:
            world.clock.at += CHECKPOINT_EVERY / 2
            saved.append((await world.assets.load()).through)
            return await super().next_report()

    await feed_of(world, Timed([report({BTC: price}) for price in range(1, 6)])).run()
    assert saved == [0, 0, 2, 2, 4, 4]


async def test_checkpoints_are_made_by_count_and_old_ticks_go() -> None:
    world = await started()
    prices = [report({BTC: 1 + number % 2}) for number in range(CHECKPOINT_TICKS_MAX)]

    class Watched(ListedSource):
        async def next_report(self) -> PriceReport | None:
            if not self.given:
                assert (await world.assets.load()).through == CHECKPOINT_TICKS_MAX
            return await super().next_report()

    await feed_of(world, Watched(prices)).run()
    kept = await world.ticks.after(0)
    assert kept[0].number == CHECKPOINT_TICKS_MAX - TICKS_KEPT + 1


async def test_a_checkpoint_that_fails_is_told_and_made_up_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = await started()
    feed = world.feed()
    world.table.fail_next(TableUnavailableError("away"))
    await feed.run()
    assert "No checkpoint" in caplog.text
    await feed.checkpoint()
    assert len((await world.assets.load()).states) == 4


async def test_a_cancelled_feed_leaves_a_checkpoint() -> None:
    world = await started()
    waiting = asyncio.Event()

    class Endless(ListedSource):
        async def next_report(self) -> PriceReport | None:
            if self.given:
                return await super().next_report()
            waiting.set()
            await asyncio.Future()
            return None

    feed = feed_of(world, Endless([report({BTC: 1100})]))
    running = asyncio.create_task(feed.run())
    await waiting.wait()
    assert feed.health().is_healthy
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await world.assets.load()).through == 1
    assert not feed.health().is_healthy


async def test_a_feed_that_breaks_says_so_and_is_not_healthy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = await started()

    class Broken(ListedSource):
        async def next_report(self) -> PriceReport | None:
            raise ZeroDivisionError

    feed = feed_of(world, Broken([]))
    with pytest.raises(ZeroDivisionError):
        await feed.run()
    health = feed.health()
    assert (health.is_healthy, health.trouble) == (False, "ZeroDivisionError()")
    assert "stops at an error" in caplog.text


async def test_a_feed_that_was_silent_for_too_long_is_not_healthy() -> None:
    world = await started()
    ages: list[tuple[bool, timedelta | None]] = []

    class Slow(ListedSource):
        async def next_report(self) -> PriceReport | None:
            for seconds in (0, 10, 1):
                world.clock.at += timedelta(seconds=seconds)
                health = feed.health()
                ages.append((health.is_healthy, health.tick_age))
            return await super().next_report()

    feed = feed_of(world, Slow([report({BTC: 1100})]))
    assert not feed.health().is_healthy
    await feed.run()
    assert ages == [
        (True, None),
        (True, None),
        (False, None),
        (True, timedelta(0)),
        (True, timedelta(seconds=10)),
        (False, timedelta(seconds=11)),
    ]


def feed_of(world: MarketWorld, source: ListedSource) -> MarketFeed:
    return MarketFeed(
        source=source,
        board=world.board,
        ticks=world.ticks,
        assets=world.assets,
        bus=world.bus,
        clock=world.clock,
        sleep=world.clock.sleep,
    )
