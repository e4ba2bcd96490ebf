"""Redis is asked in few round trips, in bounded time, and left alone while it does not answer."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import pytest

from adapters.redis_connection import RETRY_AFTER
from adapters.redis_pool import (
    Command,
    RedisBounds,
    RedisPool,
    RedisRefusedError,
    RedisUnavailableError,
    Reply,
    numbers,
)
from adapters.redis_scripts import Script
from domain.circuit_breaker import FAILURES_MAX, CircuitState
from tests.redis_server import (
    HASTY,
    RedisServer,
    Watched,
    connected,
    own_redis,
    redis,
    shared_redis,
    watched,
)

__all__ = ["own_redis", "redis", "shared_redis"]

ECHO = Script("return {tonumber(ARGV[1]), #KEYS}")
SET = Script("redis.call('SET', KEYS[1], ARGV[1]) return {1}")


class RoundTrips:
    """Notes what goes to Redis together."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[list[str]] = []
        exchange = RedisPool.exchange

        async def noted(pool: RedisPool, commands: Sequence[Command]) -> list[Reply]:
            self.sent.append([str(command[0]) for command in commands])
            return await exchange(pool, commands)

        monkeypatch.setattr(RedisPool, "exchange", noted)


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> RoundTrips:
    return RoundTrips(monkeypatch)


async def test_what_is_asked_in_one_turn_goes_in_one_round_trip(
    redis: RedisServer, round_trips: RoundTrips
) -> None:
    async with connected(redis.url) as connection:
        await connection.run(ECHO, [], 0)
        del round_trips.sent[:]
        asking = [connection.run(ECHO, ["a"] * (number % 3), number) for number in range(50)]
        replies = await asyncio.gather(*asking)
    assert [numbers(reply) for reply in replies] == [[n, n % 3] for n in range(50)]
    assert [len(commands) for commands in round_trips.sent] == [50]


async def test_one_round_trip_carries_no_more_than_its_bound(
    redis: RedisServer, round_trips: RoundTrips
) -> None:
    bounds = RedisBounds(call_s_max=5, connections_max=2, calls_at_once_max=3)
    async with connected(redis.url, bounds) as connection:
        await asyncio.gather(*(connection.command("PING") for _ in range(8)))
    assert [len(commands) for commands in round_trips.sent] == [3, 3, 2]


async def test_a_script_is_sent_in_full_only_where_redis_does_not_know_it(
    redis: RedisServer, round_trips: RoundTrips
) -> None:
    redis.ask("SCRIPT", "FLUSH")
    async with connected(redis.url) as connection:
        first = asyncio.gather(connection.command("PING"), connection.run(ECHO, [], 1))
        assert list(await first) == [b"PONG", [1, 0]]
        assert numbers(await connection.run(ECHO, [], 2)) == [2, 0]
        assert round_trips.sent == [["PING", "EVALSHA"], ["EVAL"], ["EVALSHA"]]
        assert connection.state is CircuitState.CLOSED


async def test_a_command_that_is_refused_fails_its_caller_only(redis: RedisServer) -> None:
    async with connected(redis.url) as connection:
        await connection.command("SET", "text", "x")
        replies = await asyncio.gather(
            connection.command("GET", "text"),
            connection.command("INCR", "text"),
            connection.command("GET", "text"),
            return_exceptions=True,
        )
    assert [replies[0], replies[2]] == [b"x", b"x"]
    assert isinstance(replies[1], RedisRefusedError)


async def test_a_caller_that_gives_up_disturbs_nobody(redis: RedisServer) -> None:
    async with connected(redis.url) as connection:
        impatient = asyncio.create_task(connection.command("PING"))
        other = asyncio.create_task(connection.run(ECHO, [], 5))
        await asyncio.sleep(0)
        impatient.cancel()
        assert numbers(await other) == [5, 0]
        assert impatient.cancelled()


async def test_what_nobody_waits_for_is_still_done(redis: RedisServer) -> None:
    async with connected(redis.url) as connection:
        connection.post(SET, ["a"], "done")
        await connection.command("PING")
        assert await connection.command("GET", "a") == b"done"


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


async def test_too_many_waiting_calls_are_refused_at_once(own_redis: RedisServer) -> None:
    bounds = RedisBounds(call_s_max=HASTY.call_s_max, connections_max=1, calls_waiting_max=2)
    async with connected(own_redis.url, bounds) as connection:
        own_redis.pause()
        waiting = [asyncio.create_task(connection.command("PING")) for _ in range(5)]
        done = await asyncio.gather(*waiting, return_exceptions=True)
        own_redis.go_on()
    refused = [str(answer) for answer in done if "too many" in str(answer)]
    assert len(refused) == 3
    assert all(isinstance(answer, RedisUnavailableError) for answer in done)


async def test_closing_gives_up_what_is_under_way_and_refuses_the_rest(
    own_redis: RedisServer,
) -> None:
    async with connected(own_redis.url, RedisBounds(connections_max=1)) as connection:
        own_redis.pause()
        under_way = asyncio.create_task(connection.command("PING"))
        await turns(3)
        waiting = asyncio.create_task(connection.command("PING"))
        await asyncio.sleep(0)
        await connection.close()
        for task in (under_way, waiting):
            with pytest.raises(RedisUnavailableError):
                await task
        with pytest.raises(RedisUnavailableError):
            await connection.command("PING")
        connection.post(SET, ["a"], "b")


async def test_a_bug_leaves_nobody_waiting_and_is_logged(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(pool: RedisPool, commands: Sequence[Command]) -> list[Reply]:
        raise ZeroDivisionError

    monkeypatch.setattr(RedisPool, "exchange", broken)
    async with connected(redis.url) as connection:
        with pytest.raises(RedisUnavailableError, match="given up"):
            await connection.command("PING")
        await asyncio.sleep(0)
    assert "failed at a bug" in caplog.text


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


def test_numbers_are_all_that_our_scripts_answer() -> None:
    with pytest.raises(AssertionError):
        numbers(b"1")
    with pytest.raises(AssertionError):
        numbers([1, b"1"])


async def turns(count: int) -> None:
    """Let the event loop turn, so that it sees what has come."""
    for _ in range(count):
        await asyncio.sleep(0)


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
