"""Accounts, journals and orders on the table: one snapshot to decide, one transaction to commit."""

from collections.abc import Iterable

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
    position_key,
    position_of,
    record_item,
    record_key,
    record_of,
    reward_key,
)
from adapters.book_items import ending_item, waiting_item
from adapters.fields import StoredWronglyError
from adapters.journal_items import entry_item, entry_key, entry_of
from adapters.journal_pages import JournalPages
from adapters.order_pages import order_slice
from adapters.outages import translated
from adapters.table import (
    Absent,
    Check,
    Delete,
    Equals,
    Item,
    Put,
    Table,
    Write,
)
from adapters.table import (
    Position as Place,
)
from domain.accounts import Account, Position, are_of_one_version
from domain.commands import Needs, State
from domain.idempotency import KeyRecord
from domain.ids import AccountId, AssetId, IdempotencyKey, OrderId
from domain.journal import Change, Entry, OrderNote
from domain.orders import Order, OrderStatus
from domain.outages import OutageError
from domain.pages import EntryFilter, OrderFilter, Slice, Stretch
from domain.ports.accounts import Holdings, Reading

POSITIONS_PAGE = 300
"""Items read at once for a portfolio: the account, and more positions than there are assets."""

OPEN_ORDERS_PAGE = 100
"""Open orders read at once for a reset: as many as an account may have."""

OPEN_ORDERS_PAGES_MAX = 50
"""Pages of them, since those of older epochs lie there until they are swept."""

READS_AGAIN_MAX = 8
"""Tries to read a portfolio between two changes, before the store is said to be overloaded."""

_TOO_FAST = "the account changed faster than it could be read"


class AccountTable:
    """The AccountStore on a table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._journal = JournalPages(table)

    async def read(
        self, account_id: AccountId, needs: Needs, key: IdempotencyKey | None = None
    ) -> Reading:
        """Return what a command needs, as of one instant."""
        keys = [account_key(account_id)]
        if needs.asset_id:
            keys.append(position_key(account_id, needs.asset_id))
        if needs.order_id:
            keys.append(order_key(account_id, needs.order_id))
        if key:
            keys.append(record_key(account_id, key))
        slots = {reward_key(slot): slot for slot in needs.reward_slots}
        async with translated():
            found = await self._table.snapshot([*keys, *slots])
        account = account_of(_existing(found.get(account_key(account_id)), account_id))
        position = needs.asset_id and found.get(position_key(account_id, needs.asset_id))
        order = needs.order_id and found.get(order_key(account_id, needs.order_id))
        record = key and found.get(record_key(account_id, key))
        state = State(
            account=account,
            position=position_of(position) if position else None,
            order=order_of(order) if order else None,
            used_rewards=frozenset(slots[taken] for taken in slots.keys() & found.keys()),
        )
        if needs.everything and record is None:
            state = await self._everything(account_id)
        return Reading(state=state, record=record_of(record) if record else None)

    async def _everything(self, account_id: AccountId) -> State:
        for _ in range(READS_AGAIN_MAX):
            holdings = await self.holdings(account_id)
            account = holdings.account
            resting = await self._open_orders(account)
            if len(resting) == account.open_orders:
                return State(account=account, positions=holdings.positions, open_orders=resting)
        raise OutageError(_TOO_FAST)

    async def _open_orders(self, account: Account) -> tuple[Order, ...]:
        """Return the open orders of the account's epoch; older ones may lie between them."""
        where = OrderFilter(statuses=frozenset({OrderStatus.OPEN}))
        mine: list[Order] = []
        after: OrderId | None = None
        for _ in range(OPEN_ORDERS_PAGES_MAX):
            stretch = Stretch(limit=OPEN_ORDERS_PAGE, after=after)
            page = await self.orders_where(account.id, where, stretch)
            mine += [order for order in page.items if order.epoch == account.epoch]
            if not page.has_more or len(mine) >= account.open_orders:
                break
            after = page.end
        return tuple(mine)

    async def commit(
        self, change: Change | OrderNote, record: KeyRecord | None, *, token: str
    ) -> None:
        """Write the change and the record, or nothing."""
        async with translated():
            await self._table.transact(_writes(change, record), token=token)

    async def remember(self, account_id: AccountId, record: KeyRecord, *, token: str) -> None:
        """Write what a key was refused for."""
        item = record_item(account_id, record)
        async with translated():
            await self._table.transact([Put(item, (Absent(),))], token=token)

    async def account(self, account_id: AccountId) -> Account | None:
        """Return the account."""
        async with translated():
            item = await self._table.get(account_key(account_id))
        return account_of(item) if item else None

    async def holdings(self, account_id: AccountId) -> Holdings:
        """Return the account and the positions of its epoch, sold-out ones included.

        A query may see but a part of what is committed meanwhile, which means: read again.
        """
        for _ in range(READS_AGAIN_MAX):
            async with translated():
                items = await self._state_items(account_pk(account_id))
            account = account_of(_existing(items[0] if items else None, account_id))
            positions = [position_of(item) for item in items[1:]]
            if are_of_one_version(account, positions):
                mine = tuple(held for held in positions if held.epoch == account.epoch)
                return Holdings(account=account, positions=mine)
        raise OutageError(_TOO_FAST)

    async def _state_items(self, pk: str) -> list[Item]:
        items: list[Item] = []
        after: Place | None = None
        while True:
            page = await self._table.query(
                pk, low=STATE, high=f"{STATE}#~", after=after, limit=POSITIONS_PAGE
            )
            items.extend(page.items)
            if not page.more:
                return items
            after = Place.of(page.items[-1])

    async def positions(
        self, account_id: AccountId, asset_ids: Iterable[AssetId]
    ) -> dict[AssetId, Position]:
        """Return positions as they were last written."""
        keys = {position_key(account_id, asset_id): asset_id for asset_id in asset_ids}
        async with translated():
            found = await self._table.get_many(keys)
        return {keys[key]: position_of(item) for key, item in found.items()}

    async def entry(self, account_id: AccountId, version: int) -> Entry | None:
        """Return one journal entry."""
        async with translated():
            item = await self._table.get(entry_key(account_id, version))
        return entry_of(item) if item else None

    async def entries(
        self, account_id: AccountId, where: EntryFilter, stretch: Stretch[int]
    ) -> Slice[Entry, int]:
        """Return entries by version."""
        async with translated():
            return await self._journal.slice(account_id, where, stretch)

    async def orders(
        self, account_id: AccountId, order_ids: Iterable[OrderId]
    ) -> dict[OrderId, Order]:
        """Return those of the account's orders that exist."""
        keys = [order_key(account_id, order_id) for order_id in order_ids]
        async with translated():
            found = await self._table.get_many(keys)
        orders = [order_of(item) for item in found.values()]
        return {order.id: order for order in orders}

    async def orders_where(
        self, account_id: AccountId, where: OrderFilter, stretch: Stretch[OrderId]
    ) -> Slice[Order, OrderId]:
        """Return orders by id, which is by age."""
        async with translated():
            return await order_slice(self._table, account_id, where, stretch)


