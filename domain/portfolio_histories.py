"""Reading what a history is worked out from: a bounded number of queries, however long it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.candle_keeper import READ_AT_ONCE
from domain.candles import CANDLES_READ_MAX, Candle, CandleInterval, CandleQuery
from domain.ids import AccountId, AssetId
from domain.journal import Entry, EntryKind
from domain.market_clock import MarketClock
from domain.pages import EXAMINED_MAX, EntryFilter, Stretch
from domain.portfolio_history import (
    GRIDS,
    HistoryRange,
    PortfolioPoint,
    instants_of,
    net_deposits,
    possessions,
    valued,
)
from domain.ports.accounts import AccountStore
from domain.ports.candles import Candles

SETTLED_AFTER = timedelta(minutes=1)
"""How old a point is before it is shown: longer than any commit of an earlier instant takes."""

PAGES_MAX = 20
"""Pages of the journal that a history reads, of 1,000 entries each."""

CANDLE_PAGES_MAX = 20
"""Pages of one asset's daily candles: 54 years."""


class HistoryTooLongError(Exception):
    """There are more deposits and withdrawals since the last reset than a history reads."""


class PortfolioHistories:
    """Histories of accounts. A point that was told once is the same in every later answer."""

    def __init__(
        self, *, accounts: AccountStore, candles: Candles, market_clock: MarketClock
    ) -> None:
        self._accounts = accounts
        self._candles = candles
        self._market_clock = market_clock

    async def history(
        self, account_id: AccountId, asked: HistoryRange
    ) -> tuple[PortfolioPoint, ...]:
        """Return an account's points, oldest first.

        Where a range has over 20,000 entries, its oldest points are left out. Raises OutageError
        and HistoryTooLongError.
        """
        holdings = await self._accounts.holdings(account_id)
        final = self._candles.final_until
        if final is None:
            return ()
        account, grid = holdings.account, GRIDS[asked]
        until = min(final, self._market_clock.market_now() - SETTLED_AFTER)
        instants = instants_of(asked, opened_at=account.created_at, until=until)
        if not instants:
            return ()
        entries = await self._entries(account_id, account.version, since=instants[0])
        found = possessions(holdings, entries, instants)[::-1]
        fundings = await self._fundings(account_id, account.version)
        deposits = net_deposits(fundings, [one.at for one in found])
        assets = sorted({asset_id for one in found for asset_id in one.quantities})
        candles = await self._all_closed(assets, grid.interval, instants)
        return valued(found, deposits, candles, grid.interval)

    async def _entries(
        self, account_id: AccountId, version: int, *, since: datetime
    ) -> list[Entry]:
        """Return entries from a version back to the first one before `since`, newest first."""
        found: list[Entry] = []
        for _ in range(PAGES_MAX):
            page = await self._page(account_id, EntryFilter(), version + 1)
            found += page
            if len(page) < EXAMINED_MAX or page[-1].at < since:
                break
            version = page[-1].version - 1
        return found

    async def _fundings(self, account_id: AccountId, version: int) -> list[Entry]:
        """Return deposits, withdrawals and resets since the last reset but those, oldest first."""
        found: list[Entry] = []
        for kind in (EntryKind.DEPOSIT, EntryKind.WITHDRAWAL, EntryKind.RESET):
            where, newest = EntryFilter(kinds=frozenset({kind})), version
            for _ in range(PAGES_MAX):
                page = await self._page(account_id, where, newest + 1)
                found += page
                if len(page) < EXAMINED_MAX:
                    break
                newest = page[-1].version - 1
            else:
                message = f"it has over {PAGES_MAX * EXAMINED_MAX:,} entries of {kind}"
                raise HistoryTooLongError(message)
        return sorted(found, key=lambda entry: entry.version)

    async def _page(self, account_id: AccountId, where: EntryFilter, after: int) -> Sequence[Entry]:
        stretch = Stretch(limit=EXAMINED_MAX, after=after)
        return (await self._accounts.entries(account_id, where, stretch)).items

    async def _all_closed(
        self, assets: Sequence[AssetId], interval: CandleInterval, instants: Sequence[datetime]
    ) -> dict[AssetId, list[Candle]]:
        found: list[list[Candle]] = []
        for start in range(0, len(assets), READ_AT_ONCE):
            some = assets[start : start + READ_AT_ONCE]
            found += await asyncio.gather(*(self._closed(one, interval, instants) for one in some))
        return dict(zip(assets, found, strict=True))

    async def _closed(
        self, asset_id: AssetId, interval: CandleInterval, instants: Sequence[datetime]
    ) -> list[Candle]:
        """Return candles that reach from before the first instant to the last, oldest first.

        Where the last one before the first instant isn't kept any more, the day's before it is
        taken: nothing has happened since.
        """
        query = CandleQuery(
            asset_id=asset_id, interval=interval, until=instants[-1], limit=CANDLES_READ_MAX
        )
        found: list[Candle] = []
        for _ in range(CANDLE_PAGES_MAX):
            (page,) = await self._candles.find([query])
            found = [*page, *found]
            if len(page) < CANDLES_READ_MAX or page[0].start + interval.span <= instants[0]:
                break
            query = replace(query, until=page[0].start)
        day = CandleInterval.ONE_DAY
        oldest = found[0].start if found else instants[-1]
        if interval is day or (found and oldest + interval.span <= instants[0]):
            return found
        query = CandleQuery(asset_id=asset_id, interval=day, until=oldest - day.span, limit=1)
        (older,) = await self._candles.find([query])
        # Its price is that of its end, so it stands in for the last candle before that.
        later = day.span - interval.span
        return [*(replace(one, start=one.start + later) for one in older), *found]
