"""Whoever is late and whatever Redis forgets, an ended session is not let in again."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.redis_sessions import READING_MS
from tests.adapters.sessions_world import ALICE, KEYS, Sessions, kept
from tests.redis_server import RedisServer, own_redis, redis, shared_redis

__all__ = ["own_redis", "redis", "shared_redis"]


@pytest.fixture
def world() -> Sessions:
    return Sessions()


@pytest.mark.parametrize("forgets", ["nothing", "ended", "everything"])
async def test_a_slow_reader_brings_nothing_back_whatever_redis_forgets(
    world: Sessions, redis: RedisServer, forgets: str
) -> None:
    session = await world.opened()
    async with world.processes(redis.url, redis.url) as (slow, other):
        slow.read.may_tell.clear()
        reading = asyncio.create_task(slow.lets_in(session))
        await slow.read.has_read.wait()
        assert kept(redis, session) == b"reading"
        await other.end(session)
        if forgets == "ended":
            redis.ask("DEL", KEYS.session(ALICE, session.id))
        elif forgets == "everything":
            redis.ask("FLUSHALL")
        slow.read.may_tell.set()
        assert await reading, "it asked before the end"
        assert kept(redis, session) == (b"ended" if forgets == "nothing" else b"$-1")
        assert not await other.lets_in(session)
        assert not await slow.lets_in(session)


async def test_a_reader_that_took_too_long_keeps_nothing(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened()
    async with world.processes(redis.url) as (slow,):
        slow.read.may_tell.clear()
        reading = asyncio.create_task(slow.lets_in(session))
        await slow.read.has_read.wait()
        assert 0 < redis.ms_left(KEYS.session(ALICE, session.id)) <= READING_MS
        redis.ask("PEXPIRE", KEYS.session(ALICE, session.id), "0")
        slow.read.may_tell.set()
        assert await reading
        assert kept(redis, session) == b"$-1"


async def test_only_who_left_its_mark_keeps_what_it_read(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened()
    async with world.processes(redis.url, redis.url, redis.url) as (first, second, other):
        first.read.may_tell.clear()
        reading = asyncio.create_task(first.lets_in(session))
        await first.read.has_read.wait()
        assert await second.lets_in(session)
        assert kept(redis, session) == b"reading", "the second one keeps nothing"
        redis.ask("PEXPIRE", KEYS.session(ALICE, session.id), "0")
        other.read.may_tell.clear()
        reading_too = asyncio.create_task(other.lets_in(session))
        await other.read.has_read.wait()
        first.read.may_tell.set()
        await reading
        assert kept(redis, session) == b"reading", "the first one's mark is gone"
        other.read.may_tell.set()
        await reading_too
        assert kept(redis, session) == b"live"


@pytest.mark.parametrize("stage", ["live", "reading"])
async def test_a_snapshot_of_before_the_end_lets_nobody_in(
    world: Sessions, own_redis: RedisServer, stage: str
) -> None:
    session = await world.opened()
    async with world.processes(own_redis.url, own_redis.url) as (one, other):
        if stage == "reading":
            one.read.may_tell.clear()
        reading = asyncio.create_task(one.lets_in(session))
        await one.read.has_read.wait()
        if stage == "live":
            await reading
        own_redis.ask("PERSIST", KEYS.session(ALICE, session.id))
        own_redis.ask("SAVE")
        await other.end(session)
        own_redis.restart()
        await other.reconnected()
        await one.reconnected()
        assert kept(own_redis, session) == stage.encode()
        one.read.may_tell.set()
        await reading
        assert not await other.lets_in(session)
        assert not await one.lets_in(session)
        assert kept(own_redis, session) == b"ended"


async def test_a_replica_that_takes_over_without_the_last_writes_lets_nobody_in(
    world: Sessions, own_redis: RedisServer, tmp_path: Path
) -> None:
    session = await world.opened()
    replica = RedisServer(tmp_path / "replica")
    replica.folder.mkdir()
    replica.start()
    try:
        async with world.processes(own_redis.url, replica.url) as (before, after):
            assert await before.lets_in(session)
            own_redis.ask("PERSIST", KEYS.session(ALICE, session.id))
            replica.ask("REPLICAOF", "127.0.0.1", str(own_redis.port))
            await replica.until(lambda: kept(replica, session) == b"live")
            replica.ask("REPLICAOF", "NO", "ONE")
            await before.end(session)
            assert kept(replica, session) == b"live"
            assert not await after.lets_in(session)
    finally:
        replica.kill()


STEPS = st.lists(
    st.sampled_from(["begin 0", "begin 1", "go on 0", "go on 1", "end", "forget", "expire"]),
    max_size=14,
)


@settings(max_examples=60)
@given(steps=STEPS)
def test_in_any_order_nobody_is_let_in_after_an_acknowledged_end(
    redis_for_examples: RedisServer, steps: list[str]
) -> None:
    asyncio.run(_any_order(redis_for_examples, steps))


@pytest.fixture(scope="session")
def redis_for_examples(shared_redis: RedisServer) -> RedisServer:
    return shared_redis


async def _any_order(server: RedisServer, steps: list[str]) -> None:
    server.ask("FLUSHALL")
    world = Sessions()
    session, has_ended = await world.opened(), False
    async with world.processes(server.url, server.url) as readers:
        under_way: list[tuple[bool, asyncio.Task[bool]]] = []
        for step in [*steps, "go on 0", "go on 1", "begin 0", "go on 0"]:
            what, _, number = step.rpartition(" ")
            if what == "begin":
                readers[int(number)].read.may_tell.clear()
                under_way.append(
                    (has_ended, asyncio.create_task(readers[int(number)].lets_in(session)))
                )
                await asyncio.sleep(0.001)
            elif what == "go on":
                readers[int(number)].read.may_tell.set()
                await asyncio.sleep(0.001)
            elif step == "end":
                await readers[0].end(session)
                has_ended = True
            elif step == "forget":
                server.ask("FLUSHALL")
            else:
                server.ask("PEXPIRE", KEYS.session(ALICE, session.id), "0")
        for began_after_the_end, looking in under_way:
            was_let_in = await looking
            assert not (began_after_the_end and was_let_in)
        assert kept(server, session) != b"live" or not has_ended
