"""Reading all that is kept of one account, in pages, for its audit."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from adapters.account_items import (
    STATE,
    account_item,
    account_key,
    account_of,
    account_pk,
    order_item,
    order_key,
    order_of,
    position_item,
    position_of,
    record_item,
    record_of,
)
from adapters.book_audit import missing_places
from adapters.fields import StoredWronglyError
from adapters.journal_items import entry_item, entry_key, entry_of, entry_sk
from adapters.table import Item, Key, Table
from adapters.table import Position as Place
from domain.accounts import Account, Position, are_of_one_version
from domain.audit import AccountAudit, Finding
from domain.idempotency import KeyRecord
from domain.ids import AccountId, AssetId, OrderId
from domain.journal import Entry
from domain.orders import Order

PAGE = 500
"""Items read at once: about a megabyte."""

READS_AGAIN_MAX = 8
"""Looks at positions of other versions, in case the account is only changing while it is read."""

ReadT = TypeVar("ReadT")


def read_or_tell(item: Item, of: Callable[[Item], ReadT]) -> tuple[ReadT | None, Finding | None]:
    """Read an item, or tell what keeps it from being read."""
    try:
        return of(item), None
    except (StoredWronglyError, ValueError, OverflowError) as error:
        return None, Finding(f"{item.key.pk}/{item.key.sk}", f"it can't be read: {error}")


class AccountReader:
    """The audit of one account. `version`, `rewards` and `entries` say what it has seen."""

    def __init__(self, table: Table, account_id: AccountId) -> None:
        self._table = table
        self._pk = account_pk(account_id)
        self._id = account_id
        self.version = 0
        self.rewards = 0
        self.entries = 0

    async def findings(self) -> AsyncIterator[Finding]:
        """Yield what is wrong, as of one version of the account."""
        account, positions, found = await self._state()
        for finding in found:
            yield finding
        if account is None:
            return
        self.version = account.version
        audit = AccountAudit(account)
        for part in (self._entries(audit), self._later_entries()):
            async for finding in part:
                yield finding
        for finding in audit.state(positions):
            yield finding
        for part in (self._orders(audit), self._records(audit)):
            async for finding in part:
                yield finding
        self.rewards = audit.rewards

    async def _state(self) -> tuple[Account | None, dict[AssetId, Position], list[Finding]]:
        """Read account and positions as of one version, if they can be had like that."""
        account: Account | None = None
        positions: dict[AssetId, Position] = {}
        told: list[Finding] = []
        for _ in range(READS_AGAIN_MAX):
            items = [item async for item in self._items(STATE, f"{STATE}#~")]
            if not items or items[0].key != account_key(self._id):
                return None, {}, [Finding(self._id, "its state is missing")]
            accounts, told = _all_read(items[:1], account_of, account_item)
            held, wrong = _all_read(items[1:], position_of, position_item)
            account = accounts[0] if accounts else None
            positions = {position.asset_id: position for position in held}
            told += wrong
            if account is None or are_of_one_version(account, positions.values()):
                break
        return account, positions, told

    async def _entries(self, audit: AccountAudit) -> AsyncIterator[Finding]:
        if not self.version:
            return
        async for items in self._pages(entry_sk(1), entry_sk(self.version)):
            entries, found = _all_read(items, entry_of, entry_item)
            orders = await self._orders_of(entries)
            for finding in found:
                yield finding
            for entry in entries:
                self.entries += 1
                for finding in audit.entry(entry, orders):
                    yield finding

    async def _later_entries(self) -> AsyncIterator[Finding]:
        """Look for entries beyond the account's version, which a running server may have made."""
        page = await self._table.query(
            self._pk, low=entry_sk(self.version + 1), high="JOURNAL#~", reverse=True, limit=1
        )
        entries, found = _all_read(page.items, entry_of, entry_item)
        for finding in found:
            yield finding
        for entry in entries:
            stored = await self._table.get(account_key(self._id))
            account = read_or_tell(stored, account_of)[0] if stored else None
            if account and entry.version > account.version:
                message = f"it lies beyond the account's version, {account.version}"
                yield Finding(f"{self._id} entry {entry.version}", message)

    async def _orders(self, audit: AccountAudit) -> AsyncIterator[Finding]:
        async for items in self._pages("ORDER#", "ORDER#~"):
            orders, found = _all_read(items, order_of, order_item)
            entries = await self._entries_of(order.version for order in orders)
            for finding in found:
                yield finding
            for order in orders:
                for finding in audit.order(order, entries.get(order.version)):
                    yield finding
            async for finding in missing_places(self._table, orders):
                yield finding

    async def _records(self, audit: AccountAudit) -> AsyncIterator[Finding]:
        def item_of(record: KeyRecord) -> Item:
            return record_item(self._id, record)

        async for items in self._pages("KEY#", "KEY#~"):
            records, found = _all_read(items, record_of, item_of)
            entries = await self._entries_of(record.version or 0 for record in records)
            orders = await self._orders_of(entries.values(), records)
            for finding in found:
                yield finding
            for record in records:
                entry = entries.get(record.version or 0)
                named = entry.order_id if entry else record.order_id
                order = orders.get(named) if named else None
                for finding in audit.record(record, entry, order):
                    yield finding

    async def _entries_of(self, versions: Iterable[int]) -> dict[int, Entry]:
        keys = {entry_key(self._id, version) for version in versions if version > 0}
        entries = await self._many(keys, entry_of)
        return {entry.version: entry for entry in entries}

    async def _orders_of(
        self, entries: Iterable[Entry], records: Iterable[KeyRecord] = ()
    ) -> Mapping[OrderId, Order]:
        ids = [entry.order_id for entry in entries] + [record.order_id for record in records]
        orders = await self._many((order_key(self._id, named) for named in ids if named), order_of)
        return {order.id: order for order in orders}

    async def _many(self, keys: Iterable[Key], of: Callable[[Item], ReadT]) -> Iterator[ReadT]:
        found = await self._table.get_many(keys)
        read = (read_or_tell(item, of)[0] for item in found.values())
        return (value for value in read if value is not None)

    async def _pages(self, low: str, high: str) -> AsyncIterator[tuple[Item, ...]]:
        after: Place | None = None
        while True:
            page = await self._table.query(self._pk, low=low, high=high, after=after, limit=PAGE)
            yield page.items
            if not page.more:
                return
            after = Place.of(page.items[-1])

    async def _items(self, low: str, high: str) -> AsyncIterator[Item]:
        async for items in self._pages(low, high):
            for item in items:
                yield item


def _all_read(
    items: Iterable[Item], of: Callable[[Item], ReadT], to: Callable[[ReadT], Item]
) -> tuple[list[ReadT], list[Finding]]:
    """Read items, and tell of those that can't be read, or lie where they would not be written."""
    values: list[ReadT] = []
    findings: list[Finding] = []
    for item in items:
        value, finding = read_or_tell(item, of)
        if finding:
            findings.append(finding)
        if value is None:
            continue
        written = to(value)
        place = f"{item.key.pk}/{item.key.sk}"
        if written.key != item.key:
            message = f"it is what should lie at {written.key.pk}/{written.key.sk}"
            findings.append(Finding(place, message))
            continue
        if written != item:
            findings.append(Finding(place, "it is not written or indexed as it should be"))
        values.append(value)
    return values, findings
