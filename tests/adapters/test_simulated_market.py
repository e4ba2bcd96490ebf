"""The simulated market: chance that can be repeated, within bounds."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.catalogue import shipped_catalogue
from adapters.simulated_market import SILENCE_S_MIN, SimulatedMarket, simulated_assets
from adapters.simulated_walk import SimulatedAsset, price_of
from domain.ids import AssetId
from domain.money import Percent, Price, Quantity
from domain.ports.markets import MarketSource
from domain.price_board import PriceBoard
from domain.ticks import PriceReport
from tests.domain.market_world import BTC, ETH, MarketWorld, SetClock, report, usd


def asset(
    asset_id: AssetId = BTC, dollars: int | str = 100, daily_percent: int | str = 3
) -> SimulatedAsset:
    return SimulatedAsset(
        asset_id=asset_id,
        price=usd(dollars),
        anchor=usd(dollars),
        daily_volatility=Percent.of(daily_percent),
        circulating_supply=Quantity.of(1000),
    )


def market(*assets: SimulatedAsset, seed: int = 1, begins_after: int = 0) -> SimulatedMarket:
    return SimulatedMarket(assets, seed=seed, clock=SetClock(), begins_after=begins_after)


def prices(source: SimulatedMarket, ticks: int) -> list[list[Price]]:
    return [[move.price for move in source.step().moves] for _ in range(ticks)]


def test_the_same_seed_gives_the_same_market() -> None:
    assets = (asset(BTC), asset(ETH))
    assert prices(market(*assets), 500) == prices(market(*assets), 500)
    assert prices(market(*assets), 5) != prices(market(*assets, seed=2), 5)
    assert prices(market(*assets), 5) != prices(market(*assets, begins_after=9), 5)


def test_an_asset_walks_alike_whatever_else_is_traded() -> None:
    together = prices(market(asset(ETH), asset(BTC)), 50)
    alone = prices(market(asset(BTC)), 50)
    assert [row[1] for row in together] == [row[0] for row in alone]


@given(seed=st.integers(), cut=st.integers(1, 99))
def test_a_restart_goes_on_with_the_ticks_that_would_have_come_without_it(
    seed: int, cut: int
) -> None:
    assets = (asset(BTC, 109_162), asset(ETH, "0.0000122", 6))
    whole = prices(market(*assets, seed=seed), 100)
    begun = [replace(one, price=price) for one, price in zip(assets, whole[cut - 1], strict=True)]
    assert prices(market(*begun, seed=seed, begins_after=cut), 100 - cut) == whole[cut:]


def test_a_restart_with_another_seed_goes_on_from_the_last_prices() -> None:
    last = prices(market(asset(), seed=1), 20_000)[-1][0]
    taken_up = market(replace(asset(), price=last), seed=2, begins_after=20_000)
    (first,), *_ = prices(taken_up, 1)
    assert abs(first.units - last.units) < last.units / 200


def test_each_report_has_all_prices_and_what_was_traded() -> None:
    made = market(asset(BTC), asset(ETH)).step()
    assert [move.asset_id for move in made.moves] == [BTC, ETH]
    assert made.source == "simulated"
    assert all(move.volume is not None and move.volume.units > 0 for move in made.moves)


def test_nobody_knows_what_is_traded_of_an_unknown_supply() -> None:
    unknown = SimulatedAsset(
        asset_id=BTC, price=usd(1), anchor=usd(1), daily_volatility=Percent.of(3)
    )
    assert market(unknown).step().moves[0].volume is None


@given(
    seed=st.integers(),
    units=st.integers(1, Price.UNITS_MAX),
    percent=st.integers(0, 100_000).map(Percent),
    drift=st.integers(-30, 30),
)
def test_prices_stay_positive_and_within_their_bounds(
    seed: int, units: int, percent: Percent, drift: int
) -> None:
    start = max(1, min(Price.UNITS_MAX // 2, units))
    anchor = max(1, min(Price.UNITS_MAX // 2, start * (100 + drift) // 100))
    source = SimulatedMarket(
        [
            SimulatedAsset(
                asset_id=BTC, price=Price(start), anchor=Price(anchor), daily_volatility=percent
            )
        ],
        seed=seed,
        clock=SetClock(),
        tick_every=timedelta(minutes=10),
    )
    for (price,) in prices(source, 50):
        assert price.units >= 1
        assert 0.49 * min(start, anchor) - 1 <= price.units <= 2.01 * max(start, anchor) + 1


def test_swings_are_worth_watching_within_minutes() -> None:
    row = [price.units for (price,) in prices(market(asset(daily_percent=4)), 3600)]
    quarters = [row[start : start + 900] for start in range(0, 3600, 900)]
    swings = [(max(quarter) - min(quarter)) / min(quarter) for quarter in quarters]
    assert all(0.01 < swing < 0.3 for swing in swings)
    jumps = [abs(after - before) / before for before, after in pairwise(row)]
    assert max(jumps) < 0.01


def test_stablecoins_stay_where_they_are() -> None:
    row = [price for (price,) in prices(market(asset(dollars=1, daily_percent="0.05")), 3600)]
    assert usd("0.99") < min(row) <= max(row) < usd("1.01")


def test_a_price_that_strayed_too_far_is_a_new_anchor() -> None:
    strayed = SimulatedAsset(
        asset_id=BTC, price=usd(1000), anchor=usd(10), daily_volatility=Percent.of(3)
    )
    assert usd(900) < market(strayed).step().moves[0].price < usd(1100)


@pytest.mark.parametrize(
    ("dollars", "expected"),
    [
        (109162.687654321, "109162.69"),
        (1.0000806360780041, "1.0000806"),
        (1.2345678912e-05, "0.000012345679"),
        (1e-30, "0.000000000001"),
        (0.0, "0.000000000001"),
    ],
)
def test_simulated_prices_are_quoted_as_on_an_exchange(dollars: float, expected: str) -> None:
    assert price_of(dollars) == usd(expected)


async def test_the_first_prices_come_at_once_and_the_others_in_time() -> None:
    clock = SetClock()
    source: MarketSource = SimulatedMarket(
        [asset()], seed=1, clock=clock, tick_every=timedelta(seconds=3), sleep=clock.sleep
    )
    begin = clock.now()
    reports = [await source.next_report() for _ in range(3)]
    assert [made.at - begin for made in reports if made] == [
        timedelta(seconds=seconds) for seconds in (0, 3, 6)
    ]
    assert source.silence_max == timedelta(seconds=30)
    assert source.name == "simulated"


def test_a_fast_market_may_be_silent_for_a_moment_too() -> None:
    source = SimulatedMarket([], seed=1, clock=SetClock(), tick_every=timedelta(milliseconds=100))
    assert source.silence_max == timedelta(seconds=SILENCE_S_MIN)


def test_ticks_take_time() -> None:
    with pytest.raises(ValueError, match="must take some time"):
        SimulatedMarket([], seed=1, clock=SetClock(), tick_every=timedelta(0))


async def test_a_process_that_is_replaced_changes_nothing_in_a_seeded_market() -> None:
    async def day_of(*lives: int) -> list[Price]:
        world = MarketWorld(shipped_catalogue())
        for ticks in lives:
            board = await world.start()
            assets = simulated_assets(board, world.catalogue)
            source = SimulatedMarket(assets, seed=7, clock=world.clock, begins_after=board.number)
            feed = world.feed()
            for _ in range(ticks):
                await feed.take(source.step())
        return [one.price for one in world.board.assets()]

    assert await day_of(9, 1, 20) == await day_of(30)


async def test_a_restart_goes_on_from_the_prices_on_the_board() -> None:
    world = MarketWorld(shipped_catalogue())
    board = await world.start()
    first = {one.asset_id: one for one in simulated_assets(board, world.catalogue)}
    assert len(first) == 50
    await world.feed().take(report({BTC: 100_000}))
    again = {one.asset_id: one for one in simulated_assets(board, world.catalogue)}
    assert again[BTC].price == usd(100_000)
    assert again[BTC].anchor == first[BTC].anchor == first[BTC].price
    assert again[ETH] == first[ETH]


def test_assets_that_the_board_does_not_know_are_not_simulated() -> None:
    assert simulated_assets(PriceBoard(), shipped_catalogue()) == ()


def test_reports_are_made_of_exact_prices() -> None:
    made: PriceReport = market(asset()).step()
    assert all(type(move.price.units) is int for move in made.moves)
