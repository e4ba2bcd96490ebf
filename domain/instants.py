"""Instants: aware datetimes in UTC, to the millisecond."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Clock(Protocol):
    """Tells what time it is in the world, by the clock on its wall; see MarketClock too."""

    def now(self) -> datetime:
        """Return the present instant, in UTC, cut to the millisecond."""


def ms_of(at: datetime) -> int:
    """Return Unix milliseconds."""
    return (at - _EPOCH) // _MS


def instant_of(at_ms: int) -> datetime:
    """Return the instant of Unix milliseconds."""
    return _EPOCH + at_ms * _MS


def to_ms(at: datetime) -> datetime:
    """Cut an aware instant to the millisecond, in UTC."""
    return instant_of(ms_of(at))


def day_start(day: date) -> datetime:
    """Return 00:00 UTC of a day."""
    return datetime.combine(day, time(0), UTC)


def day_end(day: date) -> datetime:
    """Return 00:00 UTC of the day after: when a day's allowances begin anew."""
    return day_start(day) + timedelta(days=1)


def text_of(at: datetime) -> str:
    """Return ISO 8601 with milliseconds and a trailing Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
