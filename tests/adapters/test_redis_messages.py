"""Ticks and hints are the same after their journey; nothing else is ever taken for one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.item_codec import to_json
from adapters.redis_messages import (
    MESSAGE_BYTES_MAX,
    MalformedMessageError,
    hint_from,
    hint_message,
    tick_from,
    tick_message,
)
from domain.ids import AssetId
from domain.instants import instant_of
from domain.money import Price, Quantity
from domain.ticks import PriceMove, Tick

LATEST_MS = 4_000_000_000_000

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moves = st.builds(
    PriceMove,
    st.text("ABCDEFGHIJ0123456789", min_size=1, max_size=10).map(AssetId),
    st.integers(1, Price.UNITS_MAX).map(Price),
    st.none() | st.integers(0, Quantity.UNITS_MAX).map(Quantity),
)
ticks = st.builds(
    Tick,
    number=st.integers(0, 2**80),
    fence=st.integers(0, 2**80),
    at=st.integers(0, LATEST_MS).map(instant_of),
    source=texts,
    position=st.none() | st.integers(-(2**80), 2**80),
    moves=st.lists(moves, max_size=8, unique_by=lambda move: move.asset_id).map(tuple),
)
hints = st.dictionaries(st.text("abc_", max_size=5), st.integers() | texts, max_size=5)
encoded = st.recursive(
    st.none() | st.booleans() | texts | st.from_regex(r"[snb]-?[0-9A-Za-z=]{0,9}"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=10,
)

GOOD = {
    "number": "n1",
    "fence": "n0",
    "at": "n1800000000000",
    "source": "stest",
    "position": None,
    "moves": [["sBTC", "n5", None]],
}


def changed(field: str, value: object) -> bytes:
    """Return a good tick's message with one other field."""
    return to_json(GOOD | {field: value})  # type: ignore[arg-type]


@given(ticks)
def test_a_tick_is_the_same_after_its_journey(made: Tick) -> None:
    assert tick_from(tick_message(made)) == made


@given(hints)
def test_a_hint_is_the_same_after_its_journey(made: dict[str, int | str]) -> None:
    assert hint_from(hint_message(made)) == made


def test_a_good_tick_is_read() -> None:
    move = PriceMove(AssetId("BTC"), Price(5))
    at = datetime(2027, 1, 15, 8, tzinfo=UTC)
    expected = Tick(number=1, fence=0, at=at, source="test", moves=(move,))
    assert tick_from(to_json(GOOD)) == expected  # type: ignore[arg-type]


@given(st.binary() | encoded.map(to_json))  # type: ignore[arg-type]
def test_any_text_is_malformed_or_a_hint(message: bytes) -> None:
    try:
        hint = hint_from(message)
    except MalformedMessageError:
        return
    assert all(type(value) in {int, str} for value in hint.values())


@given(st.sampled_from(sorted(GOOD)), encoded)
def test_any_field_makes_a_tick_or_a_malformed_message(field: str, value: object) -> None:
    try:
        made = tick_from(changed(field, value))
    except MalformedMessageError:
        return
    assert tick_from(tick_message(made)) == made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 1.5),
        ("number", True),
        ("number", "s1"),
        ("at", "n9999999999999999"),
        ("source", "n1"),
        ("moves", None),
        ("moves", [["sA", "n0", None]]),
        ("moves", [["sA", "n1", "n-1"]]),
        ("moves", [["sA", "n1"]]),
        ("moves", [["sA", "n1", None], ["sA", "n2", None]]),
    ],
)
def test_what_no_tick_can_have_is_malformed(field: str, value: object) -> None:
    with pytest.raises(MalformedMessageError):
        tick_from(changed(field, value))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "5",
        "[" * 100_000,
        '{"a":' * 900 + "null" + "}" * 900,
        '"' + "x" * MESSAGE_BYTES_MAX + '"',
    ],
)
def test_what_no_tick_can_look_like_is_malformed(text: str) -> None:
    with pytest.raises(MalformedMessageError):
        tick_from(text.encode())
