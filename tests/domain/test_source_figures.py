"""A source's own figures stand in the place of those that are worked out here."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.asset_state import AssetState
from domain.assets import Asset, PriceExtreme
from domain.ids import AssetId
from domain.market_figures import MarketFigures
from domain.money import Money, Percent, Price, Quantity
from domain.ticks import PriceMove, Tick
from tests.domain.market_world import BTC, ETH, NOON, board_of, facts, state, tick, usd

FIGURES = MarketFigures(
    source_id="bitcoin",
    symbol="BTC",
    name="Bitcoin",
    image_url="https://x.test/btc.png",
    market_cap=Money.of(5000),
    volume_24h=Money.of(77),
    high_24h=usd(140),
    low_24h=usd(90),
    price_change_24h=usd(7),
    price_change_percent_24h=Percent.of(7),
    price_change_percent_7d=Percent.of(8),
    price_change_percent_30d=Percent.of(9),
    circulating_supply=Quantity.of(40),
    total_supply=Quantity.of(41),
    max_supply=Quantity.of(42),
    all_time_high=PriceExtreme(price=usd(250), at=NOON - timedelta(days=9)),
    all_time_low=PriceExtreme(price=usd(5), at=NOON - timedelta(days=99)),
)
TOLD = (
    *("symbol", "name", "image_url", "market_cap", "volume_24h", "high_24h", "low_24h"),
    *("price_change_24h", "price_change_percent_24h", "price_change_percent_7d"),
    *("price_change_percent_30d", "circulating_supply", "total_supply", "max_supply"),
)
BARE = MarketFigures(source_id="bitcoin", symbol="BTC", name="Bitcoin")


def told(before: AssetState, dollars: int, figures: MarketFigures, **changes: Any) -> AssetState:
    move = PriceMove(before.id, usd(dollars), figures=figures, **changes)
    return before.after(move, tick(1, {}))


def test_every_figure_is_taken() -> None:
    asset = told(state(BTC, 100, supply=20), 125, FIGURES).asset

    for name in TOLD:
        assert getattr(asset, name) == getattr(FIGURES, name), name
    assert asset.all_time_high == replace(
        FIGURES.all_time_high,
        change_percent=Percent.of(-50),  # type: ignore[type-var]
    )
    assert asset.all_time_low is not None
    assert asset.all_time_low.change_percent == Percent.of(2400)


def test_what_it_does_not_tell_is_worked_out() -> None:
    before = state(BTC, 100, supply=20)

    assert told(before, 125, BARE).asset == replace(
        before.after(PriceMove(BTC, usd(125)), tick(1, {})).asset, symbol="BTC", name="Bitcoin"
    )


def test_a_market_cap_needs_a_supply() -> None:
    assert told(state(BTC, 100), 125, BARE).asset.market_cap is None


def test_a_price_beyond_its_days_bounds_moves_them() -> None:
    assert told(state(BTC, 100), 150, FIGURES).asset.high_24h == usd(150)
    assert told(state(BTC, 100), 80, FIGURES).asset.low_24h == usd(80)


def test_a_price_beyond_its_extremes_is_one() -> None:
    high = told(state(BTC, 100), 300, FIGURES).asset.all_time_high

    assert high == PriceExtreme(price=usd(300), at=NOON, change_percent=Percent(0))


def test_a_price_is_as_old_as_its_source_says_and_never_younger_than_its_tick() -> None:
    earlier = NOON - timedelta(minutes=3)

    assert told(state(BTC), 125, BARE, at=earlier).asset.price_at == earlier
    assert told(state(BTC), 125, BARE, at=NOON + timedelta(days=1)).asset.price_at == NOON


def test_an_asset_that_only_the_source_knows_enters_with_its_figures() -> None:
    earlier = NOON - timedelta(minutes=3)
    move = PriceMove(AssetId("NEW"), usd(3), at=earlier, figures=FIGURES)

    entered = AssetState.entering(move, tick(1, {}))

    assert entered.source_id == "bitcoin"
    assert entered.asset.name == "Bitcoin"
    assert entered.asset.price_at == earlier


def test_the_catalogue_adds_only_what_sources_do_not_tell() -> None:
    before = told(state(BTC, 100, supply=20), 125, FIGURES)
    shipped = replace(facts(BTC, 1, name="Other", category="Money"), description="Old.")

    asset = before.described(shipped).asset

    assert (asset.name, asset.circulating_supply) == ("Bitcoin", Quantity.of(40))
    assert (asset.category, asset.description) == ("Money", "Old.")


def test_a_source_without_figures_leaves_the_name_that_another_gave() -> None:
    after = told(state(BTC), 125, FIGURES).after(PriceMove(BTC, usd(130)), tick(2, {}))

    assert after.source_id == "bitcoin"
    assert after.asset.high_24h == usd(130)


def gone(number: int, *assets: AssetId) -> Tick:
    return replace(tick(number, {}), gone=assets)


def found(asset: Asset | None) -> Asset:
    assert asset is not None
    return asset


def test_an_asset_that_is_not_listed_any_more_keeps_its_price_and_does_not_trade() -> None:
    board = board_of(state(BTC, 100), state(ETH, 10))

    board.apply(gone(1, BTC, AssetId("NOBODYS")))

    btc = found(board.asset(BTC))
    assert (btc.is_tradable, btc.price) == (False, Price.of(100))
    assert found(board.asset(ETH)).is_tradable


def test_an_asset_that_is_listed_again_trades() -> None:
    board = board_of(state(BTC, 100))
    board.apply(gone(1, BTC))
    move = PriceMove(BTC, usd(125), figures=BARE)

    board.apply(replace(tick(2, {}), moves=(move,)))

    assert found(board.asset(BTC)).is_tradable


def test_what_a_checkpoint_has_seen_is_not_undone_by_an_older_tick() -> None:
    board = board_of(replace(state(BTC, 100), through=5))

    board.apply(gone(3, BTC))

    assert found(board.asset(BTC)).is_tradable
