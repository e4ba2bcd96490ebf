"""Budgets and counts keep to their bounds, in one process and in all, with Redis and without."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory_budgets import MemoryBudgets, MemoryMinuteCounts
from adapters.redis_budgets import RedisBudgets, RedisMinuteCounts
from adapters.redis_connection import RedisConnection
from adapters.redis_keys import RedisKeys
from domain.ports.budgets import Budgets, MinuteCounts, Taken
from tests.adapters.test_memory_budgets import BUCKET, SetMs
from tests.redis_server import (
    HASTY,
    RedisServer,
    connected,
    own_redis,
    redis,
    shared_redis,
)

__all__ = ["own_redis", "redis", "shared_redis"]

KEYS = RedisKeys("test")


@pytest.fixture
def clock() -> SetMs:
    return SetMs()


def redis_budgets(
    connection: RedisConnection, clock: Callable[[], int] | None, own: MemoryBudgets | None = None
) -> RedisBudgets:
    return RedisBudgets(
        connection,
        name="cost",
        bucket=BUCKET,
        keys=KEYS,
        own=own or MemoryBudgets(BUCKET),
        clock_ms=clock,
    )


@pytest.fixture(params=["memory", "redis"])
async def budgets(
    request: pytest.FixtureRequest, clock: SetMs, redis: RedisServer
) -> AsyncIterator[Budgets]:
    if request.param == "memory":
        yield MemoryBudgets(BUCKET, clock_ms=clock)
        return
    async with connected(redis.url) as connection:
        made = redis_budgets(connection, clock)
        yield made
        assert not made.is_degraded


@pytest.fixture(params=["memory", "redis"])
async def counts(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[MinuteCounts]:
    if request.param == "memory":
        yield MemoryMinuteCounts(3, clock_ms=SetMs())
        return
    async with connected(redis.url) as connection:
        yield redis_counts(connection)


def redis_counts(connection: RedisConnection, per_minute: int = 3) -> RedisMinuteCounts:
    own = MemoryMinuteCounts(per_minute)
    return RedisMinuteCounts(connection, name="logins", per_minute=per_minute, keys=KEYS, own=own)


def degraded(*uses: Budgets | MinuteCounts) -> list[bool]:
    return [use.is_degraded for use in uses]


async def test_a_budget_is_full_at_first_and_taken_from(budgets: Budgets) -> None:
    assert await budgets.take("alice", 30) == Taken(is_allowed=True, available=70)
    assert await budgets.take("alice", 70) == Taken(is_allowed=True, available=0)
    assert await budgets.take("bob", 1) == Taken(is_allowed=True, available=99)


async def test_too_much_takes_nothing_and_is_told_when_to_come_back(
    budgets: Budgets, clock: SetMs
) -> None:
    await budgets.take("alice", 90)
    refused = await budgets.take("alice", 11)
    assert refused == Taken(is_allowed=False, available=10, retry_after=timedelta(milliseconds=50))
    clock.now_ms += 49
    assert not (await budgets.take("alice", 11)).is_allowed
    clock.now_ms += 1
    assert await budgets.take("alice", 11) == Taken(is_allowed=True, available=0)


async def test_what_the_budget_never_holds_is_told_no_time(budgets: Budgets) -> None:
    assert await budgets.take("alice", 101) == Taken(is_allowed=False, available=100)


async def test_a_budget_restores_steadily_and_no_further_than_full(
    budgets: Budgets, clock: SetMs
) -> None:
    await budgets.take("alice", 100)
    for _ in range(9):
        clock.now_ms += 111
        await budgets.take("alice", 0)
    assert (await budgets.take("alice", 0)).available == 19
    clock.now_ms += 3_600_000
    assert (await budgets.take("alice", 0)).available == 100


async def test_what_was_not_used_is_given_back_and_no_more_than_fits(budgets: Budgets) -> None:
    await budgets.take("alice", 50)
    budgets.give_back("alice", 20)
    assert (await budgets.take("alice", 0)).available == 70
    budgets.give_back("alice", 99)
    assert (await budgets.take("alice", 0)).available == 100


async def test_a_clock_that_steps_back_gives_nothing_and_takes_nothing_away(
    budgets: Budgets, clock: SetMs
) -> None:
    await budgets.take("alice", 100)
    clock.now_ms -= 3_600_000
    assert (await budgets.take("alice", 0)).available == 0
    clock.now_ms += 1000
    assert (await budgets.take("alice", 0)).available == 20


async def test_of_many_at_once_only_as_many_are_allowed_as_fit(budgets: Budgets) -> None:
    taken = await asyncio.gather(*(budgets.take("alice", 7) for _ in range(50)))
    assert sum(one.is_allowed for one in taken) == 14


async def test_the_first_requests_of_a_minute_are_within(counts: MinuteCounts) -> None:
    told = [await counts.count("192.0.2.1") for _ in range(4)]
    assert [(one.is_within, one.remaining) for one in told] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    minute = timedelta(minutes=1)
    assert all(timedelta(0) < one.resets_after <= minute for one in told)
    assert (await counts.count("192.0.2.2")).is_within


@settings(max_examples=25)
@given(
    steps=st.lists(st.tuples(st.integers(-50, 300), st.integers(-40, 120)), min_size=1, max_size=30)
)
def test_both_keep_the_same_books(
    redis_for_examples: RedisServer, steps: list[tuple[int, int]]
) -> None:
    async def run() -> None:
        redis_for_examples.ask("FLUSHALL")
        clock = SetMs()
        memory = MemoryBudgets(BUCKET, clock_ms=clock)
        async with connected(redis_for_examples.url) as connection:
            shared = redis_budgets(connection, clock)
            for ms, amount in steps:
                clock.now_ms += ms
                if amount < 0:
                    memory.give_back("alice", -amount)
                    shared.give_back("alice", -amount)
                    await connection.command("PING")
                else:
                    assert await shared.take("alice", amount) == await memory.take("alice", amount)

    asyncio.run(run())


@pytest.fixture(scope="session")
def redis_for_examples(shared_redis: RedisServer) -> RedisServer:
    return shared_redis


async def test_all_processes_share_one_budget_and_one_count(redis: RedisServer) -> None:
    async with connected(redis.url) as one, connected(redis.url) as other:
        assert (await redis_budgets(one, None).take("alice", 60)).is_allowed
        assert not (await redis_budgets(other, None).take("alice", 60)).is_allowed
        for connection in (one, other, one):
            assert (await redis_counts(connection).count("alice")).is_within
        assert not (await redis_counts(other).count("alice")).is_within


async def test_a_budget_costs_one_round_trip(redis: RedisServer) -> None:
    async with connected(redis.url) as connection:
        await redis_budgets(connection, None).take("alice", 1)
        redis.ask("CONFIG", "RESETSTAT")
        await redis_budgets(connection, None).take("alice", 1)
        said = redis.ask("INFO", "commandstats")
    assert b"cmdstat_evalsha:calls=1," in said
    assert b"cmdstat_eval:" not in said


async def test_nothing_is_left_in_redis_for_good(redis: RedisServer, clock: SetMs) -> None:
    async with connected(redis.url) as connection:
        budgets = redis_budgets(connection, clock)
        await budgets.take("alice", 40)
        await redis_counts(connection).count("alice")
        assert 0 < int(redis.ask("PTTL", KEYS.budget("cost", "alice"))[1:]) <= 2000
        assert 0 < int(redis.ask("PTTL", KEYS.minute("logins", "alice"))[1:]) <= 60_000
        redis.ask("PERSIST", KEYS.minute("logins", "alice"))
        await redis_counts(connection).count("alice")
        assert 0 < int(redis.ask("PTTL", KEYS.minute("logins", "alice"))[1:]) <= 60_000
        clock.now_ms += 2000
        await budgets.take("alice", 0)
    assert redis.ask("EXISTS", KEYS.budget("cost", "alice")) == b":0"


async def test_no_key_names_anybody(redis: RedisServer) -> None:
    async with connected(redis.url) as connection:
        await redis_budgets(connection, None).take("192.0.2.1", 1)
        await redis_counts(connection).count("a\udce4" * 1000)
        found = await connection.command("KEYS", "*")
    assert isinstance(found, list)
    assert all(isinstance(key, bytes) and len(key) < 60 for key in found)
    assert b"192.0.2.1" not in b"".join(key for key in found if isinstance(key, bytes))


@pytest.mark.parametrize("trouble", ["killed", "hangs"])
async def test_without_redis_each_process_counts_for_itself_and_says_so_once(
    own_redis: RedisServer, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with connected(own_redis.url, HASTY, failures_max=5) as connection:
        budgets, counts = redis_budgets(connection, None), redis_counts(connection)
        own_redis.kill() if trouble == "killed" else own_redis.pause()
        for _ in range(4):
            assert (await budgets.take("alice", 20)).is_allowed
            await counts.count("alice")
        budgets.give_back("alice", 1)
        assert not (await budgets.take("alice", 60)).is_allowed
        assert not (await counts.count("alice")).is_within
        assert degraded(budgets, counts) == [True, True]

        own_redis.start() if trouble == "killed" else own_redis.go_on()
        for _ in range(200):
            await asyncio.gather(budgets.take("alice", 0), counts.count("alice"))
            if not any(degraded(budgets, counts)):
                break
        assert degraded(budgets, counts) == [False, False]
    said = [record.message for record in caplog.records if "cost budgets" in record.message]
    assert len(said) == 2


async def test_a_restart_in_mid_traffic_fails_nobody(own_redis: RedisServer) -> None:
    async with connected(own_redis.url) as connection:
        budgets = redis_budgets(connection, None)
        stop = asyncio.Event()

        async def spend() -> int:
            spent = 0
            while not stop.is_set():
                spent += (await budgets.take("alice", 1)).is_allowed
                await asyncio.sleep(0)
            return spent

        spending = [asyncio.create_task(spend()) for _ in range(8)]
        await asyncio.to_thread(own_redis.restart)
        for _ in range(1000):
            await budgets.take("alice", 0)
            if not budgets.is_degraded:
                break
        stop.set()
        assert sum(await asyncio.gather(*spending)) > 0
        assert not budgets.is_degraded
