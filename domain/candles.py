"""Candles: the first, highest, lowest and last price of a stretch of time, and what was traded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.ids import AssetId
from domain.instants import instant_of, ms_of
from domain.money import Price, Quantity
from domain.refusals import InputError, Refusal

CANDLES_MAX = 500
"""Candles in one answer, as in the public contract."""

CANDLES_READ_MAX = 1_000
"""Candles that the exchange itself reads at once: a page of the table."""

CANDLES_DEFAULT = 24

_MINUTE = timedelta(minutes=1)
_MS = timedelta(milliseconds=1)


class CandleInterval(StrEnum):
    """How long a candle lasts. It begins at a whole multiple of that, in UTC."""

    ONE_MINUTE = "ONE_MINUTE"
    FIVE_MINUTES = "FIVE_MINUTES"
    ONE_HOUR = "ONE_HOUR"
    ONE_DAY = "ONE_DAY"

    @property
    def span(self) -> timedelta:
        """How long it lasts."""
        return _SPANS[self]

    def start_of(self, at: datetime) -> datetime:
        """Return when the candle began that an instant lies in; its end is the next one's."""
        at_ms = ms_of(at)
        return instant_of(at_ms - at_ms % (_SPANS[self] // _MS))


_SPANS = {
    CandleInterval.ONE_MINUTE: _MINUTE,
    CandleInterval.FIVE_MINUTES: 5 * _MINUTE,
    CandleInterval.ONE_HOUR: 60 * _MINUTE,
    CandleInterval.ONE_DAY: 1440 * _MINUTE,
}


@dataclass(frozen=True, slots=True)
class Candle:
    """The prices from `start` on, until before the next candle's; there is none without a price.

    `volume` is in units of the asset; None when nobody said. `is_backfilled` says that it comes
    from a source's chart, and not from prices that this exchange had at the time.
    """

    start: datetime
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Quantity | None = None
    is_backfilled: bool = False

    @classmethod
    def first(cls, start: datetime, price: Price, volume: Quantity | None = None) -> "Candle":
        """Return a candle of one price."""
        return cls(start, price, price, price, price, volume)

    def after(self, price: Price, volume: Quantity | None = None) -> "Candle":
        """Return the candle with one more price."""
        return Candle(
            self.start,
            self.open,
            max(self.high, price),
            min(self.low, price),
            price,
            _traded(self.volume, volume),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleQuery:
    """Which candles of an asset: those that begin at or after `since`, and before `until`.

    With `since` the oldest of those, and without it the newest.
    """

    asset_id: AssetId
    interval: CandleInterval = CandleInterval.ONE_HOUR
    since: datetime | None = None
    until: datetime | None = None
    limit: int = CANDLES_DEFAULT

    def __post_init__(self) -> None:
        assert 1 <= self.limit <= CANDLES_READ_MAX, self.limit

    def takes(self, candle: Candle) -> bool:
        """Tell whether a candle begins within."""
        is_late_enough = self.since is None or candle.start >= self.since
        return is_late_enough and (self.until is None or candle.start < self.until)


def check_asked(since: datetime | None, until: datetime | None, limit: int) -> None:
    """Raise Refusal for what nobody may ask for."""
    if not 1 <= limit <= CANDLES_MAX:
        message = f"`limit` is {limit}; 1 to {CANDLES_MAX} is allowed."
        raise Refusal(InputError(message, ("limit",)))
    if since is not None and until is not None and since > until:
        raise Refusal(InputError("`from` must not be after `to`.", ("from",)))


def merged(
    query: CandleQuery, stored: Iterable[Candle], newer: Iterable[Candle]
) -> tuple[Candle, ...]:
    """Return what a query asks for, oldest first; of one beginning, the newer candle counts."""
    found = {one.start: one for one in (*stored, *newer) if query.takes(one)}
    listed = tuple(found[start] for start in sorted(found))
    return listed[: query.limit] if query.since is not None else listed[-query.limit :]


def _traded(before: Quantity | None, more: Quantity | None) -> Quantity | None:
    """Return the sum of what is known, at most what a Quantity holds."""
    if before is None or more is None:
        return more if before is None else before
    return Quantity(min(before.units + more.units, Quantity.UNITS_MAX))
