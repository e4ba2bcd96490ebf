"""A session whose end was acknowledged is refused everywhere, and an active one costs little."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory_budgets import MemoryBudgets
from adapters.redis_sessions import ENDED_MS, LIVE_MS, READING_MS
from adapters.store_admissions import StoreAdmissions
from adapters.table import TableUnavailableError
from domain.outages import OutageError
from domain.ports.admission import Admission, Admissions
from domain.ports.budgets import Taken
from domain.sessions import ACCESS_TOKEN_LIFETIME, Session, rotated
from tests.adapters.sessions_world import ALICE, BUCKET, KEYS, TOKEN, HeldSessions, Sessions
from tests.redis_server import HASTY, RedisServer, own_redis, redis, shared_redis

__all__ = ["own_redis", "redis", "shared_redis"]


@pytest.fixture
def world() -> Sessions:
    return Sessions()


def kept(server: RedisServer, session: Session) -> bytes:
    """Return the kind of what Redis keeps of a session."""
    return server.ask("GET", KEYS.session(ALICE, session.id)).partition(b":")[0]


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


async def test_one_round_trip_tells_of_the_session_and_takes_from_the_budget(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened()
    async with world.processes(redis.url, redis.url) as (here, there):
        await here.admissions.admit(ALICE, session.id, subject="alice", amount=10)
        await here.connection.command("PING")
        redis.ask("CONFIG", "RESETSTAT")
        admitted = await here.admissions.admit(ALICE, session.id, subject="alice", amount=30)
        said = redis.ask("INFO", "commandstats")
        assert admitted == Admission(
            live_until=session.expires_at, taken=Taken(is_allowed=True, available=60)
        )
        assert b"cmdstat_evalsha:calls=1," in said
        assert here.read.reads == 1
        refused = await there.admissions.admit(ALICE, session.id, subject="alice", amount=61)
        assert not refused.taken.is_allowed
        await there.end(session)
        ended = await here.admissions.admit(ALICE, session.id, subject="alice", amount=1)
        assert ended.live_until is None
        assert (await here.budgets.take("alice", 0)).available >= 60, "it cost nothing"


@pytest.mark.parametrize("trouble", ["killed", "hangs"])
async def test_without_redis_the_table_is_asked_each_time(
    world: Sessions, own_redis: RedisServer, trouble: str
) -> None:
    session = await world.opened()
    async with world.processes(own_redis.url, bounds=HASTY) as (here,):
        own_redis.kill() if trouble == "killed" else own_redis.pause()
        for _ in range(2):
            assert await here.lets_in(session)
        admitted = await here.admissions.admit(ALICE, session.id, subject="alice", amount=70)
        assert admitted.live_until == session.expires_at
        again = await here.admissions.admit(ALICE, session.id, subject="alice", amount=70)
        assert [admitted.taken.is_allowed, again.taken.is_allowed] == [True, False]
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
        own: Admissions = StoreAdmissions(here.read, MemoryBudgets(BUCKET), clock=world.clock)
        assert await own.live_until(ALICE, session.id) is None


async def test_the_store_alone_tells_as_truly(world: Sessions) -> None:
    session = await world.opened()
    sessions = HeldSessions(world.table)
    admissions: Admissions = StoreAdmissions(sessions, MemoryBudgets(BUCKET), clock=world.clock)
    admitted = await admissions.admit(ALICE, session.id, subject="alice", amount=10)
    assert admitted == Admission(
        live_until=session.expires_at, taken=Taken(is_allowed=True, available=90)
    )
    await sessions.end(ALICE, session.id, token=TOKEN)
    assert await admissions.live_until(ALICE, session.id) is None


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
