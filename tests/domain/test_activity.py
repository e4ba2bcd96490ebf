"""Whoever uses the exchange is noticed, and ends the wait of what was left alone."""

import asyncio
from datetime import timedelta

from domain.activity import IN_USE_FOR, UsageWatch
from tests.domain.market_world import SetClock

NONE, DAY = timedelta(0), timedelta(days=1)


async def test_nobody_uses_what_nobody_asked() -> None:
    assert not UsageWatch(SetClock()).is_used()


async def test_a_request_counts_for_a_while() -> None:
    clock = SetClock()
    watch = UsageWatch(clock)

    watch.touch()

    assert watch.is_used()
    clock.at += IN_USE_FOR
    assert not watch.is_used()


async def test_whoever_listens_uses_it() -> None:
    assert UsageWatch(SetClock(), listeners=lambda: 1).is_used()


async def test_a_pause_ends_when_somebody_comes() -> None:
    watch = UsageWatch(SetClock())
    waiting = asyncio.create_task(watch.pause(NONE, DAY))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()

    watch.touch()

    await waiting


async def test_a_pause_ends_for_who_is_there_already() -> None:
    watch = UsageWatch(SetClock(), listeners=lambda: 1)

    await watch.pause(NONE, DAY)


async def test_a_pause_ends_at_the_latest_when_it_should() -> None:
    await UsageWatch(SetClock()).pause(NONE, NONE)
