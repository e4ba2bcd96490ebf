"""Commands and ticks of a replayed market take turns."""

import asyncio

import pytest

from domain.market_turns import MarketTurns
from domain.outages import OutageError


class Street:
    """Commands and ticks that come when a test says so, and note when they begin and end."""

    def __init__(self, turns: MarketTurns | None = None) -> None:
        self.turns = turns or MarketTurns()
        self.seen: list[str] = []
        self.goes: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def comes(self, name: str, *, is_tick: bool = False) -> None:
        """Send somebody on their way, and let them come as far as they can."""
        self.goes[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._pass(name, is_tick=is_tick))
        await self.settle()

    async def goes_on(self, name: str) -> None:
        """Let somebody come to their end."""
        self.goes[name].set()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def _pass(self, name: str, *, is_tick: bool) -> None:
        async with self.turns.tick() if is_tick else self.turns.command():
            self.seen.append(f"{name} begins")
            await self.goes[name].wait()
            self.seen.append(f"{name} ends")


async def test_commands_go_side_by_side() -> None:
    street = Street()
    await street.comes("one")
    await street.comes("two")
    await street.goes_on("two")
    await street.goes_on("one")
    assert street.seen == ["one begins", "two begins", "two ends", "one ends"]


async def test_a_tick_waits_for_the_commands_that_have_begun() -> None:
    street = Street()
    await street.comes("one")
    await street.comes("two")
    await street.comes("tick", is_tick=True)
    await street.goes_on("one")
    assert street.seen == ["one begins", "two begins", "one ends"]
    await street.goes_on("two")
    assert street.seen[-2:] == ["two ends", "tick begins"]
    await street.goes_on("tick")


async def test_commands_wait_for_a_tick_that_waits_and_go_before_the_next_one() -> None:
    street = Street()
    await street.comes("early")
    await street.comes("tick", is_tick=True)
    await street.comes("late")
    await street.goes_on("early")
    assert street.seen == ["early begins", "early ends", "tick begins"]
    street.goes["tick"].set()
    await street.tasks["tick"]
    await street.comes("next tick", is_tick=True)
    assert street.seen[3:] == ["tick ends", "late begins"]
    await street.goes_on("late")
    await street.goes_on("next tick")
    assert street.seen[5:] == ["late ends", "next tick begins", "next tick ends"]


async def test_ticks_without_a_pause_between_them_keep_nobody_out() -> None:
    turns, done = MarketTurns(), asyncio.Event()

    async def command() -> None:
        async with turns.command():
            done.set()

    ticks, task = 0, asyncio.create_task(command())
    while not done.is_set():
        async with turns.tick():
            ticks += 1
            await asyncio.sleep(0)
    await task
    assert ticks <= 2


async def test_who_goes_away_while_waiting_is_not_waited_for() -> None:
    street = Street()
    await street.comes("tick", is_tick=True)
    await street.comes("gone")
    street.tasks["gone"].cancel()
    await street.settle()
    await street.goes_on("tick")
    await street.comes("next tick", is_tick=True)
    assert street.seen == ["tick begins", "tick ends", "next tick begins"]
    await street.goes_on("next tick")


async def test_who_goes_away_just_when_it_is_let_in_gives_its_turn_back() -> None:
    street = Street()
    async with street.turns.tick():
        await street.comes("gone")
    street.tasks["gone"].cancel()
    await street.settle()
    await street.comes("tick", is_tick=True)
    assert street.seen == ["tick begins"]
    await street.goes_on("tick")


@pytest.mark.parametrize("fails", ["command", "tick"])
async def test_what_fails_gives_its_turn_back(fails: str) -> None:
    turns = MarketTurns()
    with pytest.raises(ValueError, match="a test"):
        async with turns.tick() if fails == "tick" else turns.command():
            raise ValueError("a test")
    async with turns.tick():
        pass
    async with turns.command():
        pass


async def test_a_command_that_a_tick_holds_up_for_too_long_is_told_that_nothing_happened() -> None:
    street = Street(MarketTurns(wait_s_max=0))
    await street.comes("tick", is_tick=True)
    with pytest.raises(OutageError, match="nothing happened"):
        async with street.turns.command():
            pass
    await street.goes_on("tick")
    assert street.seen == ["tick begins", "tick ends"]
