import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.export_lines import (
    END_KEY,
    ExportEnd,
    MalformedLineError,
    end_item,
    end_of,
    item_of,
    line_of,
)
from adapters.table import Item, Key

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**37), 10**37)
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | st.binary(max_size=20)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)
ITEMS = st.builds(
    Item,
    st.builds(Key, st.text("Aa#1", min_size=1), st.text("Bb#2", min_size=1)),
    st.dictionaries(st.text("xyz", min_size=1, max_size=3), VALUES, max_size=4),
    st.none() | st.text("I#", min_size=1),
    st.none() | st.text("J#", min_size=1),
    st.none() | st.integers(0, 2**33),
)
ITEM: dict[str, Any] = {"pk": {"S": "A"}, "sk": {"S": "B"}}


@given(ITEMS)
def test_each_item_comes_back_from_its_line(item: Item) -> None:
    assert item_of(line_of(item)) == item


def changed(**attributes: Any) -> str:
    return json.dumps({"Item": ITEM | attributes})


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"Item": 5}',
        json.dumps({"Item": ITEM, "Other": 1}),
        '{"Item": {}}',
        '{"Item": {"pk": {"S": "A"}}}',
        changed(sk={"S": ""}),
        changed(sk={"N": "1"}),
        changed(sk={"S": "x" * 2000}),
        changed(pk="A"),
        changed(x={}),
        changed(x={"S": "a", "N": "1"}),
        changed(x={"SS": ["a"]}),
        changed(x={"N": 5}),
        changed(x={"N": "1.5"}),
        changed(x={"N": "1e3"}),
        changed(x={"N": "+5"}),
        changed(x={"N": "five"}),
        changed(x={"N": "9" * 60}),
        changed(x={"S": 5}),
        changed(x={"BOOL": "yes"}),
        changed(x={"B": "!"}),
        changed(x={"B": 5}),
        changed(x={"L": {"a": 1}}),
        changed(x={"M": ["a"]}),
        changed(x={"NULL": False}),
        changed(index_1={"S": "without its sort key"}),
        changed(expires_at={"N": "-1"}),
        changed(expires_at={"S": "soon"}),
        changed(x={"S": "a" * 500_000}),
        '{"Item": {"pk": {"S": "A"}, "sk": {"S": "B"}, "x": ' + '{"L": [' * 60 + "]}" * 60 + "}}",
    ],
)
def test_what_is_no_item_of_ours_is_refused(line: str) -> None:
    with pytest.raises(MalformedLineError):
        item_of(line.encode())


def test_a_refusal_repeats_nothing_of_the_line() -> None:
    with pytest.raises(MalformedLineError) as told:
        item_of(changed(x={"N": "hunter2"}).encode())

    assert "hunter2" not in str(told.value)


def test_the_last_line_counts_the_others() -> None:
    end = ExportEnd(items=7, has_secrets=True)
    item = item_of(line_of(end_item(end)))

    assert item.key == END_KEY
    assert end_of(item) == end


@pytest.mark.parametrize("attributes", [{}, {"items": "7", "secrets": True}, {"items": 7}])
def test_a_last_line_that_counts_nothing_is_refused(attributes: dict[str, Any]) -> None:
    with pytest.raises(MalformedLineError):
        end_of(Item(END_KEY, attributes))
