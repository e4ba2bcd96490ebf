"""An end is acknowledged when no process lets the session in, also while Redis can't be told."""

import asyncio
from dataclasses import replace

import pytest

from adapters.access_tokens import JwtAccessTokens
from adapters.login_guard import MemoryLoginGuard
from adapters.redis_session_ends import FORGOTTEN_AFTER_S
from adapters.redis_sessions import LIVE_MS, READING_MS
from adapters.table import ConditionFailedError, TableOutcomeUnknownError
from domain.identity import Identity
from domain.ids import SessionId
from domain.market_clock import PresentTime
from domain.ports.identity import (
    ClaimTakenError,
    SessionStore,
    UserChangedError,
    UserStore,
)
from domain.refresh_tokens import RefreshTokens
from domain.sessions import SESSIONS_PER_USER_MAX, Viewer, opened
from tests.adapters.sessions_world import ALICE, TOKEN, Process, Sessions
from tests.domain.identity_world import (
    ALICE as REGISTRATION,
)
from tests.domain.identity_world import (
    ANOTHER_PASSWORD,
    HOME,
    PASSWORD,
    SECRETS,
    CountingHasher,
)
from tests.redis_server import HASTY, RedisServer, own_redis, redis, shared_redis

__all__ = ["own_redis", "redis", "shared_redis"]


@pytest.fixture
def world() -> Sessions:
    return Sessions()


def identity_of(process: Process, world: Sessions) -> Identity:
    async def pause(attempt: int) -> None:
        await asyncio.sleep(0)

    users: UserStore = process.users
    sessions: SessionStore = process.sessions
    return Identity(
        users=users,
        sessions=sessions,
        admissions=process.admissions,
        hasher=CountingHasher(),
        guard=MemoryLoginGuard(world.clock),
        access_tokens=JwtAccessTokens(SECRETS, world.ids),
        refresh_tokens=RefreshTokens(tuple(one.secret for one in SECRETS)),
        ids=world.ids,
        market_ids=world.ids,
        wall_clock=world.clock,
        market_clock=PresentTime(world.clock),
        pause=pause,
    )


async def lets_in(process: Process, viewer: Viewer) -> bool:
    until = await process.admissions.live_until(viewer.user_id, viewer.session_id)
    await process.connection.command("PING")
    return until is not None


