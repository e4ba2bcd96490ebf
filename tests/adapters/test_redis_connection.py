"""Redis is asked in few round trips and in bounded time, and one caller harms no other."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.redis_pool import (
    Command,
    RedisBounds,
    RedisPool,
    RedisRefusedError,
    RedisUnavailableError,
    Reply,
    Word,
    numbers,
)
from adapters.redis_scripts import Script
from domain.circuit_breaker import CircuitState
from tests.redis_server import (
    HASTY,
    RedisServer,
    RoundTrips,
    connected,
    own_redis,
    redis,
    round_trips,
    shared_redis,
    turns,
)

__all__ = ["own_redis", "redis", "round_trips", "shared_redis"]

ECHO = Script("return {tonumber(ARGV[1]), #KEYS}")
SET = Script("redis.call('SET', KEYS[1], ARGV[1]) return {1}")


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


async def test_words_arrive_as_they_were_sent(redis: RedisServer) -> None:
    words: list[Word] = ["", "\r\n$1", "恭喜发财", b"\x00\xff", -(2**70)]
    async with connected(redis.url) as connection:
        echoed = await asyncio.gather(*(connection.command("ECHO", word) for word in words))
    assert list(echoed) == [
        word if isinstance(word, bytes) else str(word).encode() for word in words
    ]


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


def test_numbers_are_all_that_our_scripts_answer() -> None:
    with pytest.raises(AssertionError):
        numbers(b"1")
    with pytest.raises(AssertionError):
        numbers([1, b"1"])
