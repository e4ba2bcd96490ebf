"""Ticks and assets come back from the table exactly as they went in."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.asset_store import AssetTable
from adapters.content_token import content_token
from adapters.fields import StoredWronglyError
from adapters.table import (
    Key,
    Table,
    TableOutcomeUnknownError,
    TableUnavailableError,
    Update,
    Value,
)
from adapters.tick_store import TICK_LIFETIME, TICKS_READ_MAX, TickTable
from domain.asset_state import AssetState, Checkpoint
from domain.assets import AssetFacts, PriceExtreme
from domain.ids import AssetId
from domain.money import Price, Quantity
from domain.outages import OutageError, OutcomeUnknownError
from domain.ports.markets import TickTakenError
from domain.ticks import PriceMove, Tick
from tests.adapters.memory_table import MemoryTable
from tests.domain.market_world import BTC, ETH, NOON, SetClock, state, tick, usd

IDS = st.sampled_from([BTC, ETH, AssetId("A1"), AssetId("TENLETTERS")])
MOVES = st.builds(
    PriceMove,
    IDS,
    st.integers(1, Price.UNITS_MAX).map(Price),
    st.none() | st.integers(0, Quantity.UNITS_MAX).map(Quantity),
)
TICKS = st.builds(
    Tick,
    number=st.integers(1, 2**63),
    fence=st.integers(0, 2**63),
    at=st.integers(-(10**12), 10**12).map(lambda ms: NOON + timedelta(milliseconds=ms)),
    source=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    moves=st.lists(MOVES, max_size=5, unique_by=lambda move: move.asset_id).map(tuple),
    position=st.none() | st.integers(0, 2**63),
)
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
SUPPLIES = st.none() | st.integers(0, Quantity.UNITS_MAX).map(Quantity)


def stores() -> tuple[MemoryTable, TickTable, AssetTable]:
    clock = SetClock()
    table = MemoryTable(clock.now_s)
    return table, TickTable(table, clock=clock), AssetTable(table)


def checkpoint(*states: AssetState) -> Checkpoint:
    return Checkpoint(states=states, through=7)


@given(made=TICKS)
def test_a_tick_comes_back_exactly(made: Tick) -> None:
    async def write_and_read() -> None:
        _, ticks, _ = stores()
        await ticks.put(made)
        assert await ticks.last() == made
        assert await ticks.after(made.number - 1) == [made]
        assert await ticks.after(made.number) == []

    asyncio.run(write_and_read())


async def test_ticks_come_in_the_order_of_their_numbers_a_lot_at_a_time() -> None:
    _, ticks, _ = stores()
    for number in range(1, TICKS_READ_MAX + 6):
        await ticks.put(tick(number, {BTC: number}))
    first = await ticks.after(3)
    assert [made.number for made in first] == list(range(4, TICKS_READ_MAX + 4))
    rest = await ticks.after(first[-1].number)
    assert [made.number for made in rest] == [TICKS_READ_MAX + 4, TICKS_READ_MAX + 5]


async def test_where_there_are_no_ticks_there_is_no_last_one_and_none_to_let_go() -> None:
    _, ticks, _ = stores()
    await ticks.trim(5)
    assert await ticks.last() is None


async def test_the_same_tick_again_has_no_effect_and_another_is_refused() -> None:
    table, ticks, _ = stores()
    table.fail_next(TableOutcomeUnknownError("lost"), is_written=True)
    with pytest.raises(OutcomeUnknownError):
        await ticks.put(tick(1, {BTC: 5}))
    await ticks.put(tick(1, {BTC: 5}))
    with pytest.raises(TickTakenError):
        await ticks.put(tick(1, {BTC: 6}))
    assert await ticks.last() == tick(1, {BTC: 5})


async def test_ticks_up_to_a_number_are_let_go() -> None:
    _, ticks, _ = stores()
    for number in range(1, 251):
        await ticks.put(tick(number, {BTC: number}))
    await ticks.trim(-1)
    await ticks.trim(0)
    assert len(await ticks.after(0)) == 250
    await ticks.trim(240)
    await ticks.trim(240)
    assert [made.number for made in await ticks.after(0)] == list(range(241, 251))


async def test_one_trim_deletes_a_bounded_lot() -> None:
    table, ticks, _ = stores()
    for number in range(1, 1_302):
        await ticks.put(tick(number, {}))
    table.calls.clear()
    await ticks.trim(1_301)
    assert table.calls.count("transact") == 12
    assert [made.number for made in await ticks.after(0)][:2] == [1_201, 1_202]


async def test_ticks_expire_in_the_end() -> None:
    clock = SetClock()
    ticks = TickTable(MemoryTable(clock.now_s), clock=clock)
    await ticks.put(tick(1, {BTC: 1}))
    clock.at += TICK_LIFETIME
    assert await ticks.last() is None


async def test_outages_of_the_table_are_told_as_such() -> None:
    table, ticks, assets = stores()
    for call in (
        lambda: ticks.put(tick(1, {})),
        lambda: ticks.after(0),
        ticks.last,
        lambda: ticks.trim(1),
        assets.load,
        lambda: assets.save(checkpoint(state(BTC))),
    ):
        table.fail_next(TableUnavailableError("away"))
        with pytest.raises(OutageError):
            await call()


@pytest.mark.parametrize(
    "changes",
    [
        {"moves": 5},
        {"moves": "BTC"},
        {"moves": [["BTC", 1]]},
        {"moves": [["BTC", "1", None]]},
        {"number": "1"},
    ],
)
async def test_a_damaged_tick_is_told_by_name(changes: dict[str, Value]) -> None:
    table, ticks, _ = stores()
    await ticks.put(tick(1, {BTC: 5}))
    await table.transact([Update(Key("TICK", "1".zfill(19)), changes)], token="damage")
    with pytest.raises(StoredWronglyError, match="TICK"):
        await ticks.last()


def after_many(first: AssetState, prices: Sequence[int]) -> AssetState:
    for number, units in enumerate(prices, start=1):
        made = Tick(
            number=number,
            fence=3,
            at=NOON + timedelta(hours=7 * number),
            source="test",
            moves=(),
        )
        first = first.after(PriceMove(first.id, Price(units), Quantity(units)), made)
    return first


@given(
    facts=st.builds(
        AssetFacts,
        id=IDS,
        symbol=st.just("X"),
        name=st.just("Ünïcode"),
        category=st.just("Other"),
        description=TEXTS,
        image_url=TEXTS,
        circulating_supply=SUPPLIES,
        total_supply=SUPPLIES,
        max_supply=SUPPLIES,
    ),
    prices=st.lists(st.integers(1, Price.UNITS_MAX), min_size=1, max_size=12),
    has_extremes=st.booleans(),
)
def test_an_asset_comes_back_exactly(
    facts: AssetFacts, prices: list[int], has_extremes: bool
) -> None:
    extreme = PriceExtreme(price=Price(prices[0]), at=NOON) if has_extremes else None
    first = AssetState.first(
        facts,
        price=Price(prices[0]),
        at=NOON,
        source="catalogue",
        all_time_high=extreme,
        all_time_low=extreme,
    )
    made = after_many(first, prices[1:])
    made = replace(made, asset=replace(made.asset, is_tradable=not has_extremes))

    async def write_and_read() -> None:
        _, _, assets = stores()
        await assets.save(checkpoint(made))
        assert await assets.load() == checkpoint(made)

    asyncio.run(write_and_read())


async def test_before_the_first_checkpoint_there_are_no_assets() -> None:
    _, _, assets = stores()
    assert await assets.load() == Checkpoint()


async def test_an_asset_of_every_catalogue_size_fits() -> None:
    _, _, assets = stores()
    states = [after_many(state(AssetId(f"A{n}"), supply=1), [n + 1] * 9) for n in range(260)]
    await assets.save(checkpoint(*states))
    assert await assets.load() == checkpoint(*states)


async def test_a_checkpoint_broken_off_leaves_the_assets_that_were_listed() -> None:
    table, _, assets = stores()
    await assets.save(checkpoint(state(BTC, 1)))
    table.fail_next(TableOutcomeUnknownError("lost"), is_written=True)
    with pytest.raises(OutcomeUnknownError):
        await assets.save(replace(checkpoint(state(BTC, 2), state(ETH, 3)), through=8))
    found = await assets.load()
    assert (found.through, [one.asset.price for one in found.states]) == (7, [usd(2)])


@pytest.mark.parametrize(
    "changes",
    [{"hours": 5}, {"hours": [[1]]}, {"days": [["1", 2]]}, {"price": None}, {"all_time_high": 1}],
)
async def test_a_damaged_asset_is_told_by_name(changes: dict[str, Value]) -> None:
    table, _, assets = stores()
    await assets.save(checkpoint(state(BTC)))
    await table.transact([Update(Key("ASSET#BTC", "ASSET"), changes)], token="damage")
    with pytest.raises(StoredWronglyError, match="ASSET#BTC"):
        await assets.load()


async def test_an_asset_that_is_listed_and_not_there_is_told_by_name() -> None:
    table, _, assets = stores()
    await assets.save(checkpoint(state(BTC)))
    listed = Key("ASSETS", "LIST")
    await table.transact([Update(listed, {"ids": ["BTC", "ETH"]})], token="damage")
    with pytest.raises(StoredWronglyError, match="ETH"):
        await assets.load()


async def test_markets_are_kept_on_every_engine(table: Table) -> None:
    ticks, assets = TickTable(table, clock=SetClock(NOON + timedelta(days=9999))), AssetTable(table)
    made = tick(1, {BTC: "123456789.000000000001", ETH: "0.000000000001"})
    await ticks.put(made)
    await ticks.put(made)
    with pytest.raises(TickTakenError):
        await ticks.put(tick(1, {BTC: 5}))
    states = [after_many(state(BTC, 100, supply=20), [10**23, 1]), state(ETH)]
    await assets.save(checkpoint(*states))
    assert await ticks.last() == made
    assert await assets.load() == checkpoint(*states)
    await ticks.trim(1)
    assert await ticks.last() is None


def test_tokens_tell_contents_apart() -> None:
    assert content_token(["a"]) == content_token(["a"]) != content_token(["b"])
    assert len(content_token("x")) == 36
