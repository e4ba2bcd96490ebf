"""Gaps are filled once, the largest coins first, and nothing that our own ticks told is touched."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.lease_store import lease_key
from adapters.table import Item, Put, TableUnavailableError
from domain.candle_backfill import (
    ASK_AGAIN_AFTER,
    CALL_EVERY_S,
    LOOK_AGAIN_AFTER,
    LOOK_EVERY_S,
    RETRY_S_FIRST,
    RETRY_S_MAX,
)
from domain.candles import Candle, CandleInterval
from domain.filled_candles import FilledCandles
from domain.ids import AssetId
from domain.ports.leases import NotLeaderError
from domain.ports.markets import MarketSourceError
from domain.ticks import PriceMove
from tests.domain.backfill_world import PRICE, BackfillWorld, coin
from tests.domain.market_world import BTC, NOON, usd

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ONE_HOUR, ONE_DAY = CandleInterval.ONE_HOUR, CandleInterval.ONE_DAY
TODAY = NOON - 12 * HOUR


def starts(candles: Sequence[Candle]) -> list[datetime]:
    return [one.start for one in candles]


async def test_hours_of_a_day_and_days_of_a_quarter_are_filled() -> None:
    world = BackfillWorld()

    await world.turns()

    hours, days = await world.shown(), await world.shown(ONE_DAY)
    assert starts(hours) == [NOON - number * HOUR for number in range(23, 1, -1)]
    assert starts(days) == [TODAY - number * DAY for number in range(89, 0, -1)]
    assert all(one.close == PRICE and one.is_backfilled for one in (*hours, *days))
    assert world.charts.asked == [("c0", ONE_HOUR), ("c0", ONE_DAY)]
    assert world.written == [(ONE_HOUR, 22), (ONE_DAY, 89)]


async def test_what_is_shown_is_final_as_far_as_our_own_candles_are() -> None:
    world = BackfillWorld()
    shown = FilledCandles(world.history, world.store)
    assert shown.final_until is None

    world.history.price(BTC, usd(1).units)

    assert shown.final_until == NOON


async def test_nothing_shorter_than_an_hour_is_made_up() -> None:
    world = BackfillWorld()

    await world.turns()

    assert await world.shown(CandleInterval.ONE_MINUTE) == ()
    assert await world.shown(CandleInterval.FIVE_MINUTES) == ()


async def test_the_largest_coins_come_first_and_only_so_many() -> None:
    world = BackfillWorld(coins=4, coins_max=2)
    world.list(coin("BIG", 10**6), PriceMove(AssetId("NOBODYS"), usd(1)))

    await world.turns()

    assert list(dict.fromkeys(name for name, _ in world.charts.asked)) == ["big", "c0"]


async def test_a_coin_that_is_not_listed_any_more_is_left_out() -> None:
    world = BackfillWorld(coins=1)
    world.delist(BTC)

    await world.turns()

    assert world.charts.asked == []


async def test_what_our_own_ticks_have_told_stays_and_only_gaps_are_filled() -> None:
    world = BackfillWorld()
    world.clock.at = NOON - 20 * HOUR + 50 * MINUTE
    world.history.price(BTC, usd(1).units)  # in the last ten minutes of an hour only
    world.clock.at += 4 * HOUR
    world.history.price(BTC, usd(2).units)
    world.clock.at = NOON

    await world.turns()

    hours = await world.shown()
    own = [one for one in hours if not one.is_backfilled]
    assert [(one.start, one.close) for one in own] == [
        (NOON - 20 * HOUR, usd(1)),
        (NOON - 16 * HOUR, usd(2)),
    ]
    assert starts(hours) == [NOON - number * HOUR for number in range(23, 1, -1)]
    assert world.written[0] == (ONE_HOUR, 20)


async def test_three_hours_of_downtime_are_filled() -> None:
    world = BackfillWorld()
    await world.turns()
    await _trade_on(world, 2 * HOUR)

    world.clock.at += 3 * HOUR + 20 * MINUTE
    world.backfill = world.restarted()
    world.charts.asked.clear()
    await world.turns()

    assert world.charts.asked == [("c0", ONE_HOUR)]
    assert world.written[-1] == (ONE_HOUR, 3)  # and the one that was not over at first
    later = [one for one in await world.shown() if one.start >= NOON]
    assert [one.is_backfilled for one in later] == [False, False, False, True, True]


async def test_a_restart_does_not_ask_again_for_what_was_told_or_could_not_be() -> None:
    world = BackfillWorld(coins=3)
    world.charts.unknown.add("c1")
    world.charts.silent = (NOON - 9 * HOUR, NOON - 6 * HOUR)
    await world.turns()
    asked = len(world.charts.asked)
    assert asked == 6

    for _ in range(3):
        world.backfill = world.restarted()
        await world.turns()
        await _trade_on(world, MINUTE, "C1", "C2", "C0")

    assert len(world.charts.asked) == asked
    assert NOON - 8 * HOUR not in starts(await world.shown())


async def test_a_new_gap_is_asked_for_once_and_not_before_an_hour_is_over() -> None:
    world = BackfillWorld()
    for _ in range(4 * 30):
        await world.turns()
        world.clock.at += 15 * MINUTE  # nobody makes ticks, so every hour is a gap

    asked = [
        at
        for at, (_, interval) in zip(world.charts.asked_at, world.charts.asked, strict=True)
        if interval is ONE_HOUR
    ]
    assert len(asked) > 5
    assert all(later - one >= ASK_AGAIN_AFTER for one, later in pairwise(asked))
    hours = starts(await world.shown())
    assert all(later - one == HOUR for one, later in pairwise(hours))


async def test_an_hour_that_ends_while_a_chart_is_on_its_way_is_not_forgotten() -> None:
    world = BackfillWorld()
    world.clock.at = NOON + 14 * MINUTE
    waited = world.charts.points

    async def wait_and_tell(source_id: str, chart: object) -> object:
        world.clock.at += 2 * MINUTE
        world.charts.silent = (NOON - MINUTE, NOON + HOUR)
        return await waited(source_id, chart)  # type: ignore[arg-type] # as it was given

    world.charts.points = wait_and_tell  # type: ignore[assignment,method-assign]
    await world.turns()
    assert NOON - HOUR not in starts(await world.shown())

    world.charts.points, world.charts.silent = waited, None  # type: ignore[method-assign]
    world.clock.at += ASK_AGAIN_AFTER
    await world.turns()

    assert NOON - HOUR in starts(await world.shown())


async def test_calls_are_far_apart_and_an_idle_backfill_looks_seldom() -> None:
    world = BackfillWorld(coins=2)

    await world.run(8)

    assert world.waits == [LOOK_EVERY_S] + [CALL_EVERY_S] * 4 + [LOOK_EVERY_S] * 3
    assert [later - one for one, later in pairwise(world.charts.asked_at)] == (
        [timedelta(seconds=CALL_EVERY_S)] * 3
    )


async def test_coins_are_looked_at_seldom_while_nothing_is_missing() -> None:
    world = BackfillWorld(coins=2)
    await world.turns()
    reads = 0

    async def count(asset_id: AssetId) -> dict[CandleInterval, datetime]:
        nonlocal reads
        reads += 1
        del asset_id
        return {}

    world.store.asked = count  # type: ignore[method-assign]
    await world.turns()
    world.clock.at += LOOK_AGAIN_AFTER - MINUTE
    await world.turns()

    assert reads == 0


async def test_failures_are_waited_for_longer_each_time_and_other_coins_come_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = BackfillWorld(coins=2)
    world.charts.failures += [MarketSourceError("it answered 500")] * 2

    await world.run(5)

    assert world.waits[1:] == [RETRY_S_FIRST, 2 * RETRY_S_FIRST, LOOK_EVERY_S, LOOK_EVERY_S]
    assert [name for name, _ in world.charts.asked] == ["c0", "c1"]
    assert "Candles can't be backfilled; next try in 60 s: it answered 500" in caplog.messages

    world.clock.at += LOOK_AGAIN_AFTER
    await world.turns()
    assert len(await world.shown(ONE_DAY)) == 89


async def test_there_is_a_longest_wait_and_a_success_ends_it() -> None:
    world = BackfillWorld(coins=10)
    world.charts.failures += [MarketSourceError("it answered 429")] * 8

    await world.run(11)

    assert world.waits[7:] == [RETRY_S_MAX, RETRY_S_MAX, CALL_EVERY_S, CALL_EVERY_S]


async def test_a_store_that_fails_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    world = BackfillWorld()
    transact, failures = world.table.transact, [True, True]

    async def fail(writes: Sequence[Put], *, token: str) -> None:
        if failures and failures.pop():
            raise TableUnavailableError("gone")
        await transact(writes, token=token)

    monkeypatch.setattr(world.table, "transact", fail)
    await world.run(5)

    assert world.waits[1:] == [RETRY_S_FIRST, 2 * RETRY_S_FIRST, CALL_EVERY_S, CALL_EVERY_S]
    assert len(await world.shown()) == 22


async def test_an_old_leader_writes_nothing_and_leads_no_more() -> None:
    world = BackfillWorld(lease="market")
    await world.table.transact([Put(Item(lease_key("market"), {"fence": 2}))], token="lease")

    world.fence = 1
    with pytest.raises(NotLeaderError):
        await world.run(2)
    world.fence = None
    with pytest.raises(NotLeaderError):
        await world.run(2)
    assert await world.shown() == ()

    world.fence = 2
    await world.turns()
    assert len(await world.shown()) == 22


async def test_progress_is_told(caplog: pytest.LogCaptureFixture) -> None:
    world = BackfillWorld(coins=2)
    world.charts.unknown.add("c1")

    with caplog.at_level(logging.INFO):
        await world.turns()

    assert [text for text in caplog.messages if "ackfill" in text or "chart" in text] == [
        "Backfilled 22 of 22 missing candles of BTC (ONE_HOUR). Coins left: 1.",
        "Backfilled 89 of 89 missing candles of BTC (ONE_DAY). Coins left: 1.",
        "There is no chart of C1: coin not found",
        "Backfilled 0 of 22 missing candles of C1 (ONE_HOUR). Coins left: 0.",
        "There is no chart of C1: coin not found",
        "Backfilled 0 of 89 missing candles of C1 (ONE_DAY). Coins left: 0.",
    ]


TRADES = st.lists(st.tuples(st.integers(0, 90), st.integers(1, 100)), max_size=20)


@settings(max_examples=30)
@given(TRADES)
def test_a_candle_of_our_own_is_shown_as_it_is_and_every_other_hour_is_filled(
    trades: list[tuple[int, int]],
) -> None:
    async def trade_and_fill() -> None:
        world = BackfillWorld()
        world.clock.at = NOON - DAY
        for minutes, price in trades:
            world.clock.at = min(NOON, world.clock.at + minutes * MINUTE)
            world.history.price(BTC, usd(price).units)
        world.clock.at = NOON
        own = world.history.book.latest([(BTC, ONE_HOUR)])[BTC, ONE_HOUR]

        await world.turns()

        shown = {one.start: one for one in await world.shown()}
        assert all(shown[one.start] == one for one in own)
        begun = {one.start for one in own}
        assert all(shown[start].is_backfilled for start in shown.keys() - begun)
        assert set(shown) >= {NOON - number * HOUR for number in range(2, 24)}

    asyncio.run(trade_and_fill())


async def _trade_on(world: BackfillWorld, span: timedelta, *names: str) -> None:
    """Let our own ticks go on every ten minutes for a while."""
    ends_at = world.clock.at + span
    while world.clock.at <= ends_at:
        for name in names or ("C0",):
            world.history.price(BTC if name == "C0" else AssetId(name), usd(3).units)
        world.clock.at += 10 * MINUTE
