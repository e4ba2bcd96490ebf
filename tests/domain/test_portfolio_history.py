"""A history is what a brute-force valuation says, never changes, and costs a bounded number."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candles import Candle, CandleQuery
from domain.journal import EntryKind
from domain.money import Money
from domain.pages import EXAMINED_MAX
from domain.portfolio_histories import PAGES_MAX, SETTLED_AFTER, HistoryTooLongError
from domain.portfolio_history import HistoryRange, PortfolioPoint, instants_of
from tests.domain.history_world import OPENED, HistoryWorld
from tests.domain.ledger_world import ACCOUNT
from tests.domain.market_world import BTC, ETH, NOON

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
UNIT = 10**8
DEPOSIT, WITHDRAWAL, RESET = EntryKind.DEPOSIT, EntryKind.WITHDRAWAL, EntryKind.RESET
BUY, SELL = EntryKind.ORDER_BUY, EntryKind.ORDER_SELL

STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 60_000, 299_999, 300_000, 3_600_000, 40_000_000]),
        st.sampled_from(["deposit", "withdraw", "buy", "sell", "reset", "price", "price"]),
        st.sampled_from([BTC, ETH]),
        st.integers(1, 10**6),
    ),
    max_size=30,
)


def played(steps: list[tuple[int, str, str, int]]) -> HistoryWorld:
    """Let an account's owner and the market do things, each some milliseconds after the last."""
    world = HistoryWorld()
    for gap_ms, what, asset, number in steps:
        world.clock.at += timedelta(milliseconds=gap_ms)
        act(world, what, BTC if asset == BTC else ETH, number)
    world.price(BTC, 7 * 10**12)
    return world


def act(world: HistoryWorld, what: str, asset: str, number: int) -> None:
    last, asset_id = world.pasts[-1], BTC if asset == BTC else ETH
    held = last.quantities.get(asset_id, 0)
    match what:
        case "price":
            world.price(asset_id, number * 10**9)
        case "deposit":
            world.enter(DEPOSIT, number)
        case "withdraw":
            world.enter(WITHDRAWAL, -min(number, last.cash))
        case "buy":
            world.enter(BUY, -min(number, last.cash), asset_id, number * 10**4)
        case "sell":
            world.enter(SELL, number, asset_id, -min(number * 10**4, held))
        case _:
            world.enter(RESET, 0)


async def points(
    world: HistoryWorld, asked: HistoryRange = HistoryRange.ONE_DAY
) -> tuple[PortfolioPoint, ...]:
    return await world.histories.history(ACCOUNT, asked)


@given(STEPS, st.sampled_from(HistoryRange))
def test_a_history_is_what_brute_force_says(
    steps: list[tuple[int, str, str, int]], asked: HistoryRange
) -> None:
    world = played(steps)
    until = world.clock.at - SETTLED_AFTER

    found = asyncio.run(points(world, asked))

    instants = instants_of(asked, opened_at=OPENED, until=until)
    told = [one for one in map(world.brute_force, instants) if one is not None]
    assert list(found) == told


@settings(max_examples=30)
@given(STEPS, STEPS)
def test_a_point_never_changes(
    steps: list[tuple[int, str, str, int]], later: list[tuple[int, str, str, int]]
) -> None:
    world = played(steps)
    before = {one.at: one for asked in HistoryRange for one in asyncio.run(points(world, asked))}

    world.clock.at += MINUTE
    for gap_ms, what, asset, number in later:
        world.clock.at += timedelta(milliseconds=gap_ms)
        act(world, what, asset, number)
    world.price(ETH, 10**12)

    for asked in HistoryRange:
        for one in asyncio.run(points(world, asked)):
            assert before.get(one.at, one) == one


async def test_without_prices_there_is_no_history() -> None:
    world = HistoryWorld()
    world.enter(DEPOSIT, 100)
    world.clock.at += DAY

    assert await points(world) == ()


async def test_a_history_ends_at_the_newest_price_and_a_minute_ago() -> None:
    world = HistoryWorld()
    world.clock.at = NOON
    world.price(BTC, 10**12)
    assert (await points(world))[-1].at == NOON - 5 * MINUTE

    world.clock.at = NOON + HOUR
    assert (await points(world))[-1].at == NOON


async def test_an_account_that_was_just_opened_has_no_history() -> None:
    world = HistoryWorld()
    world.price(BTC, 10**12)

    assert await points(world) == ()


async def test_what_had_no_price_yet_leaves_a_point_out() -> None:
    world = HistoryWorld()
    world.enter(BUY, 0, BTC, UNIT)
    world.clock.at += 20 * MINUTE
    first = world.clock.at
    world.price(BTC, 10**12)
    world.clock.at += HOUR
    world.price(BTC, 10**12)

    found = await points(world)

    assert found[0].at - first <= 5 * MINUTE
    assert found[0].asset_value == Money(100)


