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


async def test_another_process_counts_for_a_while_from_its_own_time_on() -> None:
    clock = SetClock()
    watch = UsageWatch(clock)

    watch.hear(timedelta(minutes=2))
    watch.hear(timedelta(minutes=4))

    assert watch.is_used()
    assert watch.used_here_ago() is None
    clock.at += IN_USE_FOR - timedelta(minutes=2)
    assert not watch.is_used()


async def test_a_pause_ends_when_somebody_comes_to_another_process() -> None:
    watch = UsageWatch(SetClock())
    waiting = asyncio.create_task(watch.pause(NONE, DAY))
    await asyncio.sleep(0)

    watch.hear(NONE)

    await waiting


async def test_who_cannot_hear_of_others_takes_the_exchange_for_used() -> None:
    deaf = False
    watch = UsageWatch(SetClock(), is_deaf=lambda: deaf, look_every=timedelta(milliseconds=1))
    waiting = asyncio.create_task(watch.pause(NONE, DAY))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not watch.is_used()

    deaf = True

    await waiting
    assert watch.used_here_ago() is None


def test_it_is_told_how_long_ago_a_process_was_used() -> None:
    clock, sockets = SetClock(), 0
    watch = UsageWatch(clock, listeners=lambda: sockets)
    watch.touch()

    clock.at += timedelta(minutes=1)
    assert watch.used_here_ago() == timedelta(minutes=1)
    sockets = 1
    assert watch.used_here_ago() == NONE
    sockets = 0
    clock.at += IN_USE_FOR
    assert watch.used_here_ago() is None
    clock.at -= DAY
    assert watch.used_here_ago() == NONE
