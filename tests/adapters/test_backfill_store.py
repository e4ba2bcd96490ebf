"""Backfilled candles come back as they went in, beside our own ones and never among them."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.backfill_store import BackfillTable
from adapters.candle_store import LIFETIMES, CandleTable
from adapters.fields import StoredWronglyError
from adapters.lease_store import lease_key
from adapters.table import Item, Key, Put, Table, TableOutcomeUnknownError, TableUnavailableError
from domain.candle_book import BookState, ClosedCandle
from domain.candles import Candle, CandleInterval, CandleQuery
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.leases import NotLeaderError
from tests.adapters.memory_table import MemoryTable
from tests.domain.market_world import BTC, ETH, NOON, SetClock, usd

HOUR = timedelta(hours=1)
ONE_HOUR, ONE_DAY = CandleInterval.ONE_HOUR, CandleInterval.ONE_DAY
ASKED = {ONE_HOUR: NOON}
HOURLY = CandleQuery(asset_id=BTC, interval=ONE_HOUR, limit=500)


def candles(count: int) -> list[Candle]:
    return [
        Candle(NOON + n * HOUR, usd(2), usd(4), usd(1), usd(3), is_backfilled=True)
        for n in range(count)
    ]


async def test_any_number_of_candles_comes_back_and_is_told_from_our_own(table: Table) -> None:
    clock = SetClock()
    store, own = BackfillTable(table, clock=clock), CandleTable(table, clock=clock)
    made = ClosedCandle(BTC, ONE_HOUR, Candle.first(NOON, usd(9)), 1)
    await own.save([made], BookState(through=1))

    for _ in range(2):
        await store.save(BTC, ONE_HOUR, candles(150), asked=ASKED, fence=0)

    assert await store.candles(HOURLY) == candles(150)
    assert await own.candles(HOURLY) == [made.candle]
    assert await store.candles(CandleQuery(asset_id=BTC, interval=ONE_DAY)) == []
    assert await store.candles(CandleQuery(asset_id=ETH)) == []


async def test_what_was_asked_for_is_known_after_a_restart(table: Table) -> None:
    clock = SetClock()
    store = BackfillTable(table, clock=clock)
    assert await store.asked(BTC) == {}

    both = {ONE_HOUR: NOON, ONE_DAY: NOON + HOUR}
    await store.save(BTC, ONE_HOUR, [], asked=ASKED, fence=0)
    await store.save(BTC, ONE_DAY, candles(1), asked=both, fence=0)

    again = BackfillTable(table, clock=clock)
    assert await again.asked(BTC) == both
    assert await again.asked(ETH) == {}


@given(st.sampled_from(CandleInterval))
def test_they_are_kept_as_long_as_our_own(interval: CandleInterval) -> None:
    async def write_and_wait() -> None:
        clock = SetClock()
        store = BackfillTable(MemoryTable(clock.now_s), clock=clock)
        await store.save(BTC, interval, candles(1), asked={interval: NOON}, fence=0)
        query = CandleQuery(asset_id=BTC, interval=interval)
        lifetime = LIFETIMES[interval]

        clock.at += lifetime or timedelta(days=4000)
        assert len(await store.candles(query)) == (lifetime is None)
        assert await store.asked(BTC) == {interval: NOON}

    asyncio.run(write_and_wait())


async def test_the_same_candles_may_be_written_again_later(table: Table) -> None:
    clock = SetClock()
    store = BackfillTable(table, clock=clock)
    await store.save(BTC, ONE_HOUR, candles(3), asked=ASKED, fence=0)

    clock.at += timedelta(minutes=1)
    await store.save(BTC, ONE_HOUR, candles(3), asked={ONE_HOUR: clock.at}, fence=0)

    assert len(await store.candles(HOURLY)) == 3


async def test_an_old_leader_writes_nothing(table: Table) -> None:
    store = BackfillTable(table, clock=SetClock(), lease="market")
    await table.transact([Put(Item(lease_key("market"), {"fence": 2}))], token="lease")

    await store.save(BTC, ONE_HOUR, candles(1), asked=ASKED, fence=2)
    with pytest.raises(NotLeaderError):
        await store.save(BTC, ONE_HOUR, candles(2), asked={}, fence=1)

    assert len(await store.candles(HOURLY)) == 1
    assert await store.asked(BTC) == ASKED


async def test_outages_are_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock()
    table = MemoryTable(clock.now_s)
    store = BackfillTable(table, clock=clock)

    async def fail(*_: object, **__: object) -> None:
        raise TableUnavailableError("gone")

    async def doubt(*_: object, **__: object) -> None:
        raise TableOutcomeUnknownError("gone")

    for name in ("get", "query"):
        monkeypatch.setattr(table, name, fail)
    monkeypatch.setattr(table, "transact", doubt)

    with pytest.raises(OutageError):
        await store.asked(BTC)
    with pytest.raises(OutageError):
        await store.candles(HOURLY)
    with pytest.raises(OutcomeUnknownError):
        await store.save(BTC, ONE_HOUR, candles(1), asked=ASKED, fence=0)


async def test_what_is_stored_wrongly_is_told() -> None:
    clock = SetClock()
    table = MemoryTable(clock.now_s)
    wrong = Item(Key("CANDLES#BTC", "CHARTS"), {"ONE_HOUR": "noon"})
    await table.transact([Put(wrong)], token="wrong")

    with pytest.raises(StoredWronglyError):
        await BackfillTable(table, clock=clock).asked(BTC)
