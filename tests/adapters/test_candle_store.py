"""Candles come back from the table exactly as they went in, for as long as they are kept."""

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.candle_store import ITEMS_AT_ONCE, LIFETIMES, CandleTable
from adapters.fields import StoredWronglyError
from adapters.lease_store import lease_key
from adapters.table import Item, Key, Put, TableUnavailableError
from domain.candle_book import BookState, ClosedCandle
from domain.candles import Candle, CandleInterval, CandleQuery
from domain.ids import AssetId
from domain.instants import instant_of
from domain.money import Price, Quantity
from domain.outages import OutageError
from domain.ports.leases import NotLeaderError
from tests.adapters.memory_table import MemoryTable
from tests.domain.market_world import BTC, ETH, NOON, SetClock, usd
from tests.domain.strategies import amounts

HOUR = timedelta(hours=1)
ONE_HOUR = CandleInterval.ONE_HOUR

CANDLES = st.builds(
    Candle,
    st.integers(0, 4 * 10**12).map(instant_of),
    amounts(Price, 1),
    amounts(Price, 1),
    amounts(Price, 1),
    amounts(Price, 1),
    st.none() | amounts(Quantity),
)
STATES = st.builds(
    BookState,
    through=st.integers(0, 2**63),
    at=st.none() | st.integers(0, 4 * 10**12).map(instant_of),
    open=st.fixed_dictionaries(
        {
            one: st.dictionaries(st.sampled_from([BTC, ETH, AssetId("A1")]), CANDLES)
            for one in CandleInterval
        }
    ),
)


class Stored:
    """A store on a table in memory, and its clock."""

    def __init__(self, lease: str | None = None) -> None:
        self.clock = SetClock()
        self.table = MemoryTable(self.clock.now_s)
        self.store = CandleTable(self.table, clock=self.clock, lease=lease)

    async def save(self, *candles: Candle, interval: CandleInterval = ONE_HOUR) -> None:
        closed = [ClosedCandle(BTC, interval, one, 7) for one in candles]
        await self.store.save(closed, BookState(through=7))

    async def starts(self, **asked: object) -> list[datetime]:
        query = CandleQuery(asset_id=BTC, **asked)  # type: ignore[arg-type] # as each test says
        return [one.start for one in await self.store.candles(query)]


def hourly(*hours: int) -> list[Candle]:
    return [Candle.first(NOON + hour * HOUR, usd(hour + 1)) for hour in hours]


@given(candle=CANDLES, interval=st.sampled_from(CandleInterval))
def test_a_candle_comes_back_exactly(candle: Candle, interval: CandleInterval) -> None:
    async def write_and_read() -> None:
        stored = Stored()
        await stored.save(candle, interval=interval)
        query = CandleQuery(asset_id=BTC, interval=interval)
        assert await stored.store.candles(query) == [candle]

    asyncio.run(write_and_read())


@given(STATES)
def test_a_state_comes_back_exactly(state: BookState) -> None:
    async def write_and_read() -> None:
        stored = Stored()
        await stored.store.save([], state)
        assert await stored.store.load() == state

    asyncio.run(write_and_read())


async def test_before_the_first_save_there_is_nothing() -> None:
    assert await Stored().store.load() == BookState()


async def test_a_range_is_of_beginnings() -> None:
    stored = Stored()
    await stored.save(*hourly(0, 1, 2, 3, 4))
    microsecond = timedelta(microseconds=1)

    assert await stored.starts(since=NOON + HOUR, until=NOON + 3 * HOUR) == [
        NOON + HOUR,
        NOON + 2 * HOUR,
    ]
    assert await stored.starts(limit=2) == [NOON + 3 * HOUR, NOON + 4 * HOUR]
    assert await stored.starts(since=NOON, limit=2) == [NOON, NOON + HOUR]
    assert await stored.starts(until=NOON + HOUR + microsecond) == [NOON, NOON + HOUR]
    assert await stored.starts(until=NOON + HOUR) == [NOON]


