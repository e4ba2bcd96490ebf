"""Lists in pages: every filter, both directions, ties, bounds, and dates found by version."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.account_items import order_item
from adapters.account_store import AccountTable
from adapters.journal_items import entry_item
from adapters.table import Item, Put, Table
from domain.accounts import opened
from domain.ids import AssetId, CommandId, OrderId
from domain.journal import Entry, EntryKind
from domain.money import Money
from domain.orders import Order, OrderSide, OrderStatus
from domain.pages import EXAMINED_MAX, EntryFilter, OrderFilter, Slice, Stretch
from tests.adapters.memory_table import MemoryTable
from tests.domain.ledger_world import ACCOUNT, BTC, ETH, NOW
from tests.domain.resting_orders import buy_order

MINUTE = timedelta(minutes=1)
KINDS = (EntryKind.DEPOSIT, EntryKind.ORDER_BUY, EntryKind.ORDER_SELL, EntryKind.RESET)
ASSETS = (BTC, ETH, None)


def entry(version: int, at: datetime | None = None) -> Entry:
    """Return an entry; three versions share each minute, and kinds and assets take turns."""
    return Entry(
        account_id=ACCOUNT,
        version=version,
        kind=KINDS[version % 4],
        legs=(),
        at=at or NOW + (version // 3) * MINUTE,
        command_id=CommandId(str(version)),
        epoch=0,
        cash_change=Money(0),
        cash_after=Money(0),
        held_after=Money(0),
        asset_id=ASSETS[version % 3],
    )


def order(number: int) -> Order:
    """Return an order; assets, sides and states take turns."""
    made = buy_order(opened(ACCOUNT, NOW), number, NOW, cash=Money(1))
    return replace(
        made,
        asset_id=(BTC, ETH)[number % 2],
        side=(OrderSide.BUY, OrderSide.SELL)[number // 2 % 2],
        status=(OrderStatus.FILLED, OrderStatus.OPEN, OrderStatus.CANCELLED)[number % 3],
    )


ENTRIES = [entry(version) for version in range(1, 31)]
ORDERS = [order(number) for number in range(1, 31)]

ENTRY_FILTERS = [
    EntryFilter(),
    EntryFilter(asset_id=BTC),
    EntryFilter(kinds=frozenset({EntryKind.DEPOSIT})),
    EntryFilter(kinds=frozenset({EntryKind.DEPOSIT, EntryKind.RESET})),
    EntryFilter(kinds=frozenset({EntryKind.ORDER_SELL}), asset_id=ETH),
    EntryFilter(asset_id=AssetId("NONE")),
    EntryFilter(since=NOW + 3 * MINUTE),
    EntryFilter(until=NOW + 3 * MINUTE),
    EntryFilter(since=NOW + 3 * MINUTE, until=NOW + 7 * MINUTE),
    EntryFilter(since=NOW + 3 * MINUTE, until=NOW + 7 * MINUTE, asset_id=BTC),
    EntryFilter(since=NOW + 1.5 * MINUTE, kinds=frozenset({EntryKind.DEPOSIT})),
    EntryFilter(since=NOW - MINUTE, until=NOW + 99 * MINUTE),
    EntryFilter(since=NOW + 99 * MINUTE),
    EntryFilter(until=NOW),
    EntryFilter(since=NOW + 7 * MINUTE, until=NOW + 3 * MINUTE),
]
ORDER_FILTERS = [
    OrderFilter(),
    OrderFilter(asset_id=BTC),
    OrderFilter(side=OrderSide.SELL),
    OrderFilter(statuses=frozenset({OrderStatus.OPEN})),
    OrderFilter(statuses=frozenset({OrderStatus.OPEN}), asset_id=ETH),
    OrderFilter(statuses=frozenset({OrderStatus.FILLED}), asset_id=ETH, side=OrderSide.BUY),
    OrderFilter(statuses=frozenset({OrderStatus.OPEN, OrderStatus.FILLED})),
    OrderFilter(statuses=frozenset({OrderStatus.EXPIRED})),
    OrderFilter(asset_id=AssetId("NONE")),
]


async def put(table: Table, items: list[Item]) -> AccountTable:
    for start in range(0, len(items), 100):
        await table.transact([Put(item) for item in items[start : start + 100]], token=f"{start}")
    return AccountTable(table)


async def stored(table: Table) -> AccountTable:
    return await put(table, [*map(entry_item, ENTRIES), *map(order_item, ORDERS)])


def entry_matches(one: Entry, where: EntryFilter) -> bool:
    return (
        (not where.kinds or one.kind in where.kinds)
        and where.asset_id in (None, one.asset_id)
        and (where.since is None or one.at >= where.since)
        and (where.until is None or one.at < where.until)
    )


def order_matches(one: Order, where: OrderFilter) -> bool:
    return (
        (not where.statuses or one.status in where.statuses)
        and where.asset_id in (None, one.asset_id)
        and where.side in (None, one.side)
    )


async def entries_walked(
    store: AccountTable, where: EntryFilter, limit: int, *, is_ascending: bool
) -> list[Entry]:
    """Read a list to its end, page by page."""
    found: list[Entry] = []
    after: int | None = None
    for _ in range(100):
        stretch = Stretch(limit=limit, after=after, is_ascending=is_ascending)
        page: Slice[Entry, int] = await store.entries(ACCOUNT, where, stretch)
        assert len(page.items) <= limit
        found += page.items
        if not page.has_more:
            return found
        after = page.end
    raise AssertionError("the list has no end")


async def orders_walked(
    store: AccountTable, where: OrderFilter, limit: int, *, is_ascending: bool
) -> list[Order]:
    """Read a list to its end, page by page."""
    found: list[Order] = []
    after: OrderId | None = None
    for _ in range(100):
        stretch = Stretch(limit=limit, after=after, is_ascending=is_ascending)
        page: Slice[Order, OrderId] = await store.orders_where(ACCOUNT, where, stretch)
        assert len(page.items) <= limit
        found += page.items
        if not page.has_more:
            return found
        after = page.end
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("is_ascending", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("where", ENTRY_FILTERS)
async def test_pages_of_a_journal_add_up_to_what_the_filter_lets_through(
    where: EntryFilter, limit: int, *, is_ascending: bool
) -> None:
    store = await stored(MemoryTable())
    found = await entries_walked(store, where, limit, is_ascending=is_ascending)
    expected = [one for one in ENTRIES if entry_matches(one, where)]
    assert found == (expected if is_ascending else expected[::-1])


@pytest.mark.parametrize("is_ascending", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("where", ORDER_FILTERS)
async def test_pages_of_orders_add_up_to_what_the_filter_lets_through(
    where: OrderFilter, limit: int, *, is_ascending: bool
) -> None:
    store = await stored(MemoryTable())
    found = await orders_walked(store, where, limit, is_ascending=is_ascending)
    expected = [one for one in ORDERS if order_matches(one, where)]
    assert found == (expected if is_ascending else expected[::-1])


async def test_so_it_is_on_each_engine(table: Table) -> None:
    store = await stored(table)
    for entries in ENTRY_FILTERS:
        expected = [one for one in ENTRIES if entry_matches(one, entries)]
        assert await entries_walked(store, entries, 7, is_ascending=True) == expected
        assert await entries_walked(store, entries, 7, is_ascending=False) == expected[::-1]
    for orders in ORDER_FILTERS:
        made = [one for one in ORDERS if order_matches(one, orders)]
        assert await orders_walked(store, orders, 7, is_ascending=True) == made
        assert await orders_walked(store, orders, 7, is_ascending=False) == made[::-1]


@pytest.mark.parametrize("after", [-5, 0, 31, 10**11, 10**30])
async def test_a_place_outside_of_the_journal_is_no_failure(after: int) -> None:
    store = await stored(MemoryTable())
    page = await store.entries(ACCOUNT, EntryFilter(), Stretch(limit=5, after=after))
    assert len(page.items) in {0, 5}


async def test_an_empty_journal_has_no_pages() -> None:
    store = AccountTable(MemoryTable())
    for where in (EntryFilter(), EntryFilter(since=NOW), EntryFilter(until=NOW)):
        page = await store.entries(ACCOUNT, where, Stretch(limit=5))
        assert (page.items, page.has_more, page.end) == ((), False, None)


async def test_a_page_that_ends_exactly_with_the_list_says_so() -> None:
    store = await stored(MemoryTable())
    page = await store.entries(ACCOUNT, EntryFilter(), Stretch(limit=30))
    assert (len(page.items), page.has_more, page.end) == (30, False, 1)
    page = await store.entries(ACCOUNT, EntryFilter(), Stretch(limit=29))
    assert (len(page.items), page.has_more, page.end) == (29, True, 2)


@pytest.mark.parametrize("limit", [1, 20, 100, 999, 1000])
async def test_a_page_looks_at_a_thousand_items_at_most_and_says_where_it_stopped(
    limit: int,
) -> None:
    # Given 1,200 orders, of which only the oldest is a sale
    table = MemoryTable()
    made = [replace(order(n), side=OrderSide.BUY, asset_id=BTC) for n in range(1, 1201)]
    made[0] = replace(made[0], side=OrderSide.SELL)
    store = await put(table, list(map(order_item, made)))
    table.calls.clear()
    sales = OrderFilter(side=OrderSide.SELL)
    # When
    first = await store.orders_where(ACCOUNT, sales, Stretch(limit=limit))
    # Then
    assert (first.items, first.has_more) == ((), True)
    assert first.end == made[1200 - EXAMINED_MAX].id
    assert table.calls.count("query") <= 6
    # When it goes on from there
    rest = await store.orders_where(ACCOUNT, sales, Stretch(limit=limit, after=first.end))
    # Then
    assert [one.id for one in rest.items] == [made[0].id]
    assert not rest.has_more


async def test_a_page_that_fills_up_within_a_long_look_goes_on_right_behind_its_last_item() -> None:
    made = [
        replace(order(n), side=OrderSide.SELL if n % 10 == 0 else OrderSide.BUY)
        for n in range(1, 301)
    ]
    store = await put(MemoryTable(), list(map(order_item, made)))
    where = OrderFilter(side=OrderSide.SELL)
    found = await orders_walked(store, where, 4, is_ascending=True)
    assert [one.id for one in found] == [one.id for one in made if one.side is OrderSide.SELL]


@given(
    gaps=st.lists(st.integers(0, 2), max_size=40),
    since=st.none() | st.integers(-1, 60),
    until=st.none() | st.integers(-1, 60),
)
async def test_dates_are_found_as_versions_whatever_the_gaps_and_ties(
    gaps: list[int], since: int | None, until: int | None
) -> None:
    # Given
    minutes = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    made = [entry(i + 1, NOW + minute * MINUTE) for i, minute in enumerate(minutes)]
    table = MemoryTable()
    store = await put(table, list(map(entry_item, made)))
    where = EntryFilter(
        since=None if since is None else NOW + since * MINUTE,
        until=None if until is None else NOW + until * MINUTE,
    )
    table.calls.clear()
    # When
    page = await store.entries(ACCOUNT, where, Stretch(limit=100, is_ascending=True))
    # Then
    assert list(page.items) == [one for one in made if entry_matches(one, where)]
    assert "get" not in table.calls
    assert table.calls.count("get_many") <= 2
