"""A bulkhead lets a bounded number through, and a bounded number wait, for a bounded time."""

import asyncio
import random

import pytest

from domain.bulkheads import Bulkhead, CrowdedError
from domain.outages import OutageError
from tests.set_timeouts import SetTimeouts, settled

WAIT_S = 0.5


class World:
    """A bulkhead, and who is behind it."""

    def __init__(self, places: int = 1, waiting_max: int = 2) -> None:
        self.timeouts = SetTimeouts()
        self.bulkhead = Bulkhead(
            name="requests",
            places=places,
            waiting_max=waiting_max,
            wait_s_max=WAIT_S,
            timeout=self.timeouts,
        )
        self.inside: list[str] = []
        self.leave: dict[str, asyncio.Event] = {}

    async def go(self, name: str) -> "asyncio.Task[None]":
        """Let somebody enter who stays until the test says so."""
        leave = self.leave[name] = asyncio.Event()

        async def stay() -> None:
            async with self.bulkhead:
                self.inside.append(name)
                await leave.wait()

        task = asyncio.create_task(stay())
        await settled()
        return task

    async def let_go(self, name: str) -> None:
        self.leave[name].set()
        await settled()

    @property
    def counts(self) -> tuple[int, int]:
        return self.bulkhead.taken, self.bulkhead.waiting


async def test_as_many_enter_as_there_are_places() -> None:
    world = World(places=2)
    await world.go("a")
    await world.go("b")
    await world.go("c")
    assert world.inside == ["a", "b"]
    assert world.counts == (2, 1)
    assert world.timeouts.asked_s == [WAIT_S]
    for name in "abc":
        await world.let_go(name)
    assert world.counts == (0, 0)


async def test_those_who_wait_are_served_in_their_order() -> None:
    world = World()
    for name in "abc":
        await world.go(name)
    await world.let_go("a")
    assert world.inside == ["a", "b"]
    await world.let_go("b")
    assert world.inside == ["a", "b", "c"]


async def test_one_too_many_is_refused_at_once() -> None:
    world = World()
    for name in "abc":
        await world.go(name)
    refused = await world.go("d")
    with pytest.raises(CrowdedError, match="requests: 2 wait already"):
        await refused
    assert issubclass(CrowdedError, OutageError)
    assert world.counts == (1, 2)


async def test_who_waits_too_long_is_refused_and_forgotten() -> None:
    world = World()
    await world.go("a")
    late = await world.go("b")
    await world.timeouts.strike()
    with pytest.raises(CrowdedError, match=r"no place within 0\.5 s"):
        await late
    assert world.counts == (1, 0)
    await world.let_go("a")
    assert world.counts == (0, 0)


async def test_who_goes_away_leaves_the_queue() -> None:
    world = World()
    await world.go("a")
    gone, patient = await world.go("b"), await world.go("c")
    gone.cancel()
    await settled()
    assert gone.cancelled()
    await world.let_go("a")
    assert world.inside == ["a", "c"]
    patient.cancel()
    await settled()
    assert world.counts == (0, 0)


async def test_a_place_handed_to_who_is_just_leaving_goes_on_to_the_next() -> None:
    world = World()
    first = await world.go("a")
    gone = await world.go("b")
    await world.go("c")
    # When the place is handed over and its receiver cancelled within one turn
    first.cancel()
    await asyncio.sleep(0)
    gone.cancel()
    await settled()
    assert world.inside == ["a", "c"]
    assert world.counts == (1, 0)


async def test_who_is_cancelled_just_before_is_not_handed_a_place() -> None:
    world = World()
    first = await world.go("a")
    gone = await world.go("b")
    await world.go("c")
    gone.cancel()
    first.cancel()
    await settled()
    assert world.inside == ["a", "c"]
    assert world.counts == (1, 0)


@pytest.mark.parametrize("seed", range(20))
async def test_no_place_is_lost_or_made_whatever_happens(seed: int) -> None:
    chance = random.Random(seed)
    world = World(places=3, waiting_max=5)
    tasks: list[asyncio.Task[None]] = []
    for number in range(60):
        tasks.append(await world.go(str(number)))
        for task in chance.sample(tasks, min(len(tasks), 2)):
            task.cancel()
        if chance.random() < 1 / 2:
            world.leave[str(chance.randrange(number + 1))].set()
        if chance.random() < 1 / 2:
            await asyncio.sleep(0)
        assert world.bulkhead.taken <= 3
        assert world.bulkhead.waiting <= 5
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert world.counts == (0, 0)
