"""An asset's figures as its prices come."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.asset_state import UNKNOWN_CATEGORY, AssetState
from domain.assets import PriceExtreme, PriceUpdate
from domain.ids import AssetId
from domain.money import Money, Percent, Price, Quantity, worth
from domain.ticks import PriceMove, PriceReport, Tick
from tests.domain.market_world import BTC, NOON, entry, facts, report, state, tick, usd

DAY = timedelta(days=1)


def moved(
    before: AssetState, dollars: int | str, number: int = 1, at: datetime = NOON
) -> AssetState:
    return before.after(PriceMove(before.id, usd(dollars)), tick(number, {}, at))


def test_an_asset_enters_with_a_price_and_no_change() -> None:
    asset = state(BTC, 100, supply=20).asset
    assert asset.price == asset.high_24h == asset.low_24h == asset.day_open_price == usd(100)
    assert asset.market_cap == Money.of(2000)
    assert asset.price_change_24h == Price(0)
    assert asset.price_change_percent_24h == Percent(0)
    assert (asset.sequence, asset.previous_price, asset.volume_24h) == (0, None, None)
    assert asset.price_change_percent_7d is None


def test_a_price_moves_all_figures() -> None:
    asset = moved(state(BTC, 100, supply=20), 125).asset
    assert (asset.price, asset.previous_price, asset.sequence) == (usd(125), usd(100), 1)
    assert (asset.price_at, asset.price_source) == (NOON, "test")
    assert (asset.high_24h, asset.low_24h) == (usd(125), usd(100))
    assert asset.price_change_24h == usd(25)
    assert asset.price_change_percent_24h == Percent.of(25)
    assert asset.market_cap == Money.of(2500)


def test_the_same_price_again_is_newer_but_no_change() -> None:
    before = moved(state(BTC, 100), 125)
    after = moved(before, 125, 2, NOON + DAY).asset
    assert (after.sequence, after.previous_price) == (1, usd(100))
    assert after.price_at == NOON + DAY


def test_volume_is_what_was_traded_at_its_price() -> None:
    move = PriceMove(BTC, usd(100), Quantity.of("1.5"))
    asset = state(BTC, 100).after(move, tick(1, {})).asset
    assert asset.volume_24h == Money.of(150)


def test_longer_changes_are_told_once_they_are_known() -> None:
    after = state(BTC, 100)
    for day in range(31):
        after = moved(after, 100 + day, day + 1, NOON + day * DAY)
    assert after.asset.price_change_percent_7d == Percent.of("5.6911")
    assert after.asset.price_change_percent_30d == Percent.of(30)


def test_extremes_follow_the_price_and_tell_how_far_it_is() -> None:
    known = replace(
        entry(BTC, 100),
        all_time_high=PriceExtreme(price=usd(200), at=NOON - DAY),
        all_time_low=PriceExtreme(price=usd(10), at=NOON - DAY),
    ).first_state()
    assert known.asset.all_time_high == PriceExtreme(
        price=usd(200), at=NOON - DAY, change_percent=Percent.of(-50)
    )
    high = moved(known, 400).asset
    assert high.all_time_high == PriceExtreme(price=usd(400), at=NOON, change_percent=Percent(0))
    low = moved(known, 5).asset
    assert low.all_time_low == PriceExtreme(price=usd(5), at=NOON, change_percent=Percent(0))
    assert low.all_time_high == PriceExtreme(
        price=usd(200), at=NOON - DAY, change_percent=Percent.of("-97.5")
    )


def test_extremes_that_nobody_knows_stay_unknown() -> None:
    asset = moved(state(BTC, 100), 400).asset
    assert (asset.all_time_high, asset.all_time_low) == (None, None)


def test_an_asset_that_only_the_source_knows_is_named_by_its_id() -> None:
    found = AssetState.entering(PriceMove(AssetId("NEW"), usd(3)), tick(7, {})).asset
    assert (found.symbol, found.name, found.category) == ("NEW", "NEW", UNKNOWN_CATEGORY)
    assert (found.price, found.sequence, found.market_cap) == (usd(3), 0, None)


def test_new_facts_keep_the_prices() -> None:
    before = moved(state(BTC, 100, supply=20), 125)
    after = before.described(facts(BTC, 10, name="Bitcoin")).asset
    assert (after.name, after.market_cap) == ("Bitcoin", Money.of(1250))
    assert (after.price, after.sequence, after.high_24h) == (usd(125), 1, usd(125))


def test_the_day_opens_at_the_last_price_before_it() -> None:
    asset = moved(state(BTC, 100), 125).asset
    assert asset.day_open(NOON.date()) == usd(100)
    assert asset.day_open(NOON.date() + DAY) == usd(125)


def test_an_update_is_the_asset_as_of_its_price() -> None:
    asset = moved(state(BTC, 100), 125).asset
    assert PriceUpdate.of(asset) == PriceUpdate(
        asset=asset,
        price=usd(125),
        previous_price=usd(100),
        price_change_percent_24h=Percent.of(25),
        at=NOON,
        sequence=1,
    )


@pytest.mark.parametrize("price", [Price(0), Price(-1)])
def test_a_price_is_above_nothing(price: Price) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        PriceMove(BTC, price)


def test_a_volume_is_not_below_nothing() -> None:
    with pytest.raises(ValueError, match="must not be below 0"):
        PriceMove(BTC, usd(1), Quantity(-1))


def test_a_report_has_one_price_of_each_asset() -> None:
    move = PriceMove(BTC, usd(1))
    with pytest.raises(ValueError, match="two prices of one asset"):
        PriceReport(at=NOON, source="test", moves=(move, move))


def test_a_tick_is_the_report_with_its_number_cut_to_the_millisecond() -> None:
    at = NOON + timedelta(microseconds=1999)
    made = Tick.of(report({BTC: 1}, at), number=7, fence=2)
    assert made == replace(
        tick(7, {BTC: 1}, NOON + timedelta(milliseconds=1), fence=2), position=None
    )


@given(
    first=st.integers(1, Price.UNITS_MAX),
    supply=st.integers(0, Quantity.UNITS_MAX),
    changes=st.lists(st.tuples(st.integers(1, Price.UNITS_MAX), st.integers(0, 10**9)), max_size=9),
)
def test_figures_agree_with_each_other_at_any_price(
    first: int, supply: int, changes: list[tuple[int, int]]
) -> None:
    known = replace(
        entry(BTC),
        facts=replace(facts(BTC), circulating_supply=Quantity(supply)),
        price=Price(first),
        all_time_high=PriceExtreme(price=Price(first), at=NOON),
        all_time_low=PriceExtreme(price=Price(first), at=NOON),
    )
    after, at, sequence = known.first_state(), NOON, 0
    for number, (units, ms) in enumerate(changes, start=1):
        sequence += Price(units) != after.asset.price
        at += timedelta(milliseconds=ms)
        move = PriceMove(BTC, Price(units), Quantity(supply))
        after = after.after(move, tick(number, {}, at))
        asset = after.asset
        assert asset.low_24h <= asset.price <= asset.high_24h
        assert asset.low_24h <= asset.day_open_price
        assert asset.market_cap == worth(Quantity(supply), asset.price)
        assert asset.price - asset.price_change_24h == after.history.opening
        assert asset.all_time_high is not None
        assert asset.all_time_low is not None
        assert asset.all_time_low.price <= asset.low_24h
        assert asset.all_time_high.price >= asset.high_24h
        assert asset.sequence == sequence
