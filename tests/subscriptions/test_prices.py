"""Live prices: a snapshot, then what changed; the newest of it for the slow."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.asset_state import AssetState
from domain.ids import AssetId
from domain.money import Price
from domain.price_board import PriceBoard
from domain.refusals import ErrorCode, Refusal
from subscriptions.prices import BATCH_MAX, STREAM_ASSETS_MAX, Batch, PriceBroadcast, PriceStream
from tests.domain.market_world import BTC, DOGE, ETH, LTC, NOON, board_of, state, tick

MANY = [AssetId(f"A{number:03}") for number in range(BATCH_MAX + 50)]


def untradable(asset_id: AssetId) -> AssetState:
    first = state(asset_id)
    return replace(first, asset=replace(first.asset, is_tradable=False))


def market() -> tuple[PriceBoard, PriceBroadcast]:
    board = board_of(state(BTC, 100), state(ETH, 10), state(LTC, 5), untradable(DOGE))
    return board, PriceBroadcast(board)


def shown(batch: Batch) -> dict[str, int]:
    return {update.asset.id: update.price.units // 10**12 for update in batch}


async def waiting(stream: PriceStream) -> asyncio.Task[Batch | None]:
    """Begin to read the next batch, and come to where there is none yet."""

    async def read() -> Batch | None:
        return await anext(stream, None)

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    return task


async def test_a_stream_begins_with_the_latest_price_of_each_asset_asked_for() -> None:
    board, broadcast = market()
    board.apply(tick(1, {BTC: 110}))
    stream = broadcast.stream([LTC, BTC])
    batch = await anext(stream)
    assert shown(batch) == {BTC: 110, LTC: 5}
    assert [(update.sequence, update.previous_price) for update in batch] == [
        (1, Price.of(100)),
        (0, None),
    ]


async def test_without_ids_it_is_every_tradable_asset() -> None:
    board, broadcast = market()
    stream = broadcast.stream()
    assert shown(await anext(stream)) == {BTC: 100, ETH: 10, LTC: 5}
    board.apply(tick(1, {BTC: 110, DOGE: 7, AssetId("NEW"): 1}))
    assert shown(await anext(stream)) == {BTC: 110, "NEW": 1}


async def test_an_asset_that_is_not_tradable_may_be_asked_for() -> None:
    board, broadcast = market()
    stream = broadcast.stream([DOGE])
    assert shown(await anext(stream)) == {DOGE: 100}
    board.apply(tick(1, {DOGE: 7}))
    assert shown(await anext(stream)) == {DOGE: 7}


async def test_each_tick_is_one_batch_of_what_changed() -> None:
    board, broadcast = market()
    stream = broadcast.stream([BTC, ETH])
    await anext(stream)
    for number, price in ((1, 110), (2, 120)):
        reading = await waiting(stream)
        assert not reading.done()
        board.apply(tick(number, {BTC: price, ETH: 10, LTC: number}))
        assert shown(await reading or ()) == {BTC: price}


async def test_ticks_of_other_assets_wake_nobody_up_for_long() -> None:
    board, broadcast = market()
    stream = broadcast.stream([BTC])
    await anext(stream)
    reading = await waiting(stream)
    board.apply(tick(1, {ETH: 11}))
    await asyncio.sleep(0)
    assert not reading.done()
    board.apply(tick(2, {BTC: 110}))
    assert shown(await reading or ()) == {BTC: 110}


async def test_readers_of_the_same_assets_share_one_batch() -> None:
    board, broadcast = market()
    streams = [broadcast.stream([BTC, ETH]) for _ in range(3)] + [broadcast.stream()]
    for stream in streams:
        await anext(stream)
    board.apply(tick(1, {BTC: 110, LTC: 6}))
    first, second, third, every = [await anext(stream) for stream in streams]
    assert first is second is third
    assert (shown(first), shown(every)) == ({BTC: 110}, {BTC: 110, LTC: 6})


async def test_a_slow_reader_gets_the_newest_price_of_each_asset_once() -> None:
    board, broadcast = market()
    stream = broadcast.stream()
    await anext(stream)
    board.apply(tick(1, {BTC: 110, ETH: 11}))
    board.apply(tick(2, {BTC: 120}))
    board.apply(tick(3, {BTC: 130}))
    batch = await anext(stream)
    assert shown(batch) == {BTC: 130, ETH: 11}
    assert {update.asset.id: update.sequence for update in batch} == {BTC: 3, ETH: 1}
    assert not (await waiting(stream)).done()


async def test_nothing_is_lost_between_the_snapshot_and_the_first_batch() -> None:
    board, broadcast = market()
    stream = broadcast.stream([BTC])
    board.apply(tick(1, {BTC: 110}))
    assert shown(await anext(stream)) == {BTC: 110}
    board.apply(tick(2, {BTC: 120}))
    assert shown(await anext(stream)) == {BTC: 120}


async def test_a_batch_has_a_bound_and_what_is_left_comes_next() -> None:
    board = board_of(*(state(asset_id) for asset_id in MANY))
    broadcast = PriceBroadcast(board)
    stream = broadcast.stream()
    first, second = await anext(stream), await anext(stream)
    assert len(first) == BATCH_MAX
    assert {*shown(first), *shown(second)} == set(MANY)
    board.apply(tick(1, dict.fromkeys(MANY, 7)))
    third = await anext(stream)
    board.apply(tick(2, {MANY[0]: 8, MANY[-1]: 9}))
    fourth = await anext(stream)
    assert len(third) == BATCH_MAX
    assert len(fourth) == len(MANY) - BATCH_MAX + 1
    assert {**shown(third), **shown(fourth)} == dict.fromkeys(MANY, 7) | {MANY[0]: 8, MANY[-1]: 9}
    assert not (await waiting(stream)).done()


async def test_what_waited_longest_comes_first_when_everything_keeps_changing() -> None:
    board = board_of(*(state(asset_id) for asset_id in MANY))
    stream = PriceBroadcast(board).stream()
    seen: set[str] = set()
    for number in range(1, 3):
        board.apply(tick(number, dict.fromkeys(MANY, number)))
        seen |= set(shown(await anext(stream)))
    assert seen == set(MANY)


async def test_closing_ends_who_reads_and_who_waits() -> None:
    _, broadcast = market()
    idle, reader = broadcast.stream(), broadcast.stream()
    await anext(reader)
    reading = await waiting(reader)
    assert broadcast.readers == 2
    for stream in (idle, reader, reader):
        stream.close()
    assert await reading is None
    assert [batch async for batch in idle] == []
    assert broadcast.readers == 0


async def test_leaving_the_context_closes_the_stream() -> None:
    _, broadcast = market()
    with broadcast.stream() as stream:
        await anext(stream)
        assert broadcast.readers == 1
    assert broadcast.readers == 0


async def test_closing_the_broadcast_ends_every_stream_and_those_to_come() -> None:
    board, broadcast = market()
    stream = broadcast.stream()
    await anext(stream)
    reading = await waiting(stream)
    broadcast.close()
    broadcast.close()
    assert await reading is None
    assert [batch async for batch in broadcast.stream()] == []
    board.apply(tick(1, {BTC: 110}))
    assert broadcast.dispatches == 0


async def test_a_read_that_was_given_up_loses_nothing() -> None:
    board, broadcast = market()
    stream = broadcast.stream([BTC])
    await anext(stream)
    reading = await waiting(stream)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert broadcast._waiting == set()
    board.apply(tick(1, {BTC: 110}))
    assert shown(await anext(stream)) == {BTC: 110}


async def test_a_reader_given_up_while_it_is_woken_does_not_stop_the_others() -> None:
    board, broadcast = market()
    streams = [broadcast.stream([BTC]) for _ in range(3)]
    for stream in streams:
        await anext(stream)
    readings = [await waiting(stream) for stream in streams]
    streams[0].close()
    readings[1].cancel()
    board.apply(tick(1, {BTC: 110}))
    done = await asyncio.gather(*readings, return_exceptions=True)
    assert done[0] is None
    assert isinstance(done[1], asyncio.CancelledError)
    assert done[2] is not None
    assert not isinstance(done[2], BaseException)
    assert shown(done[2]) == {BTC: 110}


@pytest.mark.parametrize(
    ("asset_ids", "code", "message"),
    [
        ([], ErrorCode.INVALID_INPUT, "0 assets were given"),
        (MANY[: STREAM_ASSETS_MAX + 1], ErrorCode.INVALID_INPUT, "251 assets were given"),
        ([BTC, AssetId("NONE")], ErrorCode.ASSET_NOT_FOUND, "There is no asset NONE."),
    ],
)
async def test_assets_that_cannot_be_streamed_are_refused(
    asset_ids: list[AssetId], code: ErrorCode, message: str
) -> None:
    _, broadcast = market()
    with pytest.raises(Refusal) as refused:
        broadcast.stream(asset_ids)
    (error,) = refused.value.errors
    assert (error.code, error.path) == (code, ("assetIds",))
    assert message in error.message
    assert broadcast.readers == 0


IDS = [BTC, ETH, LTC, DOGE, AssetId("NEW")]
PRICES = st.dictionaries(st.sampled_from(IDS), st.integers(1, 4), max_size=5)


@given(
    wanted=st.none() | st.frozensets(st.sampled_from(IDS[:4]), min_size=1),
    steps=st.lists(st.none() | PRICES, max_size=25),
)
def test_a_reader_of_any_pace_sees_each_latest_price_and_only_changes(
    wanted: frozenset[AssetId] | None, steps: list[dict[AssetId, int] | None]
) -> None:
    """A step is a tick, or None where the reader reads."""

    async def live() -> None:
        board, broadcast = market()
        stream = broadcast.stream(wanted)
        seen: dict[AssetId, int] = {}
        for number, step in enumerate([*steps, None], start=1):
            if step is not None:
                board.apply(tick(number, dict(step), NOON + timedelta(seconds=number)))
                continue
            reading = await waiting(stream)
            if reading.done():
                for update in await reading or ():
                    assert seen.get(update.asset.id, -1) < update.sequence
                    seen[update.asset.id] = update.sequence
            else:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
            assert seen == {
                asset.id: asset.sequence
                for asset in board.assets()
                if (asset.is_tradable if wanted is None else asset.id in wanted)
            }

    asyncio.run(live())
