"""Failed logins counted in the memory of one process."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.instants import Clock
from domain.login_attempts import (
    FAILED_LOGINS_MAX,
    FAILED_LOGINS_WINDOW,
    LOCK_OUT,
    LoginAttempt,
)

SUBJECTS_MAX = 100_000
"""Addresses and usernames counted at once, about 40 MB.

Each takes a failed login, which takes a password hash of 25 ms on one of 2 threads: in the 300 s
that a failure counts, there are at most 24,000 of them with two subjects each. Beyond the bound,
the one that failed last the longest ago is forgotten.
"""


@dataclass(slots=True)
class _Record:
    failed_at: deque[datetime] = field(default_factory=lambda: deque(maxlen=FAILED_LOGINS_MAX))
    locked_until: datetime | None = None


class MemoryLoginGuard:
    """The LoginGuard of one process; a restart forgets."""

    def __init__(self, clock: Clock, *, subjects_max: int = SUBJECTS_MAX) -> None:
        self._clock = clock
        self._subjects_max = subjects_max
        self._records: dict[str, _Record] = {}

    async def locked_for(self, attempt: LoginAttempt) -> timedelta | None:
        """See LoginGuard."""
        return self._locked_for(attempt, self._clock.now())

    async def settle(self, attempt: LoginAttempt, *, failed: bool) -> timedelta | None:
        """See LoginGuard. Nothing is awaited in here, which makes it one step."""
        now = self._clock.now()
        left = self._locked_for(attempt, now)
        if left is None and failed:
            for subject in attempt.subjects:
                self._count(subject, now)
        return left

    def _locked_for(self, attempt: LoginAttempt, now: datetime) -> timedelta | None:
        return max(
            (
                record.locked_until - now
                for record in map(self._records.get, attempt.subjects)
                if record and record.locked_until and record.locked_until > now
            ),
            default=None,
        )

    def _count(self, subject: str, now: datetime) -> None:
        # Taken out and put back: the order of the dict is that of the last failures.
        record = self._records.pop(subject, None) or _Record()
        if record.locked_until is not None:
            record = _Record()  # that lock is over, and what led to it is paid for
        record.failed_at.append(now)
        is_full = len(record.failed_at) == FAILED_LOGINS_MAX
        if is_full and now - record.failed_at[0] < FAILED_LOGINS_WINDOW:
            record.locked_until = now + LOCK_OUT
        self._forget_old(now)
        self._records[subject] = record

    def _forget_old(self, now: datetime) -> None:
        while self._records:
            oldest = next(iter(self._records))
            last_failed_at = self._records[oldest].failed_at[-1]
            is_over = now - last_failed_at >= max(FAILED_LOGINS_WINDOW, LOCK_OUT)
            if not is_over and len(self._records) < self._subjects_max:
                return
            del self._records[oldest]
