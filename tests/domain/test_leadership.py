"""One leads, a dead one is replaced, and one that was paused does nothing when it wakes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.lease_store import LeaseTable
from adapters.table import TableOutcomeUnknownError, TableUnavailableError
from domain.leadership import (
    LEADS_S_MAX,
    RENEW_EVERY_S,
    TAKEN_OVER_AFTER_S,
    Leadership,
)
from domain.ports.leases import Lease, LeaseChangedError, LeaseStore, NotLeaderError
from tests.adapters.memory_table import MemoryTable
from tests.domain.set_time import SetTime

NAME = "market"


class Process:
    """A candidate on a clock of its own, which writes down when it led."""

    def __init__(self, owner: str, time: SetTime, leases: LeaseStore, **options: bool) -> None:
        self.leadership = Leadership(
            name=NAME,
            owner=owner,
            leases=leases,
            monotonic=time.monotonic,
            sleep=time.sleep,
            **options,
        )
        self.fences: list[int] = []
        self.is_leading = False
        self.ends_by_itself = False

    async def lead(self, fence: int) -> None:
        self.fences.append(fence)
        self.is_leading = True
        try:
            if not self.ends_by_itself:
                await asyncio.Future()
        finally:
            self.is_leading = False

    @asynccontextmanager
    async def running(
        self, lead: Callable[[int], Awaitable[None]] | None = None
    ) -> AsyncIterator["asyncio.Task[None]"]:
        task = asyncio.create_task(self.leadership.run(lead or self.lead))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def leases(table: MemoryTable) -> LeaseTable:
    return LeaseTable(table)


async def test_the_first_process_leads_at_once(leases: LeaseTable) -> None:
    time = SetTime()
    first = Process("first", time, leases)

    async with first.running():
        await time.pass_by(0)

        assert first.is_leading
        assert first.leadership.fence == 1


async def test_a_second_process_waits_while_the_first_lives(leases: LeaseTable) -> None:
    time = SetTime()
    first, second = Process("first", time, leases), Process("second", time, leases)

    async with first.running():
        await time.pass_by(0)
        async with second.running():
            await time.pass_by(100)

            assert first.is_leading
            assert second.fences == []
            assert second.leadership.fence is None


async def test_a_leader_that_stops_is_replaced_at_the_next_look(leases: LeaseTable) -> None:
    time = SetTime()
    first, second = Process("first", time, leases), Process("second", time, leases)

    async with second.running():
        await time.pass_by(0)
        async with first.running():
            await time.pass_by(5)
    async with first.running():
        await time.pass_by(RENEW_EVERY_S)

        assert first.fences == [2]
        assert second.fences == [1]


async def test_a_killed_leader_is_replaced_within_ten_seconds(leases: LeaseTable) -> None:
    # Given a record that a dead process left behind.
    await leases.write(Lease(name=NAME, owner="dead", fence=7, beat=3), was=None)
    time = SetTime()
    heir = Process("heir", time, leases)

    async with heir.running():
        await time.pass_by(TAKEN_OVER_AFTER_S - 0.5)
        assert not heir.is_leading

        await time.pass_by(RENEW_EVERY_S + 0.5)
        assert heir.fences == [8]


async def test_who_is_alone_takes_over_at_once(leases: LeaseTable) -> None:
    await leases.write(Lease(name=NAME, owner="dead", fence=7, beat=3), was=None)
    time = SetTime()
    heir = Process("heir", time, leases, is_alone=True)

    async with heir.running():
        await time.pass_by(0)

        assert heir.fences == [8]


async def test_a_leader_whose_lease_was_taken_stops(leases: LeaseTable) -> None:
    time = SetTime()
    first = Process("first", time, leases)

    async with first.running():
        await time.pass_by(0)
        held = await leases.read(NAME)
        assert held is not None
        await leases.write(Lease(name=NAME, owner="thief", fence=2, beat=0), was=held)
        await time.pass_by(RENEW_EVERY_S)

        assert not first.is_leading
        assert await leases.read(NAME) == Lease(name=NAME, owner="thief", fence=2, beat=0)


async def test_a_leader_that_cannot_renew_stops_before_anybody_takes_over(
    table: MemoryTable, leases: LeaseTable
) -> None:
    time = SetTime()
    first = Process("first", time, leases)

    async with first.running():
        await time.pass_by(0)
        for _ in range(20):
            table.fail_next(TableUnavailableError("gone"))
        await time.pass_by(LEADS_S_MAX + RENEW_EVERY_S)

        assert not first.is_leading
        assert time.now_s < TAKEN_OVER_AFTER_S


async def test_a_hiccup_of_the_store_costs_no_leadership(
    table: MemoryTable, leases: LeaseTable
) -> None:
    time = SetTime()
    first = Process("first", time, leases)

    async with first.running():
        await time.pass_by(0)
        table.fail_next(TableUnavailableError("hiccup"))
        await time.pass_by(1)
        table.fail_next(TableOutcomeUnknownError("lost answer"), is_written=True)
        await time.pass_by(30)

        assert first.fences == [1]
        assert first.is_leading


async def test_an_unreadable_lease_is_read_again(table: MemoryTable, leases: LeaseTable) -> None:
    time = SetTime()
    first = Process("first", time, leases)
    table.fail_next(TableUnavailableError("gone"))

    async with first.running():
        await time.pass_by(0)
        assert not first.is_leading

        await time.pass_by(RENEW_EVERY_S)
        assert first.is_leading


async def test_work_that_ends_keeps_the_lease(leases: LeaseTable) -> None:
    time = SetTime()
    first, second = Process("first", time, leases), Process("second", time, leases)
    first.ends_by_itself = True

    async with first.running():
        await time.pass_by(0)
        async with second.running():
            await time.pass_by(60)

            assert first.fences == [1]
            assert second.fences == []


async def test_a_bug_in_the_work_is_not_hidden(leases: LeaseTable) -> None:
    time = SetTime()
    first = Process("first", time, leases)

    async def fail(_fence: int) -> None:
        raise RuntimeError("bug")

    async with first.running(fail) as task:
        await time.pass_by(0)

        with pytest.raises(RuntimeError, match="bug"):
            await task


async def test_who_is_told_that_another_leads_becomes_a_candidate(leases: LeaseTable) -> None:
    time = SetTime()
    first = Process("first", time, leases)
    fences: list[int] = []

    async def deposed(fence: int) -> None:
        fences.append(fence)
        if len(fences) == 1:
            raise NotLeaderError
        await asyncio.Future()

    async with first.running(deposed):
        await time.pass_by(10 * RENEW_EVERY_S)

        assert fences == [1, 2]


class LostRace:
    """A store in which somebody else always takes the lease first, some times."""

    def __init__(self, leases: LeaseStore, times: int) -> None:
        self._leases = leases
        self._times = times

    async def read(self, name: str) -> Lease | None:
        return await self._leases.read(name)

    async def write(self, lease: Lease, *, was: Lease | None) -> None:
        if self._times:
            self._times -= 1
            raise LeaseChangedError
        await self._leases.write(lease, was=was)


async def test_who_loses_the_race_for_a_lease_looks_again(leases: LeaseTable) -> None:
    time = SetTime()
    first = Process("first", time, LostRace(leases, times=2))

    async with first.running():
        await time.pass_by(0)

        assert first.fences == [1]


async def test_a_lease_that_can_not_be_given_back_is_left_behind(
    table: MemoryTable, leases: LeaseTable
) -> None:
    time = SetTime()
    first = Process("first", time, leases)

    async with first.running():
        await time.pass_by(0)
        table.fail_next(TableUnavailableError("gone"))
    left = await leases.read(NAME)

    assert left is not None
    assert left.owner == "first"


async def test_a_renewal_that_can_not_be_told_from_a_loss_is_taken_for_one(
    table: MemoryTable, leases: LeaseTable
) -> None:
    time = SetTime()
    first = Process("first", time, LosingSight(table))

    async with first.running():
        await time.pass_by(3 * RENEW_EVERY_S)

        assert first.fences[0] == 1
        assert len(first.fences) > 1


class WrittenAfterAll(LeaseTable):
    """A store that has written a renewal, and then says that it has changed."""

    async def write(self, lease: Lease, *, was: Lease | None) -> None:
        await super().write(lease, was=was)
        if lease.beat == 2:
            raise LeaseChangedError


async def test_a_renewal_that_was_written_after_all_counts(table: MemoryTable) -> None:
    time = SetTime()
    first = Process("first", time, WrittenAfterAll(table))

    async with first.running():
        await time.pass_by(20 * RENEW_EVERY_S)

        assert first.fences == [1]
        assert first.is_leading


class LosingSight(LeaseTable):
    """A store that says a renewal failed, and can't be read right after."""

    def __init__(self, table: MemoryTable) -> None:
        super().__init__(table)
        self._memory = table
        self._has_failed = False

    async def write(self, lease: Lease, *, was: Lease | None) -> None:
        if lease.beat == 1 and not self._has_failed:
            self._has_failed = True
            self._memory.fail_next(TableUnavailableError("gone"))
            raise LeaseChangedError
        await super().write(lease, was=was)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["kill", "start", "wait"]), st.integers(0, 9)),
        max_size=12,
    )
)
async def test_never_do_two_lead_and_fences_only_rise(
    schedule: list[tuple[int, str, int]],
) -> None:
    time, leases = SetTime(), LeaseTable(MemoryTable())
    processes = [Process(f"{number}", time, leases) for number in range(3)]
    tasks: dict[int, asyncio.Task[None]] = {}

    for number, event, seconds in schedule:
        if event == "start" and number not in tasks:
            process = processes[number]
            tasks[number] = asyncio.create_task(process.leadership.run(process.lead))
        elif event == "kill" and number in tasks:
            task = tasks.pop(number)
            task.cancel()
            await asyncio.wait({task})
        for _ in range(seconds):
            await time.pass_by(1)
            assert sum(process.is_leading for process in processes) <= 1
    if tasks:
        await time.pass_by(TAKEN_OVER_AFTER_S + 2 * RENEW_EVERY_S)
        assert sum(process.is_leading for process in processes) == 1
    for task in tasks.values():
        task.cancel()
        await asyncio.wait({task})

    fences = sorted(fence for process in processes for fence in process.fences)
    assert fences == list(range(1, len(fences) + 1))
