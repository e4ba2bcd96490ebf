"""What an account was worth over time, worked out from its journal and from candles."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.candles import Candle, CandleInterval
from domain.ids import AssetId
from domain.instants import instant_of, ms_of
from domain.journal import USD, USERS_OWN, Entry, EntryKind
from domain.money import NO_MONEY, Money, Quantity, proceeds_of
from domain.ports.accounts import Holdings

POINTS_MAX = 500
"""Points in one history, as in the public contract."""

_DAY = timedelta(days=1)
_MS = timedelta(milliseconds=1)


class HistoryRange(StrEnum):
    """How far back a history goes."""

    ONE_DAY = "ONE_DAY"
    ONE_WEEK = "ONE_WEEK"
    ONE_MONTH = "ONE_MONTH"
    ONE_YEAR = "ONE_YEAR"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the points of a range lie: at whole multiples of `step` in UTC, over `span`.

    Points are valued at the last price before them, as candles of one interval tell it. Each step
    is a whole number of those, so every interval tells the same price.
    """

    step: timedelta
    span: timedelta | None
    interval: CandleInterval


GRIDS: Mapping[HistoryRange, Grid] = {
    HistoryRange.ONE_DAY: Grid(timedelta(minutes=5), _DAY, CandleInterval.FIVE_MINUTES),
    HistoryRange.ONE_WEEK: Grid(timedelta(hours=1), 7 * _DAY, CandleInterval.ONE_HOUR),
    HistoryRange.ONE_MONTH: Grid(timedelta(hours=2), 30 * _DAY, CandleInterval.ONE_HOUR),
    HistoryRange.ONE_YEAR: Grid(_DAY, 365 * _DAY, CandleInterval.ONE_DAY),
    HistoryRange.ALL: Grid(_DAY, None, CandleInterval.ONE_DAY),
}
"""289, 169, 361 and 366 points. All of it: a point for each day, or for each 2, 4, 8 … of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Possessions:
    """What there was just before an instant."""

    at: datetime
    cash: Money
    quantities: Mapping[AssetId, Quantity]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPoint:
    """What an account was worth just before an instant. Once it is known, it never changes."""

    at: datetime
    cash: Money
    asset_value: Money
    net_deposits: Money
    """Deposits less withdrawals since the last reset; rewards are gains."""

    @property
    def total_value(self) -> Money:
        """Cash and assets."""
        return self.cash + self.asset_value


def instants_of(
    asked: HistoryRange, *, opened_at: datetime, until: datetime
) -> tuple[datetime, ...]:
    """Return when the points of a range lie, oldest first: none before the account was opened."""
    grid = GRIDS[asked]
    since = opened_at if grid.span is None else max(opened_at, _floor(until, grid.step) - grid.span)
    step = grid.step
    while (until - since) // step >= POINTS_MAX:
        step *= 2
    last = _floor(until, step)
    first = _floor(since - _MS, step) + step
    return tuple(first + number * step for number in range((last - first) // step + 1))


def possessions(
    holdings: Holdings, entries: Iterable[Entry], instants: Sequence[datetime]
) -> list[Possessions]:
    """Return what there was at each instant, newest first, by undoing entries from the newest on.

    `entries` are those of the version of `holdings` and before, newest first. What they don't reach
    back to is left out; an entry before the first instant shows that they do, and so does the first
    one ever.
    """
    cash, version = holdings.account.cash.units, holdings.account.version
    quantities: defaultdict[str, int] = defaultdict(int)
    for position in holdings.positions:
        quantities[position.asset_id] = position.quantity.units
    found: list[Possessions] = []
    waiting = list(instants)

    def note(before: datetime | None) -> None:
        """Take down the instants that lie after the entry that is next to be undone."""
        while waiting and (before is None or before < waiting[-1]):
            found.append(
                Possessions(
                    at=waiting.pop(),
                    cash=Money(cash),
                    quantities={
                        AssetId(unit): Quantity(units)
                        for unit, units in quantities.items()
                        if units
                    },
                )
            )

    for entry in entries:
        note(entry.at)
        version = entry.version - 1
        for leg in entry.legs:
            if leg.account not in USERS_OWN:
                continue
            if leg.unit == USD:
                cash -= leg.amount.units
            else:
                quantities[leg.unit] -= leg.amount.units
    if version == 0:
        note(None)
    return found


def net_deposits(fundings: Iterable[Entry], instants: Sequence[datetime]) -> list[Money]:
    """Return what was put in less what was taken out just before each instant.

    `fundings` are deposits, withdrawals and resets, oldest first; a reset begins anew.
    """
    ats, sums, total = list[datetime](), [NO_MONEY], NO_MONEY
    for entry in fundings:
        total = NO_MONEY if entry.kind is EntryKind.RESET else total + entry.cash_change
        ats.append(entry.at)
        sums.append(total)
    return [sums[bisect_left(ats, at)] for at in instants]


def valued(
    found: Sequence[Possessions],
    deposits: Sequence[Money],
    candles: Mapping[AssetId, Sequence[Candle]],
    interval: CandleInterval,
) -> tuple[PortfolioPoint, ...]:
    """Return the points; one where something had no price yet is left out.

    `candles` are closed ones, oldest first. Each asset is worth what selling it would have brought
    before fees.
    """
    ends = {
        asset_id: [candle.start + interval.span for candle in some]
        for asset_id, some in candles.items()
    }
    points = []
    for one, put_in in zip(found, deposits, strict=True):
        worth = 0
        for asset_id, quantity in one.quantities.items():
            place = bisect_right(ends.get(asset_id, ()), one.at)
            if not place:
                break
            worth += proceeds_of(quantity, candles[asset_id][place - 1].close).units
        else:
            points.append(
                PortfolioPoint(
                    at=one.at, cash=one.cash, asset_value=Money(worth), net_deposits=put_in
                )
            )
    return tuple(points)


def _floor(at: datetime, step: timedelta) -> datetime:
    at_ms = ms_of(at)
    return instant_of(at_ms - at_ms % (step // _MS))
