"""Lists of assets: filters, orders, and pages while prices move."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.asset_listing import (
    FILTER_IDS_MAX,
    SEARCH_CHARACTERS_MAX,
    AssetField,
    AssetFilter,
    AssetOrder,
    AssetPlace,
)
from domain.asset_state import AssetState
from domain.assets import Asset
from domain.ids import AssetId
from domain.money import Money, Price
from domain.pages import Stretch
from domain.price_board import PriceBoard
from domain.refusals import Refusal
from tests.domain.market_world import (
    BTC,
    DOGE,
    ETH,
    LTC,
    NOON,
    board_of,
    entry,
    facts,
    state,
    tick,
    usd,
)

IDS = [AssetId(f"A{number}") for number in range(12)]
ORDERS = st.builds(AssetOrder, field=st.sampled_from(AssetField), is_descending=st.booleans())


def board() -> PriceBoard:
    made = board_of(
        state(BTC, 1000, supply=20), state(ETH, 100, supply=1000), state(LTC, 50), state(DOGE, 1)
    )
    made.apply(tick(1, {BTC: 900, ETH: 130, LTC: 50}))
    return made


def ids(assets: Sequence[Asset]) -> list[str]:
    return [asset.id for asset in assets]


def listed(where: AssetFilter, order: AssetOrder | None = None) -> list[str]:
    page = board().page(Stretch(limit=100), order=order or AssetOrder(), where=where)
    assert not page.has_more
    return ids(page.items)


@pytest.mark.parametrize(
    ("field", "is_descending", "expected"),
    [
        (AssetField.MARKET_CAP_RANK, False, [ETH, BTC, DOGE, LTC]),
        (AssetField.MARKET_CAP_RANK, True, [BTC, ETH, DOGE, LTC]),
        (AssetField.NAME, False, [BTC, DOGE, ETH, LTC]),
        (AssetField.NAME, True, [LTC, ETH, DOGE, BTC]),
        (AssetField.PRICE, False, [DOGE, LTC, ETH, BTC]),
        (AssetField.PRICE, True, [BTC, ETH, LTC, DOGE]),
        (AssetField.PRICE_CHANGE_24H, False, [BTC, DOGE, LTC, ETH]),
        (AssetField.PRICE_CHANGE_24H, True, [ETH, DOGE, LTC, BTC]),
        (AssetField.VOLUME_24H, False, [BTC, DOGE, ETH, LTC]),
        (AssetField.VOLUME_24H, True, [BTC, DOGE, ETH, LTC]),
    ],
)
def test_lists_are_sorted_with_unknown_figures_last_and_ties_by_id(
    field: AssetField, is_descending: bool, expected: list[str]
) -> None:
    order = AssetOrder(field=field, is_descending=is_descending)
    assert listed(AssetFilter(), order) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (AssetFilter(ids=frozenset([BTC, LTC, AssetId("NONE")])), [BTC, LTC]),
        (AssetFilter(ids=frozenset()), []),
        (AssetFilter(search="the b"), [BTC]),
        (AssetFilter(search=" eth "), [ETH]),
        (AssetFilter(search=""), [ETH, BTC, DOGE, LTC]),
        (AssetFilter(search="nothing"), []),
        (AssetFilter(is_tradable=True), [ETH, BTC, DOGE, LTC]),
        (AssetFilter(is_tradable=False), []),
        (AssetFilter(category="LAYER 1", search="t"), [ETH, BTC, DOGE, LTC]),
        (AssetFilter(category="Layer"), []),
    ],
)
def test_filters_leave_out_what_does_not_match(where: AssetFilter, expected: list[str]) -> None:
    assert listed(where) == expected


def test_a_search_finds_the_symbol_too() -> None:
    odd = AssetState.first(facts(BTC, symbol="XBT"), price=usd(1), at=NOON, source="test")
    page = board_of(odd).page(Stretch(limit=1), order=AssetOrder(), where=AssetFilter(search="xbt"))
    assert ids(page.items) == [BTC]


def test_filters_that_are_too_long_are_refused_with_their_fields() -> None:
    with pytest.raises(Refusal) as refused:
        AssetFilter(
            ids=frozenset(AssetId(f"A{n}") for n in range(FILTER_IDS_MAX + 1)),
            search="x" * (SEARCH_CHARACTERS_MAX + 1),
            category="x" * (SEARCH_CHARACTERS_MAX + 1),
        )
    assert [error.path for error in refused.value.errors] == [
        ("filter", "ids"),
        ("filter", "search"),
        ("filter", "category"),
    ]


def test_a_page_goes_on_behind_a_place_that_no_asset_has_any_more() -> None:
    order = AssetOrder(field=AssetField.PRICE)
    stretch = Stretch(limit=2, after=AssetPlace(usd(75).units, AssetId("GONE")))
    page = board().page(stretch, order=order)
    assert ids(page.items) == [ETH, BTC]
    assert page.end == AssetPlace(usd(900).units, BTC)


def test_a_page_is_read_backwards_from_its_place() -> None:
    order = AssetOrder(field=AssetField.PRICE)
    stretch = Stretch(limit=2, after=AssetPlace(usd(900).units, BTC), is_ascending=True)
    page = board().page(stretch, order=order)
    assert ids(page.items) == [ETH, LTC]
    assert page.has_more


def test_a_page_behind_the_last_place_is_empty() -> None:
    page = board().page(Stretch(limit=2, after=AssetPlace(None, AssetId("Z"))), order=AssetOrder())
    assert (page.items, page.has_more, page.end) == ((), False, None)


def random_board(prices: Sequence[int]) -> PriceBoard:
    states = []
    for asset_id, price in zip(IDS, prices, strict=False):
        supply = None if price % 3 == 0 else 10
        first = entry(asset_id, price, supply).first_state()
        volume = None if price % 2 else Money(price)
        states.append(replace(first, asset=replace(first.asset, volume_24h=volume)))
    return board_of(*states)


@given(
    prices=st.lists(st.integers(1, 9), max_size=len(IDS)),
    order=ORDERS,
    limit=st.integers(1, 5),
    is_ascending=st.booleans(),
)
def test_pages_of_a_still_market_join_to_the_whole_list(
    prices: list[int], order: AssetOrder, limit: int, is_ascending: bool
) -> None:
    made = random_board(prices)
    found: list[Asset] = []
    after: AssetPlace | None = None
    while True:
        stretch: Stretch[AssetPlace] = Stretch(limit=limit, after=after, is_ascending=is_ascending)
        page = made.page(stretch, order=order)
        found += page.items
        after = page.end
        if not page.has_more:
            break
    whole = made.listed(order)
    assert tuple(found) == (whole[::-1] if is_ascending else whole)


@given(
    prices=st.lists(st.integers(1, 9), min_size=1, max_size=len(IDS)),
    order=ORDERS,
    limit=st.integers(1, 5),
    ticks=st.lists(
        st.dictionaries(st.sampled_from(IDS), st.integers(1, 9), min_size=1, max_size=6),
        max_size=12,
    ),
    is_ascending=st.booleans(),
)
def test_paging_while_prices_move_repeats_nothing_within_a_page_and_ends(
    prices: list[int],
    order: AssetOrder,
    limit: int,
    ticks: list[dict[AssetId, int]],
    is_ascending: bool,
) -> None:
    made = random_board(prices)
    after: AssetPlace | None = None
    for number in range(len(ticks) + len(IDS) + 1):
        stretch: Stretch[AssetPlace] = Stretch(limit=limit, after=after, is_ascending=is_ascending)
        page = made.page(stretch, order=order)
        assert len(set(ids(page.items))) == len(page.items) <= limit
        places = [AssetPlace.of(asset, order.field) for asset in page.items]
        assert after not in places
        whole = made.listed(order)[:: -1 if is_ascending else 1]
        start = whole.index(page.items[0]) if page.items else len(whole)
        assert page.items == whole[start : start + limit]
        if not page.has_more:
            return
        after = page.end
        if number < len(ticks):
            made.apply(tick(number + 1, ticks[number], NOON + timedelta(seconds=number)))
    pytest.fail("the list has no end")


def test_listed_prices_are_those_of_the_last_tick() -> None:
    made = board()
    order = AssetOrder(field=AssetField.PRICE)
    assert made.listed(order)[0].price == usd(1)
    made.apply(tick(2, {DOGE: 2}))
    assert made.listed(order)[0].price == Price.of(2)
