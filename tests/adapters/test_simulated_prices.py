"""What the simulated market looks like: it is one market, and worth watching for hours and days."""

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import pairwise
from statistics import correlation, fmean, median, pstdev

import pytest

from adapters.catalogue import shipped_catalogue
from adapters.simulated_market import SimulatedMarket, simulated_assets
from adapters.simulated_trends import Regime
from domain.asset_state import Checkpoint
from domain.catalogue import CatalogueEntry
from domain.ids import AssetId
from domain.money import NO_MONEY, Price, change_percent, worth
from domain.price_board import PriceBoard
from domain.ticks import Tick
from tests.domain.market_world import SetClock

SEEDS = (1, 2, 3)
HOURS = 8
LARGE = ("BTC", "ETH", "XRP", "BNB", "SOL")
WATCHED = (*LARGE, "DOGE", "PEPE", "USDT", "USDC", "PAXG")


def listed(*only: str) -> tuple[PriceBoard, list[CatalogueEntry]]:
    """Return a board as at the very first start."""
    board = PriceBoard()
    catalogue = [one for one in shipped_catalogue() if not only or one.facts.id in only]
    board.load(Checkpoint(states=tuple(entry.first_state() for entry in catalogue)))
    return board, catalogue


def market(
    listing: tuple[PriceBoard, list[CatalogueEntry]], seed: int, tick_s: int, clock: SetClock
) -> SimulatedMarket:
    return SimulatedMarket(
        simulated_assets(*listing),
        seed=seed,
        clock=clock,
        tick_every=timedelta(seconds=tick_s),
    )


class Watched:
    """Prices of some assets, in steps of some seconds, and the regimes that they were made in."""

    def __init__(self, seed: int, tick_s: int, ticks: int) -> None:
        self.prices: dict[str, list[float]] = defaultdict(list)
        self.regimes: list[Regime] = []
        source = market(listed(*WATCHED), seed, tick_s, SetClock())
        for _ in range(ticks):
            for move in source.step().moves:
                self.prices[move.asset_id].append(move.price.units / 10**12)
            self.regimes.append(source.regime)

    def returns(self, asset: str, every: int = 1) -> list[float]:
        prices = self.prices[asset][::every]
        return [math.log(after / before) for before, after in pairwise(prices)]

    def returns_in(self, asset: str, regime: Regime) -> list[float]:
        found = zip(self.returns(asset), self.regimes[1:], strict=True)
        return [change for change, of in found if of is regime]


@cache
def watched(seed: int) -> Watched:
    """Return some hours, in steps of ten seconds."""
    return Watched(seed, 10, HOURS * 360)


@cache
def week(seed: int) -> Watched:
    """Return a week, in steps of five minutes."""
    return Watched(seed, 300, 7 * 288)


@pytest.mark.parametrize("seed", SEEDS)
def test_large_coins_move_together_from_minute_to_minute(seed: int) -> None:
    of = watched(seed)
    for number, one in enumerate(LARGE):
        for other in LARGE[:number]:
            assert 0.4 < correlation(of.returns(one, 6), of.returns(other, 6)) < 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_they_stay_together_most_in_a_falling_market_and_least_in_a_calm_one(seed: int) -> None:
    of, found = watched(seed), {}
    for regime in Regime:
        found[regime] = fmean(
            correlation(of.returns_in("BTC", regime), of.returns_in(other, regime))
            for other in LARGE[1:]
        )
    assert 0.15 < found[Regime.CALM] < 0.5 < found[Regime.BULL] < found[Regime.BEAR] < 0.9


@pytest.mark.parametrize("seed", SEEDS)
def test_the_market_rises_in_a_bull_market_and_falls_in_a_bear_market(seed: int) -> None:
    of = watched(seed)
    rising, falling, calm = (
        fmean(fmean(of.returns_in(one, regime)) for one in LARGE)
        for regime in (Regime.BULL, Regime.BEAR, Regime.CALM)
    )
    assert rising > 0 > falling
    assert abs(calm) < min(rising, -falling)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_most_volatile_move_most(seed: int) -> None:
    moves = [pstdev(watched(seed).returns(one, 6)) for one in ("USDC", "BTC", "SOL", "PEPE")]
    assert moves == sorted(moves)
    assert 15 * moves[0] < moves[1] < moves[3] / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_dollars_and_gold_do_not_go_with_the_coins(seed: int) -> None:
    of = watched(seed)
    for one in ("USDT", "USDC", "PAXG"):
        assert abs(correlation(of.returns("BTC"), of.returns(one))) < 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_coins_swing_by_some_percent_within_minutes(seed: int) -> None:
    for one, least, most in (("BTC", 0.015, 0.04), ("SOL", 0.03, 0.07), ("PEPE", 0.04, 0.1)):
        prices = watched(seed).prices[one]
        swings = [
            max(some) / min(some) - 1
            for start in range(0, len(prices), 60)
            if (some := prices[start : start + 60])
        ]
        assert least < median(swings) < most, one
        assert max(swings) < 0.3, one


@pytest.mark.parametrize("seed", SEEDS)
def test_a_week_leads_neither_to_zero_nor_to_riches(seed: int) -> None:
    for one, prices in week(seed).prices.items():
        first, quarter = prices[0], len(prices) // 4
        for start in range(0, len(prices), quarter):
            some = prices[start : start + quarter]
            assert 0.49 * first < min(some) < 1.05 * first, one
            assert 0.95 * first < max(some) < 2.01 * first, one


@pytest.mark.parametrize("seed", SEEDS)
def test_a_dollar_is_a_dollar_all_week(seed: int) -> None:
    for one in ("USDT", "USDC"):
        assert all(0.99 < price < 1.01 for price in week(seed).prices[one])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_price_hardly_ever_stands_at_its_bound(seed: int) -> None:
    for one in LARGE:
        same = sum(before == after for before, after in pairwise(week(seed).prices[one]))
        assert same < 5, one


def days_on_a_board(seed: int, tick_s: int, ticks: int, *only: str) -> Iterator[PriceBoard]:
    """Yield a board after each tick."""
    clock = SetClock()
    listing = listed(*only)
    board, source = listing[0], market(listing, seed, tick_s, clock)
    for number in range(1, ticks + 1):
        clock.at += timedelta(seconds=tick_s)
        board.apply(Tick.of(source.step(), number=number, fence=0))
        yield board


def test_the_figures_of_the_day_agree_with_each_other_at_every_tick() -> None:
    prices: dict[AssetId, list[Price]] = defaultdict(list)
    for board in days_on_a_board(4, 1_800, 100):
        for asset in board.assets():
            opening = asset.price - asset.price_change_24h
            assert asset.low_24h <= min(asset.price, opening)
            assert asset.high_24h >= max(asset.price, opening)
            assert asset.price_change_percent_24h == change_percent(asset.price, opening)
            # The rolling day begins at a whole hour, so it has at least 23 of them.
            prices[asset.id].append(asset.price)
            assert asset.low_24h <= min(prices[asset.id][-46:])
            assert asset.high_24h >= max(prices[asset.id][-46:])
            assert asset.circulating_supply is not None
            assert asset.market_cap == worth(asset.circulating_supply, asset.price)
            assert asset.volume_24h is not None
            assert asset.volume_24h > NO_MONEY


def test_three_percent_of_a_supply_change_hands_in_a_day() -> None:
    *_, board = days_on_a_board(5, 60, 1_440, "BTC")
    btc = board.asset(AssetId("BTC"))
    assert btc is not None
    assert btc.volume_24h is not None
    assert btc.market_cap is not None
    assert 0.025 < btc.volume_24h.units / btc.market_cap.units < 0.035
