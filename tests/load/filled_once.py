"""What a store must hold when leaders were killed: after each death, and at the end."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.account_store import AccountTable
from adapters.system_clock import SystemClock
from adapters.table import Table
from adapters.tick_store import TickTable
from domain.audit import Finding
from domain.ids import AccountId, AssetId, OrderId
from domain.money import Price
from domain.orders import Order, OrderSide, OrderStatus
from domain.pages import EntryFilter, Stretch
from domain.ticks import Tick
from tests.load.known_orders import KnownOrder, RecordedLine
from tests.load.mortal_leaders import Death
from tests.load.setups import Setup
from web.auditing import audit
from web.stores import open_store_read_only

ENTRIES_MAX = 1_000
"""More than an account has: what it was given, and two for each order."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A known order, as it was placed."""

    known: KnownOrder
    account_id: AccountId
    id: OrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A recording that is played on a store, and the orders that rest there beforehand."""

    setup: Setup
    recording: Path
    lines: Sequence[RecordedLine]
    placed: Sequence[Placed]

    async def check_at_death(self, death: Death) -> None:
        """Compare what a dead leader left with where it died: only its last tick isn't done."""
        async with self._table() as table:
            last = len(await self._ticks(table)) - 1
            orders = await self._orders(table)
        left = 0
        for one in self.placed:
            line, is_open = one.known.line, orders[one.id].status is OrderStatus.OPEN
            if line == last:
                left += is_open
            else:
                assert is_open == (line is None or line > last), (death, one)
        assert left in death.left, (death, left)

    async def check_at_the_end(self) -> None:
        """Compare the store with what was known beforehand."""
        findings = [one async for one in audit(self.setup.store) if isinstance(one, Finding)]
        assert findings == []
        async with self._table() as table:
            ticks = await self._ticks(table)
            orders = await self._orders(table)
            fills = await self._fills(table)
        check_ticks(ticks, self.lines)
        for one in self.placed:
            order, line = orders[one.id], one.known.line
            if line is None:
                assert order.status is OrderStatus.OPEN, order
                assert fills[one.id] == 0
            else:
                check_filled(order, self.lines[line], f"replay:{self.recording.name}")
                assert fills[one.id] == 1

    @asynccontextmanager
    async def _table(self) -> AsyncIterator[Table]:
        table = await open_store_read_only(self.setup.store, wall_clock_s=time.time)
        try:
            yield table
        finally:
            await table.close()

    async def _ticks(self, table: Table) -> list[Tick]:
        """Return the stored ticks that came from the recording, in the order of their numbers."""
        store, found, number = TickTable(table, clock=SystemClock()), list[Tick](), 0
        while page := await store.after(number):
            found += [tick for tick in page if tick.source == f"replay:{self.recording.name}"]
            number = page[-1].number
        return found

    async def _orders(self, table: Table) -> dict[OrderId, Order]:
        accounts, found = AccountTable(table), dict[OrderId, Order]()
        for account_id, ids in self._ids().items():
            found |= await accounts.orders(account_id, ids)
        return found

    async def _fills(self, table: Table) -> Counter[OrderId | None]:
        """Return how many entries say that an order was filled; versions have no gaps."""
        accounts, found = AccountTable(table), Counter[OrderId | None]()
        for account_id in self._ids():
            page = await accounts.entries(
                account_id, EntryFilter(), Stretch(limit=ENTRIES_MAX, is_ascending=True)
            )
            assert not page.has_more
            assert [entry.version for entry in page.items] == [*range(1, len(page.items) + 1)]
            found.update(e.order_id for e in page.items if e.order_status is OrderStatus.FILLED)
        return found

    def _ids(self) -> dict[AccountId, list[OrderId]]:
        found: dict[AccountId, list[OrderId]] = {}
        for one in self.placed:
            found.setdefault(one.account_id, []).append(one.id)
        return found


def check_ticks(ticks: Sequence[Tick], lines: Sequence[RecordedLine]) -> None:
    """Each line is a tick, once and in order, and numbers have no gaps."""
    assert [tick.position for tick in ticks] == [*range(1, len(lines) + 1)]
    assert [tick.number - ticks[0].number for tick in ticks] == [*range(len(lines))]
    moves = [(move.asset_id, move.price) for tick in ticks for move in tick.moves]
    assert moves == [(AssetId(line.asset), Price.of(line.price)) for line in lines]


def check_filled(order: Order, line: RecordedLine, source: str) -> None:
    """It is filled at the price of its line, and no worse than it allows."""
    assert order.status is OrderStatus.FILLED, order
    assert order.fill is not None
    assert order.fill.price_source == source
    assert order.fill.quoted_price == Price.of(line.price), order
    limit = order.limit_price
    if limit is not None and order.side is OrderSide.BUY:
        assert order.fill.price <= limit, order
    elif limit is not None:
        assert order.fill.price >= limit, order
