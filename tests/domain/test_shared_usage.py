"""Processes tell each other that they are used: soon, seldom, and no longer than it is so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise

import pytest

from adapters.local_bus import LocalHintBus
from domain.activity import IN_USE_FOR, UsageWatch
from domain.ports.hints import Hint
from domain.shared_usage import TELL_EVERY_S, USAGE_TOPIC, SharedUsage
from tests.domain.market_world import SetClock

TURNS = 10
"""Turns of the event loop in which everything that can happen happens."""


class Told(LocalHintBus):
    """A bus between processes that remembers what was told, and when."""

    def __init__(self, clock: SetClock) -> None:
        super().__init__()
        self.clock = clock
        self.hints: list[tuple[float, Hint]] = []

    def publish(self, topic: str, hint: Hint) -> None:
        assert topic == USAGE_TOPIC
        self.hints.append((self.clock.now_s(), hint))
        super().publish(topic, hint)


class Process:
    """One process; its waits end when the test says so."""

    def __init__(self, clock: SetClock, bus: LocalHintBus) -> None:
        self.watch = UsageWatch(clock)
        self.clock = clock
        self.usage = SharedUsage(self.watch, bus, sleep=self._sleep)
        self.waits: list[float] = []
        self._over = asyncio.Event()

    async def wait_is_over(self) -> None:
        """Let the time of the present wait pass."""
        self.clock.at += timedelta(seconds=self.waits[-1])
        self._over.set()
        await turns()

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._over.clear()
        await self._over.wait()


async def turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


@asynccontextmanager
async def running(*processes: Process) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.usage.run()) for one in processes]
    await turns()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_a_user_of_one_process_is_known_to_the_others_at_once() -> None:
    clock = SetClock()
    bus = Told(clock)
    leader, other = Process(clock, bus), Process(clock, bus)
    async with running(leader, other):
        assert not leader.watch.is_used()

        other.watch.touch()
        await turns()

        assert leader.watch.is_used()
        assert leader.watch.used_here_ago() is None


async def test_many_requests_are_one_hint_every_few_seconds() -> None:
    clock = SetClock()
    bus = Told(clock)
    process = Process(clock, bus)
    async with running(process):
        for _ in range(3):
            for _ in range(100):
                process.watch.touch()
                await asyncio.sleep(0)
            await process.wait_is_over()

    assert set(process.waits) == {TELL_EVERY_S}
    at_s = [told_at_s for told_at_s, _ in bus.hints]
    assert [later - earlier for earlier, later in pairwise(at_s)] == [TELL_EVERY_S] * 3


async def test_use_is_told_again_for_who_missed_it_and_grows_no_younger_by_that() -> None:
    clock = SetClock()
    bus = Told(clock)
    process = Process(clock, bus)
    async with running(process):
        process.watch.touch()
        await turns()
        late = Process(clock, bus)
        async with running(late):
            assert not late.watch.is_used()
            await process.wait_is_over()
            assert late.watch.is_used()

            clock.at += IN_USE_FOR - timedelta(seconds=TELL_EVERY_S)
            assert not late.watch.is_used()
    assert [hint for _, hint in bus.hints] == [{"ago_ms": 0}, {"ago_ms": 5000}]


async def test_nobody_tells_of_an_idle_process() -> None:
    clock = SetClock()
    bus = Told(clock)
    process = Process(clock, bus)
    async with running(process):
        process.watch.touch()
        await turns()
        clock.at += IN_USE_FOR
        await process.wait_is_over()
        await process.wait_is_over()

    assert len(bus.hints) == 1


@pytest.mark.parametrize(
    "hint", [{}, {"ago_ms": -1}, {"ago_ms": "0"}, {"ago_ms": 300_000}, {"other": 1}]
)
async def test_what_says_nothing_is_not_taken_for_use(hint: Hint) -> None:
    clock = SetClock()
    bus = Told(clock)
    process = Process(clock, bus)
    async with running(process):
        bus.publish(USAGE_TOPIC, hint)
        await turns()

        assert not process.watch.is_used()
