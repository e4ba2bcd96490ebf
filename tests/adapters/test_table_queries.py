"""What every engine promises about reading a partition in the order of its three indexes."""

from itertools import product

import pytest

from adapters.table import Index, Item, Key, Page, Position, Put, Table, TableRefusedError

PK = "ACCOUNT#1"
# Ties in both indexes, an item in one only, and one in none.
PLACES = [
    ("01", "b", "x"),
    ("02", "a", "x"),
    ("03", "b", "y"),
    ("04", "a", None),
    ("05", None, "x"),
    ("06", None, None),
    ("07", "b", "y"),
    ("08", "é", "x"),
    ("09", "~", "🧧"),
]
ITEMS = {sk: Item(Key(PK, sk), {"n": sk}, one, two) for sk, one, two in PLACES}


@pytest.fixture
async def filled(table: Table) -> Table:
    others = [Item(Key("ACCOUNT#0", "05"), {}, "b", "x"), Item(Key("ACCOUNT#2", "05"), {}, "b")]
    await table.transact([Put(item) for item in [*ITEMS.values(), *others]], token="fill")
    return table


def expected(index: Index) -> list[Item]:
    """Return the items of the index in its order, worked out from the data."""
    there = [item for item in ITEMS.values() if getattr(item, index.value, "main") is not None]
    return sorted(
        there,
        key=lambda item: (
            Position.of(item, index).value.encode(),
            item.key.sk.encode(),
        ),
    )


@pytest.mark.parametrize("index", Index)
@pytest.mark.parametrize("reverse", [False, True])
async def test_an_index_reads_in_order_both_ways(
    filled: Table, index: Index, *, reverse: bool
) -> None:
    page = await filled.query(PK, index=index, reverse=reverse)

    assert list(page.items) == expected(index)[:: -1 if reverse else 1]
    assert not page.more


@pytest.mark.parametrize("index", Index)
@pytest.mark.parametrize("reverse", [False, True])
async def test_pages_join_without_gap_or_repeat(
    filled: Table, index: Index, *, reverse: bool
) -> None:
    for limit in (1, 2, 3, 8, 9, 10):
        await join_pages(filled, index, limit, reverse=reverse)


async def join_pages(filled: Table, index: Index, limit: int, *, reverse: bool) -> None:
    wanted = expected(index)[:: -1 if reverse else 1]
    read: list[Item] = []
    after = None
    while True:
        page = await filled.query(PK, index=index, reverse=reverse, limit=limit, after=after)
        read += page.items
        assert len(page.items) == limit or not page.more
        assert page.more == (len(read) < len(wanted))
        if not page.more:
            break
        after = Position.of(page.items[-1], index)

    assert read == wanted


BOUNDS = [
    ("a", "b"),
    ("b", None),
    (None, "b"),
    ("b", "b"),
    ("c", "d"),
    ("02", "05"),
    ("b", "a"),
    ("", "b"),
    ("x", ""),
    (None, ""),
    ("é", "🧧"),
    ("a" * 1022, None),
]


def within(item: Item, index: Index, low: str | None, high: str | None) -> bool:
    value = Position.of(item, index).value
    return (low is None or value >= low) and (high is None or value <= high)


@pytest.mark.parametrize("index", Index)
@pytest.mark.parametrize("reverse", [False, True])
async def test_bounds_are_inclusive_and_compare_by_bytes(
    filled: Table, index: Index, *, reverse: bool
) -> None:
    for low, high in BOUNDS:
        page = await filled.query(PK, index=index, low=low, high=high, reverse=reverse)

        wanted = [item for item in expected(index) if within(item, index, low, high)]
        assert list(page.items) == wanted[:: -1 if reverse else 1]


@pytest.mark.parametrize("reverse", [False, True])
async def test_a_page_goes_on_behind_a_position_that_need_not_exist(
    filled: Table, *, reverse: bool
) -> None:
    index = Index.LOCAL_1
    everything = expected(index)[:: -1 if reverse else 1]
    bounds = ((None, None), ("b", "c"), (None, "b"), ("b", None))
    for value, sk, (low, high) in product("abcd", ("00", "02", "03", "99"), bounds):
        page = await filled.query(
            PK, index=index, low=low, high=high, after=Position(value, sk), reverse=reverse
        )

        places = [(item, (Position.of(item, index).value, item.key.sk)) for item in everything]
        behind = [
            item for item, at in places if (at < (value, sk) if reverse else at > (value, sk))
        ]
        assert list(page.items) == [item for item in behind if within(item, index, low, high)]


async def test_nothing_follows_the_bound_itself(filled: Table) -> None:
    low, high = min(ITEMS), max(ITEMS)

    last = await filled.query(PK, high=high, after=Position(high, high))
    first = await filled.query(PK, low=low, after=Position(low, low), reverse=True)

    assert last == first == Page((), more=False)


async def test_a_value_that_begins_another_comes_before_it(table: Table) -> None:
    places = [("9", "a"), ("1", "a\x01"), ("5", "ab"), ("4", "a b")]
    await table.transact([Put(Item(Key(PK, sk), {}, one)) for sk, one in places], token="t1")

    page = await table.query(PK, index=Index.LOCAL_1)
    only_a = await table.query(PK, index=Index.LOCAL_1, low="a", high="a")

    assert [item.key.sk for item in page.items] == ["9", "1", "4", "5"]
    assert [item.key.sk for item in only_a.items] == ["9"]


async def test_an_empty_partition_is_an_empty_page(filled: Table) -> None:
    page = await filled.query("ACCOUNT#3", strong=False)

    assert page.items == ()
    assert not page.more


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_page_has_between_1_and_1000_items(table: Table, limit: int) -> None:
    with pytest.raises(TableRefusedError, match="page"):
        await table.query(PK, limit=limit)


async def test_a_position_is_refused_for_an_index_without_the_item() -> None:
    with pytest.raises(ValueError, match="not in LOCAL_2"):
        Position.of(ITEMS["04"], Index.LOCAL_2)