async def test_an_end_that_redis_takes_is_acknowledged_at_once(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened()
    async with world.processes(redis.url) as (here,):
        await here.end(session)
        assert here.waits.now_s == 0


async def test_an_end_that_redis_cannot_take_is_acknowledged_when_it_has_forgotten_the_session(
    world: Sessions, own_redis: RedisServer
) -> None:
    session = await world.opened()
    async with world.processes(own_redis.url, own_redis.url, bounds=HASTY) as (one, other):
        await other.reconnected()
        assert await other.lets_in(session)
        own_redis.kill()
        await one.end(session)
        assert one.waits.now_s >= FORGOTTEN_AFTER_S
        assert (READING_MS + LIVE_MS) / 1000 < FORGOTTEN_AFTER_S
        assert await one.read.get(ALICE, session.id) is None


async def test_redis_is_told_as_soon_as_it_is_back(world: Sessions, own_redis: RedisServer) -> None:
    session = await world.opened()
    async with world.processes(own_redis.url, own_redis.url) as (one, other):
        own_redis.kill()
        one.waits.during = own_redis.start
        await one.end(session)
        assert 0 < one.waits.now_s < FORGOTTEN_AFTER_S
        await other.reconnected()
        assert not await other.lets_in(session)
        assert other.read.reads == 0


async def test_nothing_is_said_of_an_end_that_was_not_made(
    world: Sessions, redis: RedisServer
) -> None:
    session = await world.opened()
    async with world.processes(redis.url, redis.url) as (one, other):
        assert await other.lets_in(session)
        world.table.fail_next(TableOutcomeUnknownError("lost"))
        with pytest.raises(Exception, match="lost"):
            await one.end(session)
        assert await other.lets_in(session)


async def test_a_new_password_ends_the_other_sessions_on_every_process(
    world: Sessions, redis: RedisServer
) -> None:
    async with world.processes(redis.url, redis.url) as (one, other):
        identity = identity_of(one, world)
        first = await identity.register(REGISTRATION)
        second = await identity.login("alice_01", PASSWORD, address=HOME)
        assert await lets_in(other, first.viewer)
        assert await lets_in(other, second.viewer)
        await identity.change_password(
            second.viewer, current=PASSWORD, new=ANOTHER_PASSWORD, address=HOME
        )
        assert not await lets_in(other, first.viewer)
        assert await lets_in(other, second.viewer)
        await identity.logout(second.viewer)
        assert not await lets_in(other, second.viewer)


async def test_a_refreshed_session_is_let_in_and_its_refresh_always_reads_the_table(
    world: Sessions, redis: RedisServer
) -> None:
    async with world.processes(redis.url, redis.url) as (one, other):
        here, there = identity_of(one, world), identity_of(other, world)
        signed_in = await here.register(REGISTRATION)
        assert await lets_in(other, signed_in.viewer)
        again = await there.refresh(signed_in.tokens.refresh_token)
        assert again.viewer == signed_in.viewer
        assert await lets_in(one, again.viewer)
        world.clock.advance(60)
        with pytest.raises(Exception, match="has ended"):
            await here.refresh(signed_in.tokens.refresh_token)
        assert not await lets_in(other, again.viewer)
        assert {user.id for user in (await here.users([again.user.id])).values()} == {again.user.id}


async def test_the_session_that_makes_room_for_another_ends_on_every_process(
    world: Sessions, redis: RedisServer
) -> None:
    async with world.processes(redis.url, redis.url) as (one, other):
        identity = identity_of(one, world)
        first = await identity.register(REGISTRATION)
        assert await lets_in(other, first.viewer)
        for _ in range(SESSIONS_PER_USER_MAX):
            await identity.login("alice_01", PASSWORD, address=HOME)
        assert not await lets_in(other, first.viewer)


async def test_a_write_that_meets_its_own_first_attempt_ends_sessions_all_the_same(
    world: Sessions, redis: RedisServer
) -> None:
    async with world.processes(redis.url, redis.url) as (one, other):
        identity = identity_of(one, world)
        first = await identity.register(REGISTRATION)
        second = await identity.login("alice_01", PASSWORD, address=HOME)
        assert await lets_in(other, first.viewer)
        write = world.table.transact
        told: list[str] = []

        async def doubtful(writes: object, *, token: str) -> None:
            if told:
                raise ConditionFailedError([writes[0].key])  # type: ignore[index]
            told.append(token)
            await write(writes, token=token)  # type: ignore[arg-type]
            raise TableOutcomeUnknownError("lost")

        world.table.transact = doubtful  # type: ignore[method-assign]
        await identity.change_password(
            second.viewer, current=PASSWORD, new=ANOTHER_PASSWORD, address=HOME
        )
        assert not await lets_in(other, first.viewer)
        assert await lets_in(other, second.viewer)


async def test_who_loses_to_another_change_ends_nothing_and_has_it_looked_at_again(
    world: Sessions, redis: RedisServer
) -> None:
    async with world.processes(redis.url, redis.url) as (one, other):
        identity = identity_of(one, world)
        first = await identity.register(REGISTRATION)
        assert await lets_in(other, first.viewer)
        reads, ending = other.read.reads, (first.viewer.session_id,)
        stale = replace(first.user, version=99)
        with pytest.raises(UserChangedError):
            await one.users.save(stale, was=stale, ending=ending, token=TOKEN)
        assert await lets_in(other, first.viewer)
        assert other.read.reads == reads + 1
        new_id = SessionId("ses_" + world.ids.ulid(world.clock.now()))
        session = opened(new_id, first.user.id, b"h" * 32, world.clock.now())
        with pytest.raises(UserChangedError):
            await one.sessions.open(session, user=stale, was=stale, ending=ending, token=TOKEN)
        assert await lets_in(other, first.viewer)
        assert other.read.reads == reads + 2


async def test_everything_else_passes_through(world: Sessions, redis: RedisServer) -> None:
    async with world.processes(redis.url) as (here,):
        identity = identity_of(here, world)
        alice = (await identity.register(REGISTRATION)).user
        bob = (
            await identity.register(
                replace(REGISTRATION, username="Bob_0001", email="bob@example.com")
            )
        ).user
        with pytest.raises(ClaimTakenError):
            await here.users.save(replace(bob, email=alice.email), was=bob, token=TOKEN)
        assert await here.users.by_username("alice_01") == alice
        assert await here.users.get(alice.id) == alice
