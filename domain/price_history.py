"""What an asset's price has been: hours of the last day and days of the last month."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.instants import ms_of
from domain.money import Money, Price, total_of

HOURS_MAX = 24
"""Hours in the rolling day: the present one, which has only begun, and the 23 before it."""

DAYS_MAX = 30
"""Days in the rolling month: the present one, and the 29 before it."""

WEEK_DAYS = 7

_HOUR_MS = timedelta(hours=1) // timedelta(milliseconds=1)
_HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Hour:
    """What happened in one hour; `number` counts hours from 1970.

    An hour holds its end and not its beginning, so the last price at or before 00:00 is the close
    of the hour before.
    """

    number: int
    high: Price
    low: Price
    close: Price
    traded: Money | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """The last price of one UTC day; `number` counts days from 1970."""

    number: int
    close: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHistory:
    """Bounded buckets, oldest first, and `opening`: the price when the oldest hour began.

    `days` goes one day further back than the rolling month, to the price when that began.
    """

    opening: Price
    hours: tuple[Hour, ...] = ()
    days: tuple[Day, ...] = ()

    def after(self, price: Price, at: datetime, traded: Money | None = None) -> "PriceHistory":
        """Return the history with one more price.

        A clock that steps back a little counts into the newest hour. One that steps back beyond the
        whole rolling day is another clock, such as a recording's: the history begins anew.
        """
        number = (ms_of(at) - 1) // _HOUR_MS
        if self.hours:
            newest = self.hours[-1]
            if number <= newest.number - HOURS_MAX:
                return PriceHistory(opening=newest.close).after(price, at, traded)
            if number <= newest.number:
                return self._within(newest, price, traded)
        return self._in_new_hour(number, Hour(number, price, price, price, traded))

    @property
    def high(self) -> Price:
        """The highest price of the rolling day."""
        return max(self.opening, max((hour.high for hour in self.hours), default=self.opening))

    @property
    def low(self) -> Price:
        """The lowest price of the rolling day."""
        return min(self.opening, min((hour.low for hour in self.hours), default=self.opening))

    @property
    def traded(self) -> Money | None:
        """What was traded in the rolling day; None when nobody said."""
        return total_of(hour.traded for hour in self.hours)

    @property
    def day_opening(self) -> Price:
        """The last price at or before 00:00 UTC of the newest day; the first one ever, without."""
        return self.days[-2].close if len(self.days) > 1 else self.opening

    def before_days(self, days: int) -> Price | None:
        """Return the price when the newest day and the `days` - 1 before it began, if known."""
        if not self.days:
            return None
        last = self.days[-1].number - days
        return next((day.close for day in reversed(self.days) if day.number <= last), None)

    def _within(self, newest: Hour, price: Price, traded: Money | None) -> "PriceHistory":
        hour = Hour(
            newest.number,
            max(newest.high, price),
            min(newest.low, price),
            price,
            total_of((newest.traded, traded)),
        )
        day = replace(self.days[-1], close=price)
        return replace(self, hours=(*self.hours[:-1], hour), days=(*self.days[:-1], day))

    def _in_new_hour(self, number: int, hour: Hour) -> "PriceHistory":
        kept = tuple(old for old in self.hours if old.number > number - HOURS_MAX)
        dropped = len(self.hours) - len(kept)
        opening = self.hours[dropped - 1].close if dropped else self.opening
        day = Day(number // _HOURS_A_DAY, hour.close)
        days = tuple(old for old in self.days if old.number < day.number)
        gone = sum(old.number <= day.number - DAYS_MAX for old in days)
        return PriceHistory(
            opening=opening, hours=(*kept, hour), days=(*days[max(0, gone - 1) :], day)
        )