async def test_any_dates_may_be_asked_for() -> None:
    stored = Stored()
    await stored.save(*hourly(0))
    ages = (datetime.min.replace(tzinfo=NOON.tzinfo), datetime.max.replace(tzinfo=NOON.tzinfo))

    assert await stored.starts(since=ages[0], until=ages[1]) == [NOON]
    assert await stored.starts(until=ages[0]) == []
    assert await stored.starts(since=ages[1]) == []


@pytest.mark.parametrize("interval", CandleInterval)
async def test_a_candle_is_kept_as_long_as_its_interval_says(interval: CandleInterval) -> None:
    stored = Stored()
    await stored.save(*hourly(0), interval=interval)
    lifetime = LIFETIMES[interval]

    stored.clock.at += (lifetime or timedelta(days=4000)) - timedelta(seconds=1)
    assert await stored.starts(interval=interval) == [NOON]
    stored.clock.at += timedelta(seconds=1)
    assert await stored.starts(interval=interval) == ([] if lifetime else [NOON])


async def test_any_number_of_candles_is_saved() -> None:
    stored = Stored()
    candles = hourly(*range(2 * ITEMS_AT_ONCE + 1))

    await stored.save(*candles)
    await stored.save(*candles)

    assert await stored.starts(limit=500) == [candle.start for candle in candles]


async def test_an_old_leader_writes_nothing() -> None:
    stored = Stored(lease="market")
    lease = Item(lease_key("market"), {"fence": 2})
    await stored.table.transact([Put(lease)], token="lease")
    closed = [ClosedCandle(BTC, ONE_HOUR, hourly(0)[0], 7)]

    await stored.store.save(closed, BookState(through=7), fence=2)
    with pytest.raises(NotLeaderError):
        await stored.store.save(closed, BookState(through=8), fence=1)

    assert (await stored.store.load()).through == 7


async def test_two_leaders_may_write_the_same_candles_each_guarded_by_its_own_lease() -> None:
    stored = Stored(lease="market")
    closed = [ClosedCandle(BTC, ONE_HOUR, hourly(0)[0], 7)]
    for fence in (1, 2):
        lease = Item(lease_key("market"), {"fence": fence})
        await stored.table.transact([Put(lease)], token=f"lease {fence}")
        await stored.store.save(closed, BookState(through=7), fence=fence)
        stored.clock.at += timedelta(seconds=6)
        await stored.store.save(closed, BookState(through=7), fence=fence)
    assert await stored.starts() == [NOON]


async def test_an_outage_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = Stored()

    async def fail(*_: object, **__: object) -> None:
        raise TableUnavailableError("gone")

    for name in ("get", "query", "transact"):
        monkeypatch.setattr(stored.table, name, fail)

    with pytest.raises(OutageError):
        await stored.store.load()
    with pytest.raises(OutageError):
        await stored.starts()
    with pytest.raises(OutageError):
        await stored.save()


@pytest.mark.parametrize("candle", [None, [1, 2], [0, 1, 1, 1, 1, "1"]])
async def test_a_damaged_candle_is_told(candle: object) -> None:
    stored = Stored()
    item = Item(Key("CANDLES#BTC#ONE_HOUR", "2026"), {"candle": candle})  # type: ignore[dict-item]
    await stored.table.transact([Put(item)], token="t")

    with pytest.raises(StoredWronglyError):
        await stored.starts()


@pytest.mark.parametrize("rows", [None, {"ONE_HOUR": None}, {"ONE_HOUR": [5]}])
async def test_a_damaged_state_is_told(rows: object) -> None:
    stored = Stored()
    attributes = {"through": 1, "open": rows}
    item = Item(Key("CANDLES", "OPEN"), attributes)  # type: ignore[arg-type]
    await stored.table.transact([Put(item)], token="t")

    with pytest.raises(StoredWronglyError):
        await stored.store.load()
