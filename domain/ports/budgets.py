"""How much somebody may ask for: budgets that restore steadily, and counts by the minute."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A budget: full at first, and restored by so many points a second until it is full again."""

    capacity: int
    restore_per_second: int

    def __post_init__(self) -> None:
        if self.capacity < 1 or self.restore_per_second < 1:
            raise ValueError(f"{self} must hold and restore at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of taking from a budget."""

    is_allowed: bool
    available: int
    """Whole points that are left, after the taking."""
    retry_after: timedelta | None = None
    """Until there is enough; None when it was allowed, or is more than the budget ever holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What came of counting somebody's request."""

    is_within: bool
    remaining: int
    resets_after: timedelta
    """Until the count begins anew."""


class Budgets(Protocol):
    """Keeps a budget for each subject, one for all processes where they have something in common.

    Never raises: what is shared may be out of reach, and then each process keeps budgets of its
    own. So a subject gets no more than one budget a process; `is_degraded` says that it is so now.
    """

    @property
    def is_degraded(self) -> bool:
        """Whether each process counts for itself, although they should count together."""

    async def take(self, subject: str, amount: int) -> Taken:
        """Take an amount in one step, all of it or nothing."""

    def give_back(self, subject: str, amount: int) -> None:
        """Return what was taken and not used, without waiting and without failing. May be lost."""


class MinuteCounts(Protocol):
    """Counts requests of each subject by the minute, which begins with the first of them.

    Never raises, and degrades, as Budgets do.
    """

    @property
    def is_degraded(self) -> bool:
        """Whether each process counts for itself, although they should count together."""

    async def count(self, subject: str) -> Counted:
        """Count one request, also one that is too many."""
