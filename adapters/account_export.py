"""One account as of one version, read while it goes on.

Why it is consistent: every change of an account raises its version in the same transaction. So what
was read before the account was read at version n has no change beyond n, and what changed since an
earlier version is named by the journal's entries, which never change. Reading those items again
until the account stays where it is gives the state at n. Journal and keys up to n are then
complete, and are read last.

Queries may show a transaction in part while it is being committed; what is read by key is whole. So
the account and what changed are read by key, its last change before the queries too.
"""

from collections.abc import AsyncIterator, Iterable

from adapters.account_items import STATE, account_key, account_pk, order_key, order_of, position_key
from adapters.book_items import ending_item, waiting_item
from adapters.journal_items import entry_key, entry_sk
from adapters.table import (
    PAGE_ITEMS_MAX,
    Item,
    Key,
    Position,
    Table,
    TableUnavailableError,
    Value,
)
from domain.ids import AccountId, AssetId, OrderId
from domain.orders import OrderStatus

CATCH_UPS_MAX = 100
"""Readings of what changed meanwhile. Each takes three requests, within which an account seldom
changes; one that always does is traded on without a pause."""

KEY_PREFIX = "KEY#"
JOURNAL_PREFIX = "JOURNAL#"
ORDER_PREFIX = "ORDER#"


class AccountExport:
    """Reads one account; `version` is the one that `items` has given, once it has ended.

    It keeps in memory what may still change, and the names of the orders.
    """

    def __init__(self, table: Table, account_id: AccountId) -> None:
        self._table = table
        self._id = account_id
        self._pk = account_pk(account_id)
        self._changing: dict[Key, Item] = {}
        self._orders: set[str] = set()
        self.version = 0

    async def items(self) -> AsyncIterator[Item]:
        """Yield all items of the account as of one version, and the places of its open orders.

        There are none when there is no account. Raises TableUnavailableError, also when the account
        changes faster than it can be read.
        """
        state = await self._table.get(account_key(self._id))
        if state is None:
            return
        async for order in self._partition(ORDER_PREFIX):
            self._orders.add(order.key.sk)
            if _is_final(order) and _version(order) <= _version(state):
                yield order
            else:
                self._changing[order.key] = order
        async for position in self._partition(f"{STATE}#"):
            self._changing[position.key] = position
        state = await self._settled(state)
        self.version = _version(state)
        yield state
        for item in self._changing.values():
            yield item
            for place in _places_of(item):
                yield place
        async for item in self._partition(""):
            if self._belongs(item):
                yield item

    async def _settled(self, state: Item) -> Item:
        """Read again what may have changed, until nothing does; return the account's last state."""
        unsure_from = _version(state)
        for _ in range(CATCH_UPS_MAX):
            latest = await self._table.get(account_key(self._id))
            if latest is None or _version(latest) < unsure_from:
                return state
            touched = await self._touched(range(unsure_from, _version(latest) + 1))
            self._changing |= await self._table.get_many(touched)
            self._orders |= {key.sk for key in touched}
            state, unsure_from = latest, _version(latest) + 1
        raise TableUnavailableError(f"{self._pk} changes faster than it can be read")

    async def _touched(self, versions: Iterable[int]) -> set[Key]:
        """Return what the entries of these versions wrote besides the account."""
        touched: set[Key] = set()
        keys = [entry_key(self._id, version) for version in versions]
        for entry in (await self._table.get_many(keys)).values():
            order, asset = entry.attributes.get("order"), entry.attributes.get("asset")
            if order is not None:
                touched.add(order_key(self._id, OrderId(str(order))))
            if asset is not None:
                touched.add(position_key(self._id, AssetId(str(asset))))
        return {key for key in touched if not self._is_given(key)}

    def _is_given(self, key: Key) -> bool:
        """Tell whether it is an order that was final when it was read."""
        return key.sk in self._orders and key not in self._changing

    def _belongs(self, item: Item) -> bool:
        """Tell whether it is of this version, and not among what was yielded before."""
        sk = item.key.sk
        if sk == STATE or sk.startswith((f"{STATE}#", ORDER_PREFIX)):
            return False
        if sk.startswith(JOURNAL_PREFIX):
            return sk <= entry_sk(self.version)
        if sk.startswith(KEY_PREFIX):
            return _version(item) <= self.version and self._has_order_of(item)
        return True

    def _has_order_of(self, record: Item) -> bool:
        """Tell whether a key made no order of its own, or one that is among what was yielded.

        An order that ended on arrival makes no version. What came after the orders were read is
        left out whole, as if it had not happened yet.
        """
        order = record.attributes.get("order")
        return not isinstance(order, str) or f"{ORDER_PREFIX}{order}" in self._orders

    async def _partition(self, prefix: str) -> AsyncIterator[Item]:
        """Yield what of the partition begins with a prefix, in its order."""
        after: Position | None = None
        while True:
            page = await self._table.query(
                self._pk, low=prefix or None, after=after, limit=PAGE_ITEMS_MAX
            )
            for item in page.items:
                if not item.key.sk.startswith(prefix):
                    return
                yield item
            if not page.more:
                return
            after = Position.of(page.items[-1])


def _is_final(order: Item) -> bool:
    return order.attributes.get("status") != OrderStatus.OPEN.value


def _places_of(item: Item) -> tuple[Item, ...]:
    """Return an open order's places, made from itself: the book may have lost it meanwhile."""
    if not item.key.sk.startswith(ORDER_PREFIX) or _is_final(item):
        return ()
    order = order_of(item)
    return waiting_item(order), ending_item(order)


def _version(item: Item) -> int:
    """Return the version that wrote an item; 0 for a refusal's key, which changed nothing."""
    found: Value = item.attributes.get("version")
    return found if isinstance(found, int) else 0
