"""Prices with all that a source may tell come back exactly, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.move_values import ids_of, move_of, move_value
from adapters.redis_messages import tick_from, tick_message
from adapters.table import Value
from domain.assets import PriceExtreme
from domain.ids import AssetId
from domain.market_figures import MarketFigures
from domain.money import Fixed, Money, Percent, Price, Quantity
from domain.ticks import PriceMove, Tick
from tests.domain.market_world import NOON
from tests.domain.strategies import amounts, instants

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)


def maybe(kind: type[Fixed]) -> st.SearchStrategy[Fixed | None]:
    return st.none() | amounts(kind, -kind.UNITS_MAX)


EXTREMES = st.none() | st.builds(PriceExtreme, price=amounts(Price), at=instants)
FIGURES = st.builds(
    MarketFigures,
    source_id=TEXTS,
    symbol=TEXTS,
    name=TEXTS,
    image_url=st.none() | TEXTS,
    market_cap=maybe(Money),
    volume_24h=maybe(Money),
    high_24h=maybe(Price),
    low_24h=maybe(Price),
    price_change_24h=maybe(Price),
    price_change_percent_24h=maybe(Percent),
    price_change_percent_7d=maybe(Percent),
    price_change_percent_30d=maybe(Percent),
    circulating_supply=maybe(Quantity),
    total_supply=maybe(Quantity),
    max_supply=maybe(Quantity),
    all_time_high=EXTREMES,
    all_time_low=EXTREMES,
)
MOVES = st.builds(
    PriceMove,
    st.just(AssetId("BTC")),
    amounts(Price, 1),
    st.none() | amounts(Quantity),
    st.none() | instants,
    st.none() | FIGURES,
)


@given(MOVES)
def test_a_move_comes_back_as_it_was(move: PriceMove) -> None:
    assert move_of(move_value(move)) == move


@given(MOVES)
def test_a_move_travels_with_its_figures(move: PriceMove) -> None:
    gone = (AssetId("OLD"),)
    made = Tick(number=1, fence=0, at=NOON, source="test", moves=(move,), gone=gone)

    assert tick_from(tick_message(made)) == made


def test_what_only_some_sources_tell_takes_no_room() -> None:
    assert move_value(PriceMove(AssetId("BTC"), Price(7))) == ["BTC", 7, None]


FIGURES_VALUE: list[Value] = [["bitcoin", "BTC", "Bitcoin", None], [None] * 11, [None, None]]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        ["BTC"],
        [1, 1, None],
        ["BTC", "1", None],
        ["BTC", True, None],
        ["BTC", 0, None],
        ["BTC", 1, -1],
        ["BTC", 1, None, 5],
        ["BTC", 1, None, "5", None],
        ["BTC", 1, None, None, {}],
        ["BTC", 1, None, None, [["bitcoin", "BTC"], *FIGURES_VALUE[1:]]],
        ["BTC", 1, None, None, [FIGURES_VALUE[0], [None], FIGURES_VALUE[2]]],
        ["BTC", 1, None, None, [FIGURES_VALUE[0], ["1"] * 11, FIGURES_VALUE[2]]],
        ["BTC", 1, None, None, [*FIGURES_VALUE[:2], [[1], None]]],
    ],
)
def test_anything_else_is_no_move(value: Value) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        move_of(value)


def test_ids_are_texts() -> None:
    assert ids_of(["BTC"]) == ("BTC",)
    with pytest.raises(ValueError, match="no asset ids"):
        ids_of([1])
