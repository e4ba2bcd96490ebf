"""What one operation may still ask for, and what it took."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.ports.budgets import Bucket, Budgets, Taken

Sleep = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """A caller's budget in points, as of the last taking."""

    maximum_available: int
    currently_available: int
    restore_rate: int
    """Points a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRules:
    """Where budgets are kept, and what they hold."""

    budgets: Budgets
    bucket: Bucket
    sleep: Sleep = asyncio.sleep


class Purse:
    """One caller's budget during one operation: pays before it, takes back what wasn't used."""

    def __init__(self, rules: BudgetRules, subject: str) -> None:
        self._rules = rules
        self._subject = subject
        self._available = rules.bucket.capacity
        self._paid = 0
        self.item_points = 0
        """What one item of each event of a stream costs, as its document has it."""

    async def pay(self, points: int) -> Taken:
        """Take the points, all of them or none."""
        taken = await self._rules.budgets.take(self._subject, points)
        self._available = taken.available
        if taken.is_allowed:
            self._paid = points
        return taken

    async def pay_on(self, points: int) -> None:
        """Take points for a stream that goes on; wait until there are some, and while they are few.

        Below half of the budget a stream goes on no faster than the budget restores, so that it
        leaves something for queries. It is slowed down and never refused.
        """
        bucket = self._rules.bucket
        while not (taken := await self._rules.budgets.take(self._subject, points)).is_allowed:
            if taken.retry_after is None:
                return  # the budget never holds as much
            await self._rules.sleep(taken.retry_after.total_seconds())
        if 2 * taken.available < bucket.capacity:
            await self._rules.sleep(points / bucket.restore_per_second)

    def settle(self, points: int) -> None:
        """Take back what was paid beyond these points."""
        change = self._paid - points
        if change > 0:
            self._rules.budgets.give_back(self._subject, change)
            self._available += change
            self._paid = points

    @property
    def state(self) -> BudgetState:
        """How much there is, as far as this operation knows."""
        return BudgetState(
            maximum_available=self._rules.bucket.capacity,
            currently_available=self._available,
            restore_rate=self._rules.bucket.restore_per_second,
        )
