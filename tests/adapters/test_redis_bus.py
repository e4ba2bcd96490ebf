"""Ticks and hints reach every process, exactly and at most once, and nobody waits for Redis."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from adapters.local_bus import LocalHintBus, LocalTickBus
from adapters.redis_bus import LOOK, RedisHintBus, RedisTickBus
from adapters.redis_channels import NAMED_AT_ONCE_MAX, OUTGOING_MAX, RedisChannels
from adapters.redis_keys import RedisKeys
from adapters.redis_messages import tick_message
from adapters.redis_pool import RedisBounds
from domain.money import Price, Quantity
from domain.ports.hints import Hint, HintBus
from domain.ports.markets import TickBus
from domain.ticks import PriceMove, Tick
from tests.domain.market_world import BTC, ETH, tick
from tests.redis_server import (
    PATIENT,
    RedisServer,
    connected,
    own_redis,
    redis,
    shared_redis,
)

__all__ = ["own_redis", "redis", "shared_redis"]

KEYS = RedisKeys("test")
STRANGER = "0" * 16
"""What the messages of an unknown process begin with."""

WAIT_S_MAX = 10.0
POLL_S = 0.002
POLLS_MAX = 5_000
HASTE = 20
"""Times faster than usual, where the program only waits."""


@dataclass
class Process:
    """What one process has of the buses."""

    channels: RedisChannels
    ticks: RedisTickBus
    hints: RedisHintBus


@asynccontextmanager
async def process(url: str, bounds: RedisBounds = PATIENT) -> AsyncIterator[Process]:
    async with connected(url, bounds) as connection:
        channels = RedisChannels(connection, sleep=lambda s: asyncio.sleep(s / HASTE))
        running = asyncio.create_task(channels.run())
        try:
            yield Process(channels, RedisTickBus(channels, KEYS), RedisHintBus(channels, KEYS))
        finally:
            running.cancel()
            await asyncio.wait([running])


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(POLLS_MAX):
        if condition():
            return
        await asyncio.sleep(POLL_S)
    pytest.fail("it never came to that")


async def until_heard(server: RedisServer, channel: str, processes: int = 1) -> None:
    """Wait until so many processes listen to a channel."""
    wanted = f":{processes}".encode()
    await until(lambda: server.listeners(channel) == wanted)


async def upcoming(messages: AsyncIterator[Hint]) -> Hint:
    """Return the next hint that says anything."""
    async with asyncio.timeout(WAIT_S_MAX):
        while (hint := await anext(messages)) == LOOK:
            pass
        return hint


@pytest.fixture(params=["local", "redis"])
async def buses(
    request: pytest.FixtureRequest, redis: RedisServer
) -> AsyncIterator[tuple[TickBus, HintBus]]:
    if request.param == "local":
        yield LocalTickBus(), LocalHintBus()
        return
    async with process(redis.url) as here:
        yield here.ticks, here.hints


async def test_every_listener_gets_every_tick_at_once(buses: tuple[TickBus, HintBus]) -> None:
    bus, _ = buses
    with bus.subscribe() as first, bus.subscribe() as second:
        bus.publish(tick(1, {BTC: 5}))
        bus.publish(tick(2, {BTC: 6}))
        for ticks in (first, second):
            assert [(await anext(ticks)).number for _ in range(2)] == [1, 2]


async def test_a_hint_reaches_its_topic_only(buses: tuple[TickBus, HintBus]) -> None:
    _, bus = buses
    with bus.subscribe("account:1") as one, bus.subscribe("account:2") as two:
        bus.publish("account:2", {"version": 7})
        bus.publish("account:1", {"version": 1})
        assert await upcoming(two) == {"version": 7}
        assert await upcoming(one) == {"version": 1}


async def test_leaving_ends_who_waits(buses: tuple[TickBus, HintBus]) -> None:
    ticks_bus, hints_bus = buses
    with ticks_bus.subscribe() as ticks, hints_bus.subscribe("a") as hints:
        pass
    assert await anext(ticks, None) is None
    assert await anext(hints, None) is None
    with ticks_bus.subscribe() as ticks:
        ticks_bus.publish(tick(1, {}))
        assert (await anext(ticks)).number == 1


async def test_a_tick_reaches_the_other_processes_exactly_and_its_own_once(
    redis: RedisServer,
) -> None:
    made = Tick(
        number=7,
        fence=3,
        at=datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC),
        source="replay",
        moves=(
            PriceMove(BTC, Price(Price.UNITS_MAX)),
            PriceMove(ETH, Price(1), Quantity(0)),
        ),
        position=2**70,
    )
    async with process(redis.url) as one, process(redis.url) as other:
        with one.ticks.subscribe() as here, other.ticks.subscribe() as there:
            await until_heard(redis, KEYS.ticks, 2)
            one.ticks.publish(made)
            assert await anext(there) == made
            other.ticks.publish(tick(8, {BTC: 1}))
            assert [await anext(here), await anext(here)] == [made, tick(8, {BTC: 1})]
            assert await anext(there) == tick(8, {BTC: 1})


async def test_a_hint_reaches_whoever_listens_on_any_process(redis: RedisServer) -> None:
    async with process(redis.url) as one, process(redis.url) as other:
        with one.hints.subscribe("a") as here, other.hints.subscribe("a") as there:
            # Both hear from Redis; until then a hint may be replaced by that of having begun to.
            assert [await anext(here), await anext(there)] == [LOOK, LOOK]
            one.hints.publish("a", {"version": 2**70, "why": "n1"})
            assert await upcoming(there) == {"version": 2**70, "why": "n1"}
            assert await upcoming(here) == {"version": 2**70, "why": "n1"}


async def test_redis_sends_only_what_somebody_here_listens_to(redis: RedisServer) -> None:
    async with process(redis.url) as here:
        with here.hints.subscribe("a"):
            with here.hints.subscribe("a"), here.ticks.subscribe(), here.ticks.subscribe():
                await until_heard(redis, KEYS.hints("a"))
                await until_heard(redis, KEYS.ticks)
            await until_heard(redis, KEYS.ticks, 0)
            assert redis.listeners(KEYS.hints("a")) == b":1"
        await until_heard(redis, KEYS.hints("a"), 0)


async def test_who_begins_to_hear_is_told_to_look(redis: RedisServer) -> None:
    async with process(redis.url) as here:
        with here.hints.subscribe("a") as hints:
            assert await anext(hints) == LOOK
            with here.hints.subscribe("b") as others:
                assert await anext(others) == LOOK


async def test_what_is_malformed_reaches_nobody(redis: RedisServer) -> None:
    async with process(redis.url) as here:
        with here.hints.subscribe("a") as hints, here.ticks.subscribe() as ticks:
            await until_heard(redis, KEYS.hints("a"))
            await until_heard(redis, KEYS.ticks)
            for junk in ("", STRANGER, f"{STRANGER}[]", f"{STRANGER}{{", "\x00\x00"):
                redis.ask("PUBLISH", KEYS.hints("a"), junk)
                redis.ask("PUBLISH", KEYS.ticks, junk)
            redis.ask("PUBLISH", KEYS.hints("a"), STRANGER + '{"version":"n5"}')
            redis.ask("PUBLISH", KEYS.ticks, STRANGER + tick_message(tick(5, {})).decode())
            assert await upcoming(hints) == {"version": 5}
            assert await anext(ticks) == tick(5, {})
            assert (here.hints.malformed, here.ticks.malformed) == (5, 5)


@pytest.mark.parametrize("trouble", ["killed", "hangs"])
async def test_without_redis_nobody_waits_and_it_is_heard_again_when_it_is_back(
    own_redis: RedisServer, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "adapters.redis_channels")
    async with (
        process(own_redis.url, RedisBounds()) as one,
        process(own_redis.url, RedisBounds()) as other,
    ):
        with one.hints.subscribe("a") as here, other.hints.subscribe("a") as there:
            await until_heard(own_redis, KEYS.hints("a"), 2)
            own_redis.kill() if trouble == "killed" else own_redis.pause()
            for version in range(50):
                one.hints.publish("a", {"version": version})
            assert await upcoming(here) == {"version": 49}
            await until(lambda: one.channels.dropped == 50)
            await until(lambda: not one.channels.is_listening)
            await until(lambda: not other.channels.is_listening)

            own_redis.start() if trouble == "killed" else own_redis.go_on()
            await until(lambda: one.channels.is_listening and other.channels.is_listening)
            assert await anext(there) == LOOK
            await until_heard(own_redis, KEYS.hints("a"), 2)

            async def heard() -> Hint:
                return await upcoming(there)

            hearing = asyncio.create_task(heard())
            while not hearing.done():
                one.hints.publish("a", {"version": 50})
                await asyncio.sleep(POLL_S)
            assert await hearing == {"version": 50}
    said = [
        record.getMessage().partition(":")[0]
        for record in caplog.records
        if record.name == "adapters.redis_channels"
    ]
    assert sorted(said) == ["Messages come from Redis."] * 4 + ["No messages come from Redis"] * 2


async def test_a_redis_that_was_never_there_is_said_once(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    own_redis.kill()
    async with process(own_redis.url, RedisBounds()) as here:
        with here.hints.subscribe("a"):
            await asyncio.sleep(0.05)
        assert not here.channels.is_listening
    assert [record.name for record in caplog.records] == ["adapters.redis_channels"]


async def test_after_a_restart_all_topics_are_heard_again(own_redis: RedisServer) -> None:
    topics = [f"topic {number}" for number in range(2 * NAMED_AT_ONCE_MAX + 1)]
    async with process(own_redis.url) as here:
        with ExitStack() as listening:
            for topic in topics:
                listening.enter_context(here.hints.subscribe(topic))
            await until_heard(own_redis, KEYS.hints(topics[-1]))
            own_redis.restart()
            for topic in (topics[0], topics[NAMED_AT_ONCE_MAX], topics[-1]):
                await until_heard(own_redis, KEYS.hints(topic))


async def test_what_waits_to_be_sent_is_bounded_and_the_oldest_is_dropped(
    redis: RedisServer,
) -> None:
    async with process(redis.url) as one, process(redis.url) as other:
        with other.ticks.subscribe() as there:
            await until_heard(redis, KEYS.ticks)
            for number in range(1, OUTGOING_MAX + 4):
                one.ticks.publish(tick(number, {}))
            assert one.channels.dropped == 3
            async with asyncio.timeout(WAIT_S_MAX):
                while (await anext(there)).number != OUTGOING_MAX + 3:
                    pass
