"""Candles are what a naive recomputation from all ticks says, however often a process restarts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle_book import CandleBook, ClosedCandle
from domain.candles import CANDLES_MAX, Candle, CandleInterval, CandleQuery, check_asked, merged
from domain.ids import AssetId
from domain.money import Price, Quantity
from domain.refusals import Refusal
from domain.ticks import PriceMove, Tick
from tests.domain.market_world import BTC, ETH, NOON, tick, usd

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ONE_MINUTE, ONE_HOUR = CandleInterval.ONE_MINUTE, CandleInterval.ONE_HOUR
Key = tuple[AssetId, CandleInterval]

MOVES = st.lists(
    st.builds(
        PriceMove,
        st.sampled_from([BTC, ETH]),
        st.integers(1, 10**6).map(Price),
        st.none() | st.integers(0, Quantity.UNITS_MAX).map(Quantity),
    ),
    max_size=2,
    unique_by=lambda move: move.asset_id,
)
GAPS = st.integers(0, 10**4) | st.integers(0, 10**7) | st.integers(0, 2 * 10**8)


@st.composite
def series(draw: st.DrawFn) -> list[Tick]:
    """Return ticks in the order of time, a millisecond or days apart."""
    at, made = NOON, []
    for number, (gap_ms, moves) in enumerate(
        draw(st.lists(st.tuples(GAPS, MOVES), min_size=1, max_size=40)), start=1
    ):
        at += timedelta(milliseconds=gap_ms)
        made.append(replace(tick(number, {}, at), moves=tuple(moves)))
    return made


def naive(ticks: Sequence[Tick], asset_id: AssetId, interval: CandleInterval) -> list[Candle]:
    """Work candles out from all prices at once."""
    buckets: dict[datetime, list[PriceMove]] = defaultdict(list)
    for one in ticks:
        for move in one.moves:
            if move.asset_id == asset_id:
                since = one.at - NOON.replace(hour=0)
                start = one.at - since % interval.span
                buckets[start].append(move)
    found = []
    for start, moves in sorted(buckets.items()):
        prices = [move.price for move in moves]
        known = [move.volume.units for move in moves if move.volume is not None]
        volume = Quantity(min(sum(known), Quantity.UNITS_MAX)) if known else None
        found.append(Candle(start, prices[0], max(prices), min(prices), prices[-1], volume))
    return found


def played(book: CandleBook, ticks: Iterable[Tick]) -> CandleBook:
    for one in ticks:
        book.apply(one)
    return book


def closed_in(closed: Iterable[ClosedCandle], key: Key) -> list[Candle]:
    return [one.candle for one in closed if (one.asset_id, one.interval) == key]


@given(series())
def test_candles_are_what_all_ticks_say(ticks: list[Tick]) -> None:
    book = played(CandleBook(), ticks)

    for asset_id in (BTC, ETH):
        for interval in CandleInterval:
            key = (asset_id, interval)
            assert book.latest([key])[key] == naive(ticks, asset_id, interval)


@given(series(), st.sets(st.integers(0, 40)))
def test_any_restarts_give_the_same_candles(ticks: list[Tick], restarts: set[int]) -> None:
    book, closed, seen = CandleBook(), list[ClosedCandle](), 0
    for one in ticks:
        if one.number in restarts:
            closed += book.closed_after(seen)
            book, seen = CandleBook(book.state()), book.through
        book.apply(one)
    closed += book.closed_after(seen)

    whole = played(CandleBook(), ticks)
    assert closed == list(whole.closed_after(0))
    assert book.state() == whole.state()


@given(series())
def test_prices_lie_within_their_candle(ticks: list[Tick]) -> None:
    book = played(CandleBook(), ticks)

    for candles in book.latest((one, ONE_HOUR) for one in (BTC, ETH)).values():
        for candle in candles:
            assert candle.low <= min(candle.open, candle.close)
            assert candle.high >= max(candle.open, candle.close)
            assert candle.start == ONE_HOUR.start_of(candle.start)


@given(series())
def test_what_ended_is_closed_and_what_is_open_has_not_ended(ticks: list[Tick]) -> None:
    book = played(CandleBook(), ticks)
    assert book.at == ticks[-1].at

    for interval, candles in book.state().open.items():
        for candle in candles.values():
            assert candle.start <= book.at < candle.start + interval.span


def test_a_candle_holds_its_beginning_and_not_its_end() -> None:
    book = played(
        CandleBook(),
        [
            tick(1, {BTC: 1}, NOON),
            tick(2, {BTC: 2}, NOON + MINUTE - timedelta(milliseconds=1)),
            tick(3, {BTC: 3}, NOON + MINUTE),
        ],
    )

    assert book.latest([(BTC, ONE_MINUTE)])[BTC, ONE_MINUTE] == [
        Candle(NOON, usd(1), usd(2), usd(1), usd(2)),
        Candle(NOON + MINUTE, usd(3), usd(3), usd(3), usd(3)),
    ]


def test_there_is_no_candle_where_there_was_no_price() -> None:
    book = played(CandleBook(), [tick(1, {BTC: 1}), tick(2, {BTC: 2}, NOON + 3 * MINUTE)])

    starts = [candle.start for candle in book.latest([(BTC, ONE_MINUTE)])[BTC, ONE_MINUTE]]
    assert starts == [NOON, NOON + 3 * MINUTE]


def test_a_candle_closes_when_another_asset_moves_on() -> None:
    book = played(CandleBook(), [tick(1, {BTC: 1}), tick(2, {ETH: 2}, NOON + MINUTE)])

    assert closed_in(book.closed_after(1), (BTC, ONE_MINUTE)) == [Candle.first(NOON, usd(1))]


def test_a_tick_counts_once() -> None:
    book = played(CandleBook(), [tick(1, {BTC: 1}), tick(1, {BTC: 9})])

    assert book.latest([(BTC, ONE_MINUTE)])[BTC, ONE_MINUTE] == [Candle.first(NOON, usd(1))]


def test_a_clock_that_is_set_back_changes_no_closed_candle() -> None:
    book = played(
        CandleBook(),
        [tick(1, {BTC: 1}), tick(2, {BTC: 2}, NOON + MINUTE), tick(3, {BTC: 3}, NOON)],
    )

    assert book.latest([(BTC, ONE_MINUTE)])[BTC, ONE_MINUTE] == [
        Candle.first(NOON, usd(1)),
        Candle(NOON + MINUTE, usd(2), usd(3), usd(2), usd(3)),
    ]


def test_another_clock_begins_anew() -> None:
    years_ago = NOON - timedelta(days=3000)
    book = played(CandleBook(), [tick(1, {BTC: 1}), tick(2, {BTC: 2}, years_ago)])

    assert book.at == years_ago
    assert book.latest([(BTC, ONE_HOUR)])[BTC, ONE_HOUR] == [
        Candle.first(NOON, usd(1)),
        Candle.first(years_ago, usd(2)),
    ]


CANDLES = [Candle.first(NOON + number * MINUTE, usd(number + 1)) for number in range(5)]


@pytest.mark.parametrize(
    ("since", "until", "limit", "found"),
    [
        (None, None, 2, [3, 4]),
        (None, 4, 2, [2, 3]),
        (1, None, 2, [1, 2]),
        (1, 3, 24, [1, 2]),
        (3, 3, 24, []),
        (None, None, 24, [0, 1, 2, 3, 4]),
    ],
)
def test_a_query_takes_the_newest_or_the_first_since(
    since: int | None, until: int | None, limit: int, found: list[int]
) -> None:
    query = CandleQuery(
        asset_id=BTC,
        interval=ONE_MINUTE,
        since=None if since is None else NOON + since * MINUTE,
        until=None if until is None else NOON + until * MINUTE,
        limit=limit,
    )

    assert merged(query, CANDLES[:3], CANDLES[2:]) == tuple(CANDLES[one] for one in found)


def test_of_one_beginning_the_newer_candle_counts() -> None:
    newer = Candle.first(NOON, usd(7))

    assert merged(CandleQuery(asset_id=BTC), CANDLES[:1], [newer]) == (newer,)


@pytest.mark.parametrize("limit", [0, -1, CANDLES_MAX + 1])
def test_a_bounded_number_may_be_asked_for(limit: int) -> None:
    with pytest.raises(Refusal):
        check_asked(None, None, limit)


def test_nobody_may_ask_backwards() -> None:
    with pytest.raises(Refusal):
        check_asked(NOON, NOON - MINUTE, 1)


def test_what_may_be_asked_for_passes() -> None:
    check_asked(NOON, NOON, CANDLES_MAX)
    check_asked(None, NOON, 1)
    check_asked(NOON, None, 1)
