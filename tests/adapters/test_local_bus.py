"""Buses in one process: nobody waits for a listener, and a listener gets the newest."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.local_bus import TICKS_WAITING_MAX, LocalHintBus, LocalTickBus
from domain.ports.hints import HintBus
from domain.ports.markets import TickBus
from tests.domain.market_world import BTC, tick


async def test_every_listener_gets_every_tick() -> None:
    bus: TickBus = LocalTickBus()
    with bus.subscribe() as first, bus.subscribe() as second:
        bus.publish(tick(1, {BTC: 5}))
        bus.publish(tick(2, {BTC: 6}))
        for ticks in (first, second):
            assert [(await anext(ticks)).number for _ in range(2)] == [1, 2]


async def test_a_slow_listener_loses_the_oldest_ticks_only() -> None:
    bus = LocalTickBus()
    with bus.subscribe() as ticks:
        for number in range(1, TICKS_WAITING_MAX + 4):
            bus.publish(tick(number, {}))
        assert (await anext(ticks)).number == 4


async def test_a_listener_that_waits_is_woken() -> None:
    bus: HintBus = LocalHintBus()
    with bus.subscribe("account/1") as hints:
        waiting = asyncio.create_task(_next(hints))
        await asyncio.sleep(0)
        bus.publish("account/2", {"version": 1})
        bus.publish("account/1", {"version": 2})
        bus.publish("account/1", {"version": 3})
        assert await waiting == {"version": 3}


async def test_leaving_ends_who_waits() -> None:
    bus = LocalHintBus()
    with bus.subscribe("a") as hints, bus.subscribe("a"):
        waiting = asyncio.create_task(_next(hints))
        await asyncio.sleep(0)
    with pytest.raises(StopAsyncIteration):
        await hints.__anext__()
    assert await waiting is None


async def test_a_wait_that_was_given_up_loses_nothing() -> None:
    bus = LocalHintBus()
    with bus.subscribe("a") as hints:
        waiting = asyncio.create_task(_next(hints))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        bus.publish("a", {"version": 1})
        assert await _next(hints) == {"version": 1}


async def test_nothing_is_kept_of_a_topic_that_nobody_listens_to() -> None:
    bus = LocalHintBus()
    bus.publish("a", {"version": 1})
    with bus.subscribe("a"):
        pass
    assert bus._mailboxes == {}


async def test_what_was_heard_before_leaving_is_still_read() -> None:
    bus = LocalTickBus()
    with bus.subscribe() as ticks:
        bus.publish(tick(1, {}))
    assert [made.number async for made in ticks] == [1]


async def _next(messages: AsyncIterator[object]) -> object:
    return await anext(messages, None)
