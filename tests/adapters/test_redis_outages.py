"""A Redis that hangs, dies, is full or no primary is left alone, and used again when it is back."""

import asyncio
import logging
from contextlib import suppress

import pytest

from adapters.redis_connection import RETRY_AFTER
from adapters.redis_pool import (
    RedisRefusedError,
    RedisUnavailableError,
    numbers,
)
from adapters.redis_scripts import Script
from domain.circuit_breaker import FAILURES_MAX, CircuitState
from tests.redis_server import (
    RedisServer,
    RoundTrips,
    Watched,
    connected,
    own_redis,
    redis,
    round_trips,
    shared_redis,
    turns,
    watched,
)

__all__ = ["own_redis", "redis", "round_trips", "shared_redis"]

ECHO = Script("return {tonumber(ARGV[1]), #KEYS}")
SET = Script("redis.call('SET', KEYS[1], ARGV[1]) return {1}")


async def test_a_redis_that_hangs_is_left_alone_after_five_tries_and_found_when_it_is_back(
    own_redis: RedisServer, round_trips: RoundTrips
) -> None:
    async with watched(own_redis.url) as world:
        own_redis.pause()
        for _ in range(FAILURES_MAX):
            with pytest.raises(RedisUnavailableError):
                await world.connection.command("PING")
        assert world.connection.is_degraded
        del round_trips.sent[:]
        for _ in range(100):
            with pytest.raises(RedisUnavailableError):
                await world.connection.command("PING")
            world.connection.post(SET, ["a"], "b")
        assert round_trips.sent == []

        world.clock.now_s += RETRY_AFTER.total_seconds()
        asked = await asyncio.gather(
            *(world.connection.command("PING") for _ in range(3)), return_exceptions=True
        )
        assert [type(answer) for answer in asked] == [RedisUnavailableError] * 3
        assert len(round_trips.sent) == 1

        own_redis.go_on()
        await until_trusted(world)
    half_open, is_open = CircuitState.HALF_OPEN, CircuitState.OPEN
    assert world.told[:3] == [is_open, half_open, is_open]
    assert world.told[-2:] == [half_open, CircuitState.CLOSED]


async def test_half_open_one_caller_finds_out_and_the_others_do_not_wait(
    own_redis: RedisServer, round_trips: RoundTrips
) -> None:
    async with watched(own_redis.url) as world:
        own_redis.pause()
        for _ in range(FAILURES_MAX):
            with pytest.raises(RedisUnavailableError):
                await world.connection.command("PING")
        world.clock.now_s += RETRY_AFTER.total_seconds()
        trying = asyncio.create_task(world.connection.command("PING"))
        await turns(3)
        del round_trips.sent[:]
        with pytest.raises(RedisUnavailableError, match="too often lately"):
            await world.connection.command("PING")
        assert round_trips.sent == []
        with pytest.raises(RedisUnavailableError):
            await trying


async def test_a_redis_that_was_killed_is_used_again_once_it_is_back(
    own_redis: RedisServer,
) -> None:
    async with connected(own_redis.url) as connection:
        assert numbers(await connection.run(ECHO, [], 1)) == [1, 0]
        own_redis.kill()
        for _ in range(3):
            with pytest.raises(RedisUnavailableError):
                await connection.run(ECHO, [], 2)
        own_redis.start()
        assert numbers(await connection.run(ECHO, [], 3)) == [3, 0]


async def test_a_restart_between_two_calls_goes_unnoticed(own_redis: RedisServer) -> None:
    async with connected(own_redis.url) as connection:
        assert numbers(await connection.run(ECHO, [], 1)) == [1, 0]
        own_redis.restart()
        await turns(3)
        assert numbers(await connection.run(ECHO, [], 2)) == [2, 0]


async def test_a_primary_that_became_a_replica_is_left_for_the_one_that_has_its_name(
    own_redis: RedisServer,
) -> None:
    async with connected(own_redis.url) as connection:
        await connection.command("PING")
        before = own_redis.ask("INFO", "stats")
        own_redis.ask("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(RedisRefusedError):
            await connection.command("SET", "a", "b")
        own_redis.ask("REPLICAOF", "NO", "ONE")
        await connection.command("SET", "a", "b")
        opened = _count(own_redis.ask("INFO", "stats")) - _count(before)
    assert opened == 1 + 3, "one new connection, and those of this test itself"


async def test_a_redis_without_memory_is_no_answer(own_redis: RedisServer) -> None:
    own_redis.ask("CONFIG", "SET", "maxmemory", "1")
    async with connected(own_redis.url) as connection:
        with pytest.raises(RedisRefusedError):
            await connection.run(SET, ["a"], "b")
        assert connection.is_degraded


async def test_the_log_says_once_that_redis_is_gone_and_once_that_it_is_back(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with connected(own_redis.url) as connection:
        own_redis.kill()
        for _ in range(3):
            with pytest.raises(RedisUnavailableError):
                await connection.command("PING")
        own_redis.start()
        for _ in range(3):
            await connection.command("PING")
    said = [record.message for record in caplog.records]
    assert said[-1] == "Redis answers again."
    assert said.count("Redis answers again.") == 1


async def until_trusted(world: Watched) -> None:
    for _ in range(100):
        if not world.connection.is_degraded:
            return
        world.clock.now_s += RETRY_AFTER.total_seconds()
        with suppress(RedisUnavailableError):
            await world.connection.command("PING")
    pytest.fail("Redis is never trusted again")


def _count(stats: bytes) -> int:
    line = next(line for line in stats.split(b"\r\n") if line.startswith(b"total_connections"))
    return int(line.partition(b":")[2])
