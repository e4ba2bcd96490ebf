"""The shipped catalogue is made of facts that agree with each other."""

from datetime import UTC, datetime

from adapters.catalogue import shipped_catalogue
from domain.asset_listing import AssetOrder
from domain.asset_state import Checkpoint
from domain.ids import ASSET_ID
from domain.money import Percent, Price
from domain.price_board import PriceBoard


def test_it_has_fifty_different_assets() -> None:
    entries = shipped_catalogue()
    assert len({entry.facts.id for entry in entries}) == len(entries) == 50
    assert all(ASSET_ID.fullmatch(entry.facts.id) for entry in entries)
    assert len({entry.facts.name for entry in entries}) == 50
    wanted = {"BTC", "ETH", "LTC", "XRP", "BCH", "ADA", "DOT", "AVAX", "USDT"}
    assert wanted <= {str(entry.facts.id) for entry in entries}


def test_every_asset_has_a_price_of_the_stated_date_and_a_sentence() -> None:
    for entry in shipped_catalogue():
        assert entry.price > Price(0)
        assert entry.price_at == datetime(2025, 9, 2, tzinfo=UTC)
        assert entry.facts.description is not None
        assert entry.facts.description.endswith(".")
        assert entry.facts.image_url is None
        assert Percent(0) < entry.daily_volatility <= Percent.of(10)


def test_supplies_and_extremes_agree_with_each_other() -> None:
    for entry in shipped_catalogue():
        supplies = [
            entry.facts.circulating_supply,
            entry.facts.total_supply,
            entry.facts.max_supply,
        ]
        known = [supply for supply in supplies if supply is not None]
        assert known == sorted(known)
        if entry.all_time_high is not None:
            assert entry.price <= entry.all_time_high.price
            assert entry.all_time_high.at < entry.price_at
        if entry.all_time_low is not None:
            assert entry.price >= entry.all_time_low.price
            assert entry.all_time_low.at < entry.price_at


def test_it_is_in_the_order_of_market_caps() -> None:
    entries = shipped_catalogue()
    board = PriceBoard()
    board.load(Checkpoint(states=tuple(entry.first_state() for entry in entries)))
    ranked = board.listed(AssetOrder())
    assert [asset.id for asset in ranked] == [entry.facts.id for entry in entries]
    assert [asset.market_cap_rank for asset in ranked] == list(range(1, 51))


def test_stablecoins_move_little() -> None:
    for entry in shipped_catalogue():
        if entry.facts.category == "Stablecoin":
            assert entry.daily_volatility <= Percent.of("0.1")
