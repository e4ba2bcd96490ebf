"""Pages of the journal: by version, through the index that fits, dates found by binary search."""

from datetime import datetime

from adapters.account_items import account_pk
from adapters.filtered import filtered
from adapters.journal_items import VERSION_DIGITS, entry_key, entry_of, entry_sk
from adapters.table import Index, Item, Position, Table
from domain.ids import AccountId
from domain.journal import Entry
from domain.pages import EntryFilter, Slice, Stretch

_VERSION_MAX = 10**VERSION_DIGITS - 1


class JournalPages:
    """Reads stretches of an account's journal."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def slice(
        self, account_id: AccountId, where: EntryFilter, stretch: Stretch[int]
    ) -> Slice[Entry, int]:
        """Return the entries of a stretch that the filter lets through."""
        low, high = await self._versions(account_id, where)
        if low > high:
            return Slice(items=(), has_more=False, end=stretch.after)
        index, prefix = _order(where)

        def place_of(version: int) -> Position:
            return Position(f"{prefix}{version:0{VERSION_DIGITS}d}", entry_sk(version))

        def read(item: Item) -> tuple[int, Entry | None]:
            entry = entry_of(item)
            return entry.version, entry if _matches(entry, where) else None

        return await filtered(
            lambda after, limit: self._table.query(
                account_pk(account_id),
                index=index,
                low=place_of(low).value,
                high=place_of(high).value,
                after=None if after is None else place_of(after),
                reverse=not stretch.is_ascending,
                limit=limit,
            ),
            read,
            stretch,
        )

    async def _versions(self, account_id: AccountId, where: EntryFilter) -> tuple[int, int]:
        """Return the versions that the filter's dates allow; `at` never decreases."""
        low, high = 1, _VERSION_MAX
        if where.since is None and where.until is None:
            return low, high
        newest = await self._table.query(
            account_pk(account_id), low=entry_sk(1), high=entry_sk(high), reverse=True, limit=1
        )
        high = entry_of(newest.items[0]).version if newest.items else 0
        first, last = low, high
        if where.since is not None:
            first = await self._first_at(account_id, where.since, low, high)
        if where.until is not None:
            last = await self._first_at(account_id, where.until, low, high) - 1
        return first, last

    async def _first_at(self, account_id: AccountId, at: datetime, low: int, high: int) -> int:
        """Return the first version that is not before `at`; one beyond `high` when all are."""
        end = high + 1
        while low < end:
            middle = (low + end) // 2
            item = await self._table.get(entry_key(account_id, middle))
            if item is not None and entry_of(item).at < at:
                low = middle + 1
            else:
                end = middle
        return low


def _order(where: EntryFilter) -> tuple[Index, str]:
    if where.asset_id:
        return Index.LOCAL_1, f"JOURNAL#{where.asset_id}#"
    if len(where.kinds) == 1:
        (kind,) = where.kinds
        return Index.LOCAL_2, f"JOURNAL#{kind}#"
    return Index.MAIN, "JOURNAL#"


def _matches(entry: Entry, where: EntryFilter) -> bool:
    return (not where.kinds or entry.kind in where.kinds) and (
        where.asset_id is None or entry.asset_id == where.asset_id
    )
