"""A session whose end was acknowledged is refused everywhere, and an active one costs little."""

from datetime import timedelta

import pytest

from adapters.redis_sessions import ENDED_MS, LIVE_MS
from adapters.store_admissions import StoreAdmissions
from adapters.table import TableUnavailableError
from domain.outages import OutageError
from domain.ports.admission import Admissions
from domain.sessions import ACCESS_TOKEN_LIFETIME, rotated
from tests.adapters.sessions_world import ALICE, KEYS, TOKEN, HeldSessions, Sessions, kept
from tests.redis_server import HASTY, RedisServer, own_redis, redis, shared_redis

__all__ = ["own_redis", "redis", "shared_redis"]


@pytest.fixture
def world() -> Sessions:
    return Sessions()


async def test_an_active_session_is_read_from_the_table_once_in_a_while(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened()
    async with world.processes(redis.url, redis.url) as (one, other):
        for process in (one, other, one, other):
            assert await process.admissions.live_until(ALICE, session.id) == session.expires_at
            await process.connection.command("PING")
        assert one.read.reads + other.read.reads == 1
        assert 0 < redis.ms_left(KEYS.session(ALICE, session.id)) <= LIVE_MS
        redis.ask("PEXPIRE", KEYS.session(ALICE, session.id), "0")
        assert await other.lets_in(session)
        assert other.read.reads == 1


async def test_a_session_that_ends_on_one_process_is_refused_on_another_at_once(
    world: Sessions, redis: RedisServer
) -> None:
    session, neighbour = await world.opened(), await world.opened()
    async with world.processes(redis.url, redis.url) as (one, other):
        assert await other.lets_in(session)
        await one.end(session)
        assert not await other.lets_in(session)
        assert not await one.lets_in(session)
        assert await other.lets_in(neighbour)
        assert one.read.reads == 0
        left_ms = redis.ms_left(KEYS.session(ALICE, session.id))
        assert ACCESS_TOKEN_LIFETIME < timedelta(milliseconds=left_ms) <= timedelta(hours=2)
        assert left_ms <= ENDED_MS


async def test_tokens_of_a_session_that_is_gone_cost_one_read(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened()
    await HeldSessions(world.table).end(ALICE, session.id, token=TOKEN)
    async with world.processes(redis.url) as (here,):
        assert [await here.lets_in(session) for _ in range(5)] == [False] * 5
        assert here.read.reads == 1


async def test_a_session_in_use_costs_one_round_trip_and_no_read(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened()
    async with world.processes(redis.url) as (here,):
        assert await here.lets_in(session)
        await here.connection.command("PING")
        redis.ask("CONFIG", "RESETSTAT")
        assert await here.lets_in(session)
        assert b"cmdstat_evalsha:calls=1," in redis.ask("INFO", "commandstats")
        assert here.read.reads == 1


@pytest.mark.parametrize("trouble", ["killed", "hangs"])
async def test_without_redis_the_table_is_asked_each_time(
    world: Sessions, own_redis: RedisServer, trouble: str
) -> None:
    session = await world.opened()
    async with world.processes(own_redis.url, bounds=HASTY) as (here,):
        own_redis.kill() if trouble == "killed" else own_redis.pause()
        for _ in range(4):
            assert await here.lets_in(session)
        assert here.read.reads == 4
        assert here.admissions.is_degraded
        await here.end(session)
        assert not await here.lets_in(session)
        own_redis.start() if trouble == "killed" else own_redis.go_on()
        await here.reconnected()
        assert not await here.lets_in(session)
        assert not here.admissions.is_degraded


async def test_nobody_is_let_in_when_nobody_can_tell(world: Sessions, redis: RedisServer) -> None:
    session = await world.opened()
    async with world.processes(redis.url) as (here,):
        world.table.fail_next(TableUnavailableError("away"))
        with pytest.raises(OutageError):
            await here.lets_in(session)
        assert kept(redis, session) == b"reading"


async def test_a_session_about_to_end_by_itself_is_not_kept(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened(ends_in=timedelta(milliseconds=LIVE_MS))
    async with world.processes(redis.url) as (here,):
        assert await here.lets_in(session)
        assert kept(redis, session) == b"reading"
        await here.sessions.rotate(
            rotated(session, b"i" * 32, world.clock.now()), was=session, token=TOKEN
        )
        world.clock.advance(LIVE_MS / 1000)
        redis.ask("PEXPIRE", KEYS.session(ALICE, session.id), "0")
        assert await here.lets_in(session)
        assert kept(redis, session) == b"live"


async def test_a_session_that_has_ended_by_itself_is_refused(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened(ends_in=timedelta(0))
    async with world.processes(redis.url) as (here,):
        assert not await here.lets_in(session)
        own: Admissions = StoreAdmissions(here.read, clock=world.clock)
        assert await own.live_until(ALICE, session.id) is None


async def test_the_store_alone_tells_as_truly(world: Sessions) -> None:
    session = await world.opened()
    sessions = HeldSessions(world.table)
    admissions: Admissions = StoreAdmissions(sessions, clock=world.clock)
    assert await admissions.live_until(ALICE, session.id) == session.expires_at
    await sessions.end(ALICE, session.id, token=TOKEN)
    assert await admissions.live_until(ALICE, session.id) is None