async def test_deposits_and_gains_are_told_apart_across_a_reset() -> None:
    world = HistoryWorld()
    world.enter(DEPOSIT, 1000)
    world.enter(EntryKind.CNY_REWARD, 88)
    world.clock.at += HOUR
    world.enter(RESET, 0)
    world.clock.at += HOUR
    world.enter(DEPOSIT, 50)
    world.enter(WITHDRAWAL, -20)
    world.clock.at += HOUR
    world.price(BTC, 10**12)

    found = await points(world)

    gains = [(one.total_value.units, one.net_deposits.units) for one in found]
    assert list(dict.fromkeys(gains)) == [(1088, 1000), (0, 0), (30, 30)]


async def test_a_year_is_a_bounded_number_of_queries() -> None:
    world = HistoryWorld()
    for asset in (BTC, ETH):
        world.price(asset, 10**12)
        world.enter(BUY, 0, asset, UNIT)
    world.clock.at += 2 * DAY
    world.price(BTC, 10**12)

    await points(world, HistoryRange.ONE_YEAR)

    holdings, journal, fundings, candles = 1, 1, 3, 2
    assert world.queries == holdings + journal + fundings + candles


async def test_a_long_journal_is_read_in_pages_and_no_farther_than_needed() -> None:
    world = HistoryWorld()
    world.clock.at += HOUR
    for _ in range(3 * EXAMINED_MAX):
        world.enter(SELL, 1)
    world.clock.at += 2 * DAY
    world.enter(SELL, 1)
    world.clock.at += DAY + HOUR
    world.price(BTC, 10**12)

    day = await points(world)
    assert day[0].cash == Money(3 * EXAMINED_MAX + 1)
    assert world.queries == 1 + 1 + 3
    world.queries = 0
    assert (await points(world, HistoryRange.ONE_WEEK))[0].cash == Money(0)
    assert world.queries == 1 + 4 + 3


async def test_a_history_of_too_many_entries_begins_later() -> None:
    world = HistoryWorld()
    world.enter(SELL, 1)
    world.clock.at += HOUR
    reached = world.clock.at
    for _ in range(PAGES_MAX * EXAMINED_MAX // 2):
        world.enter(SELL, 1)
    world.clock.at += DAY
    for _ in range(PAGES_MAX * EXAMINED_MAX // 2 + 1):
        world.enter(SELL, 1)
    world.clock.at += DAY
    world.price(BTC, 10**12)

    found = await points(world, HistoryRange.ONE_WEEK)

    assert reached < found[0].at <= reached + HOUR
    assert found[0].cash == Money(PAGES_MAX * EXAMINED_MAX // 2 + 1)


async def test_too_many_deposits_are_told() -> None:
    world = HistoryWorld()
    for _ in range(PAGES_MAX * EXAMINED_MAX):
        world.enter(DEPOSIT, 1)
    world.clock.at += DAY
    world.price(BTC, 10**12)

    with pytest.raises(HistoryTooLongError, match="DEPOSIT"):
        await points(world)


class Forgetful(HistoryWorld):
    """A world in which all candles but the days' that began before an instant are gone."""

    kept_since = NOON

    async def find(self, queries: "list[CandleQuery]") -> list[tuple[Candle, ...]]:  # type: ignore[override]
        found = await super().find(queries)
        return [
            tuple(one for one in some if one.start >= self.kept_since)
            if query.interval.span < DAY
            else some
            for query, some in zip(queries, found, strict=True)
        ]


@pytest.mark.parametrize("trades_again", [True, False])
async def test_a_price_that_only_the_day_remembers_counts(trades_again: bool) -> None:
    world = Forgetful()
    world.price(BTC, 5 * 10**12)
    world.enter(BUY, 0, BTC, UNIT)
    world.clock.at = NOON + 40 * DAY
    world.kept_since = NOON + 26 * DAY
    if trades_again:
        world.price(BTC, 9 * 10**12)
    world.clock.at += HOUR
    world.price(ETH, 10**12)

    found = await points(world)

    assert found[0].asset_value == Money(500)
    assert found[-1].asset_value == Money(900 if trades_again else 500)


async def test_many_days_of_candles_are_read_in_pages() -> None:
    world = HistoryWorld()
    world.enter(BUY, 0, BTC, UNIT)
    for _ in range(1100):
        world.clock.at += DAY
        world.price(BTC, 10**12)

    found = await points(world, HistoryRange.ALL)

    assert found[0].at < OPENED + 5 * DAY
    assert {one.asset_value for one in found} == {Money(100)}


async def test_only_so_many_days_of_candles_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.portfolio_histories.CANDLE_PAGES_MAX", 1)
    world = HistoryWorld()
    world.enter(BUY, 0, BTC, UNIT)
    for _ in range(1100):
        world.clock.at += DAY
        world.price(BTC, 10**12)

    found = await points(world, HistoryRange.ALL)

    assert OPENED + 90 * DAY < found[0].at < OPENED + 110 * DAY


def test_a_point_is_worth_its_cash_and_its_assets() -> None:
    point = PortfolioPoint(at=NOON, cash=Money(1), asset_value=Money(2), net_deposits=Money(0))

    assert point.total_value == Money(3)
