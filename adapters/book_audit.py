"""Auditing the book and the list of ends: they hold the open orders, and nothing else."""

from collections.abc import AsyncIterator, Callable, Iterable

from adapters.account_items import order_key, order_of
from adapters.book_items import (
    BOOK,
    EXPIRY,
    SWEPT,
    ending_item,
    ending_of,
    waiting_item,
    waiting_of,
)
from adapters.fields import StoredWronglyError
from adapters.table import Item, Table
from domain.audit import Finding
from domain.orders import Order, OrderStatus
from domain.ports.books import Ending, Waiting

_NAMES: tuple[tuple[str, Callable[[Order], Item]], ...] = (
    ("the book", waiting_item),
    ("the list of ends", ending_item),
)


async def missing_places(table: Table, orders: Iterable[Order]) -> AsyncIterator[Finding]:
    """Tell which of some orders are open and lack a place.

    An order that ended while this was read has left both, and never opens again.
    """
    for order in orders:
        if order.status is not OrderStatus.OPEN:
            continue
        for name, item_of in _NAMES:
            place = f"{order.account_id} order {order.id}"
            try:
                expected = item_of(order)
            except (StoredWronglyError, ValueError) as error:
                yield Finding(place, f"it has no place in {name}: {error}")
                continue
            found = await table.get(expected.key)
            if found is not None and found.attributes == expected.attributes:
                continue
            if await _is_open(table, order):
                what = "is missing from" if found is None else "stands wrongly in"
                yield Finding(place, f"it is open and {what} {name}")


async def stray_places(table: Table) -> AsyncIterator[Finding]:
    """Tell which places hold what is no open order, or one that belongs elsewhere."""
    readers: tuple[tuple[str, Callable[[Item], Waiting | Ending]], ...] = (
        (BOOK, waiting_of),
        (EXPIRY, ending_of),
    )
    for (prefix, read), (_, item_of) in zip(readers, _NAMES, strict=True):
        async for item in table.scan(prefix):
            if item.key == SWEPT:
                continue
            place = f"{item.key.pk}/{item.key.sk}"
            try:
                named = read(item)
            except (StoredWronglyError, ValueError) as error:
                yield Finding(place, f"it can't be read: {error}")
                continue
            order = await _order(table, named)
            if order and _belongs(item, order, item_of):
                continue
            if await table.get(item.key) is not None:
                status = f"is {order.status}" if order else "is missing"
                yield Finding(place, f"its order {named.order_id} {status}, or rests elsewhere")


def _belongs(item: Item, order: Order, item_of: Callable[[Order], Item]) -> bool:
    """Tell whether an order is open, and rests at an item's place."""
    try:
        return order.status is OrderStatus.OPEN and item_of(order).key == item.key
    except (StoredWronglyError, ValueError):
        return False


async def _is_open(table: Table, order: Order) -> bool:
    item = await table.get(order_key(order.account_id, order.id))
    return item is not None and order_of(item).status is OrderStatus.OPEN


async def _order(table: Table, named: Waiting | Ending) -> Order | None:
    """Return the order of a place, if it can be read: that it can't is told with its account."""
    item = await table.get(order_key(named.account_id, named.order_id))
    try:
        return order_of(item) if item else None
    except (StoredWronglyError, ValueError):
        return None
