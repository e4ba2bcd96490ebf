"""Budgets and counts in the memory of one process."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from domain.ports.budgets import MINUTE, Bucket, Counted, Taken

SUBJECTS_MAX = 100_000
"""Subjects of each kind at once, about 25 MB; the one seen longest ago is forgotten first."""

MILLI = 1000
"""A point in the unit that budgets are kept in: a whole number of them is restored each ms."""

_MINUTE_MS = MINUTE // timedelta(milliseconds=1)


def monotonic_ms() -> int:
    """Return milliseconds from a clock that only goes forward."""
    return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class _Level:
    milli: int
    at_ms: int


class MemoryBudgets:
    """The Budgets of one process; a restart fills them."""

    is_degraded = False

    def __init__(
        self,
        bucket: Bucket,
        *,
        clock_ms: Callable[[], int] = monotonic_ms,
        subjects_max: int = SUBJECTS_MAX,
    ) -> None:
        self._bucket = bucket
        self._clock_ms = clock_ms
        self._subjects_max = subjects_max
        self._levels: dict[str, _Level] = {}

    async def take(self, subject: str, amount: int) -> Taken:
        """See Budgets."""
        level = self._level(subject)
        wanted = amount * MILLI
        if level.milli < wanted:
            return taken(self._bucket, level.milli, amount, is_allowed=False)
        self._keep(subject, _Level(level.milli - wanted, level.at_ms))
        return taken(self._bucket, level.milli - wanted, amount, is_allowed=True)

    def give_back(self, subject: str, amount: int) -> None:
        """See Budgets."""
        level = self._level(subject)
        self._keep(subject, _Level(level.milli + amount * MILLI, level.at_ms))

    def _level(self, subject: str) -> _Level:
        """Return what there is now."""
        full, now_ms = self._bucket.capacity * MILLI, self._clock_ms()
        known = self._levels.get(subject)
        if known is None:
            return _Level(full, now_ms)
        # A clock that stepped back restores nothing for that time, and goes on from where it is.
        restored = max(0, now_ms - known.at_ms) * self._bucket.restore_per_second
        return _Level(min(full, known.milli + restored), now_ms)

    def _keep(self, subject: str, level: _Level) -> None:
        self._levels.pop(subject, None)
        if level.milli >= self._bucket.capacity * MILLI:
            return  # full, which is what an unknown subject has
        if len(self._levels) >= self._subjects_max:
            del self._levels[next(iter(self._levels))]
        self._levels[subject] = level


def taken(bucket: Bucket, milli: int, amount: int, *, is_allowed: bool) -> Taken:
    """Return what to tell of a budget that has so much left."""
    retry_after = None
    if not is_allowed and amount <= bucket.capacity:
        missing = amount * MILLI - milli
        retry_after = timedelta(milliseconds=-(-missing // bucket.restore_per_second))
    return Taken(is_allowed=is_allowed, available=milli // MILLI, retry_after=retry_after)


class MemoryMinuteCounts:
    """The MinuteCounts of one process; a restart forgets."""

    is_degraded = False

    def __init__(
        self,
        per_minute: int,
        *,
        clock_ms: Callable[[], int] = monotonic_ms,
        subjects_max: int = SUBJECTS_MAX,
    ) -> None:
        self._per_minute = per_minute
        self._clock_ms = clock_ms
        self._subjects_max = subjects_max
        self._minutes: dict[str, tuple[int, int]] = {}

    async def count(self, subject: str) -> Counted:
        """See MinuteCounts."""
        now_ms = self._clock_ms()
        count, ends_at_ms = self._minutes.get(subject, (0, 0))
        if not now_ms < ends_at_ms <= now_ms + _MINUTE_MS:
            self._forget(subject, now_ms)
            count, ends_at_ms = 0, now_ms + _MINUTE_MS
        self._minutes[subject] = count + 1, ends_at_ms
        return counted(self._per_minute, count + 1, ends_at_ms - now_ms)

    def _forget(self, subject: str, now_ms: int) -> None:
        """Make room; minutes stand in the order in which they began."""
        self._minutes.pop(subject, None)
        while self._minutes:
            oldest = next(iter(self._minutes))
            is_full = len(self._minutes) >= self._subjects_max
            if not is_full and self._minutes[oldest][1] > now_ms:
                return
            del self._minutes[oldest]


def counted(per_minute: int, count: int, left_ms: int) -> Counted:
    """Return what to tell of a minute with so many requests."""
    return Counted(
        is_within=count <= per_minute,
        remaining=max(0, per_minute - count),
        resets_after=timedelta(milliseconds=left_ms),
    )
