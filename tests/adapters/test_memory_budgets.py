"""Budgets in the memory of one process are bounded; what they share with Redis is tested there."""

from datetime import timedelta

import pytest

from adapters.memory_budgets import MemoryBudgets, MemoryMinuteCounts, monotonic_ms
from domain.ports.budgets import Bucket, Counted

BUCKET = Bucket(capacity=100, restore_per_second=20)


class SetMs:
    """A clock in milliseconds that stands still until it is set."""

    def __init__(self) -> None:
        self.now_ms = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> SetMs:
    return SetMs()


async def test_memory_of_budgets_is_bounded_and_what_is_full_is_forgotten(clock: SetMs) -> None:
    budgets = MemoryBudgets(BUCKET, clock_ms=clock, subjects_max=10)
    await budgets.take("alice", 100)
    for number in range(9):
        await budgets.take(f"nobody {number}", 1)
    await budgets.take("alice", 0)
    await budgets.take("one too many", 1)
    assert len(budgets._levels) == 10
    assert (await budgets.take("alice", 0)).available == 0
    clock.now_ms += 5000
    for number in range(9):
        await budgets.take(f"nobody {number}", 0)
    assert len(budgets._levels) == 2


async def test_memory_of_counts_is_bounded_and_what_is_over_is_forgotten(clock: SetMs) -> None:
    counts = MemoryMinuteCounts(5, clock_ms=clock, subjects_max=10)
    for number in range(100):
        await counts.count(f"nobody {number}")
    assert len(counts._minutes) == 10
    clock.now_ms += 60_000
    assert await counts.count("nobody 99") == Counted(
        is_within=True, remaining=4, resets_after=timedelta(minutes=1)
    )
    assert len(counts._minutes) == 1


def test_a_budget_holds_and_restores_something() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Bucket(capacity=0, restore_per_second=1)
    with pytest.raises(ValueError, match="at least 1"):
        Bucket(capacity=1, restore_per_second=0)


def test_the_clock_of_memory_goes_forward() -> None:
    assert monotonic_ms() <= monotonic_ms()
