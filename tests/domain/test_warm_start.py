"""A new process goes on exactly where prices stood, whenever the last one died."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.table import TableUnavailableError
from domain.ids import AssetId
from domain.outages import OutageError
from domain.price_board import PriceBoard
from domain.warm_start import warm_start
from tests.domain.market_world import (
    BTC,
    CATALOGUE,
    ETH,
    LTC,
    NOON,
    MarketWorld,
    entry,
    report,
    usd,
)

STEPS = st.lists(
    st.one_of(
        st.dictionaries(
            st.sampled_from([BTC, ETH, LTC, AssetId("NEW")]),
            st.integers(1, 9),
            min_size=1,
            max_size=4,
        ),
        st.integers(0, 9),
    ),
    max_size=15,
)


def seen(board: PriceBoard) -> dict[AssetId, object]:
    return {state.id: (state.asset, state.history) for state in board.checkpoint().states}


async def test_the_first_start_shows_the_catalogue() -> None:
    world = MarketWorld()
    board = await world.start()
    assert {asset.id for asset in board.assets()} == {entry.facts.id for entry in CATALOGUE}
    quote = board.quote(BTC)
    assert quote is not None
    assert (quote.price, quote.source) == (usd(1000), "catalogue")
    assert board.next_number == 1


async def test_where_the_catalogues_prices_are_of_another_time_assets_enter_by_their_ticks() -> (
    None
):
    # Given a market that lives long before or after the catalogue
    world = MarketWorld()
    world.board = PriceBoard(one.facts for one in CATALOGUE)
    start = partial(warm_start, assets=world.assets, ticks=world.ticks, has_starting_prices=False)
    await start(world.board, CATALOGUE)
    assert list(world.board.assets()) == []
    # When
    await world.feed().take(report({BTC: 7, AssetId("NEW"): 1}))
    # Then they have the catalogue's facts where it has any, and their own first price
    named = {
        asset.id: (asset.name, str(asset.price), asset.price_change_24h.units)
        for asset in world.board.assets()
    }
    assert named == {"BTC": ("The BTC", "7", 0), "NEW": ("NEW", "1", 0)}
    # And a later start shows those and no others, with the facts of its own catalogue
    await world.feed().checkpoint()
    board = PriceBoard()
    newer = (entry(BTC, 5, 21), entry(ETH, 100))
    await start(board, newer)
    assert {asset.id: asset.circulating_supply for asset in board.assets()} == {
        "BTC": newer[0].facts.circulating_supply,
        "NEW": None,
    }


async def test_a_start_after_the_stores_were_emptied_by_time_goes_on_counting() -> None:
    world = MarketWorld()
    await world.start()
    feed = world.feed()
    await feed.take(report({BTC: 1100}))
    await feed.checkpoint()
    world.clock.at += timedelta(days=31)
    board = await world.start()
    assert board.next_number == 2
    quote = board.quote(BTC)
    assert quote is not None
    assert quote.price == usd(1100)


async def test_new_facts_of_the_catalogue_replace_older_ones_and_new_assets_enter() -> None:
    world = MarketWorld([entry(BTC, 1000)])
    await world.start()
    feed = world.feed()
    await feed.take(report({BTC: 1100}))
    await feed.checkpoint()
    world.catalogue = (entry(BTC, 5, 21), entry(ETH, 100))
    board = await world.start()
    btc, eth = board.asset(BTC), board.asset(ETH)
    assert btc is not None
    assert eth is not None
    assert (btc.price, btc.sequence, btc.market_cap_rank) == (usd(1100), 1, 1)
    assert eth.price == usd(100)
    await world.feed().take(report({ETH: 101}))
    assert (await world.start()).asset(ETH) == world.board.asset(ETH)


async def test_a_start_fails_when_the_store_is_away() -> None:
    world = MarketWorld()
    world.table.fail_next(TableUnavailableError("away"))
    with pytest.raises(OutageError):
        await world.start()


async def test_a_tick_of_any_age_is_found() -> None:
    world = MarketWorld()
    await world.start()
    feed = world.feed()
    for price in range(1, 701):
        await feed.take(report({BTC: price}))
    before = world.board.checkpoint()
    assert (await world.start()).checkpoint() == before


@given(steps=STEPS)
@example(steps=[5, {AssetId("NEW"): 1}, 4])
def test_the_board_is_the_same_after_a_kill_at_any_moment(
    steps: list[dict[AssetId, int] | int],
) -> None:
    asyncio.run(live(steps))


async def live(steps: list[dict[AssetId, int] | int]) -> None:
    """Take ticks; a number is a checkpoint, broken off by a kill after so many transactions."""
    world = MarketWorld()
    await world.start()
    feed = world.feed()
    for number, step in enumerate(steps):
        if isinstance(step, dict):
            await feed.take(report(dict(step), NOON + timedelta(hours=number)))
            continue
        world.table.transactions_left = step
        with suppress(OutageError):
            await feed.checkpoint()
        world.table.transactions_left = None
        before = world.board
        await world.start()
        assert seen(world.board) == seen(before)
        assert world.board.next_number == before.next_number
        feed = world.feed()
