"""Backfilled candles fill charts, say what they are, and change no point of a history."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.backfill_store import BackfillTable
from domain.candles import Candle, CandleInterval
from domain.portfolio_history import HistoryRange
from tests.api.world import SIMULATED, Session, World, opened
from tests.domain.market_world import BTC, NOON, usd
from web.coingecko import CoinGeckoSettings

CANDLES = """
query ($interval: CandleInterval! = ONE_HOUR, $from: DateTime, $to: DateTime, $limit: Int = 24) {
  asset(id: "BTC") {
    candles(interval: $interval, from: $from, to: $to, limit: $limit) {
      start close volume isBackfilled
    }
  }
}"""

HISTORY = """
query ($range: HistoryRange!) {
  portfolioHistory(range: $range) { points { at cash assetValue totalValue netDeposits } }
}"""

HOUR = timedelta(hours=1)
ONE_HOUR, ONE_DAY = CandleInterval.ONE_HOUR, CandleInterval.ONE_DAY


@asynccontextmanager
async def with_charts() -> AsyncIterator[World]:
    """Start a server of a market that has charts."""
    async with opened(market=CoinGeckoSettings()) as world:
        yield world


async def fill(world: World, *starts: datetime, interval: CandleInterval = ONE_HOUR) -> None:
    """Write backfilled candles, as the leader does."""
    store = BackfillTable(world.exchange.table, clock=world.clock)
    made = [Candle.first(start, usd(7)) for start in starts]
    await store.save(BTC, interval, made, asked={interval: world.clock.now()}, fence=0)


async def shown(world: World, **variables: Any) -> list[tuple[str, str, bool]]:
    found = (await world.run(CANDLES, variables))["asset"]["candles"]
    assert all(one["volume"] is None for one in found)
    return [(one["start"][11:16], one["close"], one["isBackfilled"]) for one in found]


async def histories(world: World, session: Session) -> dict[str, Any]:
    return {
        asked.value: (await world.run(HISTORY, {"range": asked.value}, as_=session))[
            "portfolioHistory"
        ]
        for asked in HistoryRange
    }


async def test_gaps_are_filled_and_our_own_candles_come_first() -> None:
    async with with_charts() as world:
        await fill(world, *(NOON + number * HOUR for number in range(-3, 1)))

        assert await shown(world) == [
            ("09:00", "7", True),
            ("10:00", "7", True),
            ("11:00", "7", True),
            ("12:00", "50000", False),
        ]
        assert await shown(world, limit=2) == [("11:00", "7", True), ("12:00", "50000", False)]
        since = "2026-03-01T10:00:00Z"
        assert await shown(world, **{"from": since, "limit": 1}) == [("10:00", "7", True)]
        assert await shown(world, to=since) == [("09:00", "7", True)]
        assert await shown(world, interval="FIVE_MINUTES") == [("12:00", "50000", False)]


async def test_a_list_takes_two_range_queries_for_each_asset() -> None:
    async with with_charts() as world:
        text = "{ assets(first: 4) { nodes { id candles(limit: 3) { close } } } }"
        world.table.calls.clear()

        await world.run(text)

        assert len(world.table.calls) == 8


async def test_a_market_without_charts_has_its_own_candles_alone() -> None:
    async with opened(market=SIMULATED) as world:
        await fill(world, NOON - HOUR)

        assert await shown(world) == [("12:00", "50000", False)]


TRADES = st.lists(
    st.tuples(st.integers(1, 600), st.integers(1, 100), st.booleans()), min_size=1, max_size=8
)
FILLED = st.sets(st.integers(-48, 100), min_size=1)


@settings(max_examples=25)
@given(TRADES, FILLED)
def test_a_backfilled_candle_changes_no_point_that_was_told(
    trades: list[tuple[int, int, bool]], filled: set[int]
) -> None:
    async def trade_and_fill() -> None:
        async with with_charts() as world:
            session = await world.trader()
            for minutes, thousands, buys in trades:
                if buys:
                    await world.buy(session, quantity="0.001")
                session = await world.later(session, minutes * 60)
                await world.tick({"BTC": f"{thousands}000"})
            session = await world.later(session, 120)
            before = await histories(world, session)

            hours = {NOON + number * HOUR for number in filled}
            await fill(world, *sorted(hours))
            days = set(map(ONE_DAY.start_of, hours))
            await fill(world, *sorted(days), interval=ONE_DAY)

            assert await histories(world, session) == before
            told = (await world.run(CANDLES, {"limit": 500}))["asset"]["candles"]
            assert hours <= {datetime.fromisoformat(one["start"]) for one in told}

    asyncio.run(trade_and_fill())
