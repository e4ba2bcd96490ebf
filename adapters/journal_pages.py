"""Pages of the journal: by version, through the index that fits, dates found by searching."""

from collections.abc import Sequence
from datetime import datetime

from adapters.account_items import account_pk
from adapters.filtered import filtered
from adapters.journal_items import VERSION_DIGITS, entry_key, entry_of, entry_sk
from adapters.table import Index, Item, Position, Table
from domain.ids import AccountId
from domain.journal import Entry
from domain.pages import EntryFilter, Slice, Stretch

PROBES_AT_ONCE = 15
"""Entries that one reading looks at for a date.

Halving would take a reading for each bit of the journal's length. This takes one for each four: of
10,000 entries four readings for both dates, where halving would take 28 one after the other.
"""

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
        bounds = [at for at in (where.since, where.until) if at is not None]
        found = await self._first_at(account_id, bounds, high)
        first = found[0] if where.since is not None else low
        last = found[-1] - 1 if where.until is not None else high
        return first, last

    async def _first_at(
        self, account_id: AccountId, instants: Sequence[datetime], high: int
    ) -> list[int]:
        """Return for each instant the first version not before it; high + 1 when all are."""
        spans = [range(1, high + 1) for _ in instants]
        while any(spans):
            probes = [_spread(span) for span in spans]
            keys = {entry_key(account_id, version) for some in probes for version in some}
            found = await self._table.get_many(keys)
            ats = {entry.version: entry.at for entry in map(entry_of, found.values())}
            spans = [
                _narrowed(span, some, [version in ats and ats[version] < at for version in some])
                for span, some, at in zip(spans, probes, instants, strict=True)
            ]
        return [span.start for span in spans]


def _spread(span: range) -> Sequence[int]:
    """Return all versions of a short span, and of a longer one as many as are read at once."""
    if len(span) <= PROBES_AT_ONCE:
        return span
    return [span[i * len(span) // (PROBES_AT_ONCE + 1)] for i in range(1, PROBES_AT_ONCE + 1)]


def _narrowed(span: range, probes: Sequence[int], is_before: Sequence[bool]) -> range:
    """Return where the first version that is not before must lie; its start when it is empty."""
    low, end = span.start, span.stop
    for version, before in zip(probes, is_before, strict=True):
        if not before:
            end = version
            break
        low = version + 1
    return range(low, end)


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
