"""Failed logins are counted alike by one process and by all, and go on counting without Redis."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.login_guard import MemoryLoginGuard
from adapters.redis_connection import RedisConnection
from adapters.redis_keys import RedisKeys
from adapters.redis_login_guard import RedisLoginGuard
from domain.instants import ms_of
from domain.login_attempts import FAILED_LOGINS_MAX, LoginAttempt, attempt_from
from domain.ports.identity import LoginGuard
from tests.domain.identity_world import SetClock
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
def clock() -> SetClock:
    return SetClock()


def guard_on(connection: RedisConnection, clock: SetClock | None = None) -> RedisLoginGuard:
    return RedisLoginGuard(
        connection,
        keys=KEYS,
        own=MemoryLoginGuard(clock or SetClock()),
        clock_ms=None if clock is None else lambda: ms_of(clock.now()),
    )


@pytest.fixture(params=["memory", "redis"])
async def guard(
    request: pytest.FixtureRequest, clock: SetClock, redis: RedisServer
) -> AsyncIterator[LoginGuard]:
    if request.param == "memory":
        yield MemoryLoginGuard(clock)
        return
    async with connected(redis.url) as connection:
        made = guard_on(connection, clock)
        yield made
        assert not made.is_degraded


def attempt(address: str = "192.0.2.1", username: str = "alice_01") -> LoginAttempt:
    return attempt_from(address, username)


async def fail(guard: LoginGuard, count: int, attempted: LoginAttempt) -> list[bool]:
    """Fail `count` times; tell for each whether it was told to be locked."""
    return [await guard.settle(attempted, failed=True) is not None for _ in range(count)]


async def test_the_fifth_failure_locks_and_is_itself_still_told(guard: LoginGuard) -> None:
    assert await guard.locked_for(attempt()) is None
    assert await fail(guard, 6, attempt()) == [False] * 5 + [True]


async def test_of_many_at_once_no_more_than_five_are_told(guard: LoginGuard) -> None:
    told = await asyncio.gather(*(guard.settle(attempt(), failed=True) for _ in range(40)))
    assert told.count(None) == FAILED_LOGINS_MAX


async def test_address_and_username_are_locked_each_for_itself(guard: LoginGuard) -> None:
    await fail(guard, 5, attempt("192.0.2.1", "alice_01"))
    assert await guard.locked_for(attempt("192.0.2.1", "somebody"))
    assert await guard.locked_for(attempt("192.0.2.9", "alice_01"))
    assert await guard.locked_for(attempt("192.0.2.9", "somebody")) is None


async def test_a_success_counts_nothing_and_clears_nothing(guard: LoginGuard) -> None:
    await fail(guard, 4, attempt())
    assert await guard.settle(attempt(), failed=False) is None
    await fail(guard, 1, attempt())
    assert await guard.settle(attempt(), failed=False) is not None


async def test_the_300_s_slide(guard: LoginGuard, clock: SetClock) -> None:
    for _ in range(20):
        assert await fail(guard, 1, attempt()) == [False]
        clock.advance(75)
    clock.advance(-15)
    await fail(guard, 1, attempt())
    assert await guard.locked_for(attempt())


async def test_a_lock_says_how_long_it_lasts(guard: LoginGuard, clock: SetClock) -> None:
    await fail(guard, 5, attempt())
    clock.advance(100)
    left = await guard.locked_for(attempt())
    assert left is not None
    assert left.total_seconds() == 200


async def test_who_was_locked_begins_anew_after_it(guard: LoginGuard, clock: SetClock) -> None:
    await fail(guard, 1, attempt("192.0.2.2", "somebody"))
    await fail(guard, 5, attempt())
    clock.advance(300)
    assert await guard.locked_for(attempt()) is None
    assert await fail(guard, 4, attempt()) == [False] * 4
    assert await guard.locked_for(attempt()) is None
    assert await fail(guard, 2, attempt()) == [False, True]


async def test_a_lock_holds_on_every_process(redis: RedisServer) -> None:
    async with connected(redis.url) as one, connected(redis.url) as other:
        here, there = guard_on(one), guard_on(other)
        for guard in (here, there, here, there, here):
            assert await fail(guard, 1, attempt()) == [False]
        assert await there.locked_for(attempt())
        assert await fail(there, 1, attempt()) == [True]


async def test_nothing_is_left_for_good_and_no_key_names_anybody(redis: RedisServer) -> None:
    async with connected(redis.url) as connection:
        guard = guard_on(connection)
        for count, text in ((1, b";"), (4, b"locked:")):
            await fail(guard, count, attempt())
            for subject in attempt().subjects:
                assert text in redis.ask("GET", KEYS.logins(subject))
                assert 0 < int(redis.ask("PTTL", KEYS.logins(subject))[1:]) <= 300_000
    assert redis.ask("DBSIZE") == b":2"


async def test_a_lock_is_never_longer_than_it_may_be_when_redis_steps_back(
    redis: RedisServer, clock: SetClock
) -> None:
    async with connected(redis.url) as connection:
        await fail(guard_on(connection, clock), 5, attempt())
        clock.advance(-86_400)
        left = await guard_on(connection, clock).locked_for(attempt())
    assert left is not None
    assert left.total_seconds() == 300


@pytest.mark.parametrize("trouble", ["killed", "hangs"])
async def test_without_redis_a_process_goes_on_from_the_failures_it_has_seen(
    own_redis: RedisServer, trouble: str
) -> None:
    async with connected(own_redis.url, HASTY) as connection:
        guard = guard_on(connection)
        await fail(guard, 3, attempt())
        own_redis.kill() if trouble == "killed" else own_redis.pause()
        assert await guard.locked_for(attempt()) is None
        assert await fail(guard, 3, attempt()) == [False, False, True]
        assert guard.is_degraded
        assert await guard.locked_for(attempt())


async def test_a_redis_that_has_forgotten_opens_nothing_where_it_was_seen(
    own_redis: RedisServer,
) -> None:
    async with connected(own_redis.url) as one, connected(own_redis.url) as other:
        here, there = guard_on(one), guard_on(other)
        await fail(here, 5, attempt())
        own_redis.ask("FLUSHALL")
        assert await here.locked_for(attempt())
        assert await fail(here, 1, attempt()) == [True]
        assert await fail(there, 6, attempt()) == [False] * 5 + [True]


async def test_after_a_restart_redis_counts_again(own_redis: RedisServer) -> None:
    async with connected(own_redis.url, HASTY) as one, connected(own_redis.url) as other:
        here, there = guard_on(one), guard_on(other)
        own_redis.kill()
        assert await fail(here, 4, attempt()) == [False] * 4
        own_redis.start()
        for _ in range(100):
            await here.locked_for(attempt("192.0.2.7", "somebody"))
            if not here.is_degraded:
                break
        assert await fail(here, 2, attempt()) == [False, True]
        assert await fail(there, 5, attempt()) == [False] * 4 + [True], "one was counted from here"
