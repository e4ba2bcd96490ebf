"""An account's past: entries at set times, prices between them, and what both come to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain.accounts import Position, no_position, opened
from domain.candle_book import CandleBook
from domain.candles import Candle, CandleQuery, merged
from domain.ids import AccountId, AssetId, CommandId
from domain.journal import Entry, EntryKind, LedgerAccount, Leg, usd
from domain.market_clock import PresentTime
from domain.money import Money, Price, Quantity, proceeds_of
from domain.pages import EntryFilter, Slice, Stretch
from domain.portfolio_histories import PortfolioHistories
from domain.portfolio_history import PortfolioPoint
from domain.ports.accounts import Holdings
from domain.ticks import PriceMove, Tick
from tests.domain.ledger_world import ACCOUNT
from tests.domain.market_world import NOON, SetClock

OPENED = NOON - timedelta(days=2, minutes=7)


@dataclass(frozen=True, slots=True)
class Past:
    """What there was after one entry."""

    at: datetime
    cash: int
    put_in: int
    quantities: dict[AssetId, int]


class HistoryWorld:
    """One account and one market. It is an AccountStore as far as a history asks, and `Candles`."""

    def __init__(self) -> None:
        self.clock = SetClock(OPENED)
        self.book = CandleBook()
        self.made: list[Entry] = []
        self.pasts = [Past(OPENED, 0, 0, {})]
        self.prices: list[tuple[datetime, AssetId, Price]] = []
        self.queries = 0

    @property
    def histories(self) -> PortfolioHistories:
        accounts: Any = self
        return PortfolioHistories(
            accounts=accounts, candles=self, market_clock=PresentTime(self.clock)
        )

    def enter(
        self, kind: EntryKind, cents: int, asset_id: AssetId | None = None, units: int = 0
    ) -> None:
        """Make an entry now; a reset takes everything away."""
        last = self.pasts[-1]
        quantities, put_in = dict(last.quantities), last.put_in
        changes = {asset_id: units} if asset_id else {}
        if kind is EntryKind.RESET:
            cents, changes = -last.cash, {one: -held for one, held in quantities.items()}
            put_in = 0
        elif kind in {EntryKind.DEPOSIT, EntryKind.WITHDRAWAL}:
            put_in += cents
        for one, change in changes.items():
            quantities[one] = quantities.get(one, 0) + change
        legs = [
            usd(LedgerAccount.USER_AVAILABLE, Money(cents)),
            usd(LedgerAccount.BANK, Money(-cents)),
        ]
        for one, change in changes.items():
            legs += [
                Leg(LedgerAccount.USER_HELD, one, Quantity(change)),
                Leg(LedgerAccount.MARKET, one, Quantity(-change)),
            ]
        self.made.append(
            Entry(
                account_id=ACCOUNT,
                version=len(self.made) + 1,
                kind=kind,
                legs=tuple(legs),
                at=self.clock.at,
                command_id=CommandId(f"c{len(self.made)}"),
                epoch=0,
                cash_change=Money(cents),
                cash_after=Money(last.cash + cents),
                held_after=Money(0),
                asset_id=asset_id,
            )
        )
        self.pasts.append(Past(self.clock.at, last.cash + cents, put_in, quantities))

    def price(self, asset_id: AssetId, units: int) -> None:
        """Make a price now."""
        price = Price(units)
        self.prices.append((self.clock.at, asset_id, price))
        move = PriceMove(asset_id, price)
        self.book.apply(
            Tick(number=self.book.through + 1, fence=0, at=self.clock.at, source="t", moves=(move,))
        )

    def brute_force(self, at: datetime) -> PortfolioPoint | None:
        """Value the account as it was just before an instant, from all that ever happened."""
        past = [one for one in self.pasts if one.at < at or one.at == OPENED][-1]
        worth = 0
        for asset_id, units in past.quantities.items():
            if not units:
                continue
            known = [p for made_at, one, p in self.prices if one == asset_id and made_at < at]
            if not known:
                return None
            worth += proceeds_of(Quantity(units), known[-1]).units
        return PortfolioPoint(
            at=at,
            cash=Money(past.cash),
            asset_value=Money(worth),
            net_deposits=Money(past.put_in),
        )

    # What a history asks of the account's store.

    async def holdings(self, account_id: AccountId) -> Holdings:
        self.queries += 1
        last = self.pasts[-1]
        account = replace(opened(account_id, OPENED), version=len(self.made), cash=Money(last.cash))
        return Holdings(
            account=account,
            positions=tuple(
                self._position(account_id, one, units) for one, units in last.quantities.items()
            ),
        )

    async def entries(
        self, account_id: AccountId, where: EntryFilter, stretch: Stretch[int]
    ) -> Slice[Entry, int]:
        self.queries += 1
        assert stretch.after is not None
        found = [
            entry
            for entry in reversed(self.made)
            if entry.version < stretch.after and (not where.kinds or entry.kind in where.kinds)
        ]
        items = tuple(found[: stretch.limit])
        return Slice(items=items, has_more=len(found) > len(items), end=None)

    # What it asks of candles.

    @property
    def final_until(self) -> datetime | None:
        return self.book.at

    async def find(self, queries: Sequence[CandleQuery]) -> list[tuple[Candle, ...]]:
        self.queries += len(queries)
        latest = self.book.latest((one.asset_id, one.interval) for one in queries)
        return [merged(one, (), latest[one.asset_id, one.interval]) for one in queries]

    def _position(self, account_id: AccountId, asset_id: AssetId, units: int) -> Position:
        empty = no_position(opened(account_id, OPENED), asset_id)
        return replace(empty, quantity=Quantity(units))