def _existing(item: Item | None, account_id: AccountId) -> Item:
    if item is None or item.key != account_key(account_id):
        raise StoredWronglyError(f"{account_pk(account_id)} has no {STATE}")
    return item


def _writes(change: Change | OrderNote, record: KeyRecord | None) -> list[Write]:
    writes = _noted(change) if isinstance(change, OrderNote) else _changed(change)
    if record:
        writes.append(Put(record_item(change.account.id, record), (Absent(),)))
    return writes


def _changed(change: Change) -> list[Write]:
    unchanged = Equals("version", change.before.version)
    writes: list[Write] = [
        Put(account_item(change.account), (unchanged,)),
        Put(entry_item(change.entry), (Absent(),)),
    ]
    if change.position:
        writes.append(Put(position_item(change.position)))
    if change.order:
        writes.append(Put(order_item(change.order)))
        writes += _places(change.order, was_resting=change.was_resting)
    if change.reward_slot:
        writes.append(Put(_reward_item(change), (Absent(),)))
    return writes


def _noted(note: OrderNote) -> list[Write]:
    """Return the writes of what moves nothing: it still rests on the account as it was read."""
    unchanged = Equals("version", note.account.version)
    return [
        Check(account_key(note.account.id), (unchanged,)),
        Put(order_item(note.order), () if note.was_resting else (Absent(),)),
        *_places(note.order, was_resting=note.was_resting),
    ]


def _places(order: Order, *, was_resting: bool) -> list[Write]:
    """Return what the book and the list of ends gain when an order opens, and lose when it ends."""
    if order.status is OrderStatus.OPEN:
        return [Put(waiting_item(order)), Put(ending_item(order))]
    if was_resting:
        return [Delete(waiting_item(order).key), Delete(ending_item(order).key)]
    return []


def _reward_item(change: Change) -> Item:
    assert change.reward_slot is not None
    return Item(
        reward_key(change.reward_slot),
        {"account": change.account.id, "version": change.account.version},
    )
