"""The rights that are documented are enough for everything, and no name lies outside of them."""

import asyncio
import re

import pytest

import adapters.redis_keys
from adapters.login_guard import MemoryLoginGuard
from adapters.memory_budgets import MemoryMinuteCounts
from adapters.redis_budgets import RedisMinuteCounts
from adapters.redis_bus import LOOK, RedisHintBus, RedisTickBus
from adapters.redis_channels import RedisChannels
from adapters.redis_login_guard import RedisLoginGuard
from domain.login_attempts import attempt_from
from tests.adapters.sessions_world import ALICE, KEYS, Sessions
from tests.domain.market_world import tick
from tests.redis_server import RedisServer, own_redis

__all__ = ["own_redis"]


@pytest.fixture
def restricted_url(own_redis: RedisServer) -> str:
    """Return an address whose user may do only what is documented."""
    found = re.search(r"`(~cnop[^`]*)`", adapters.redis_keys.__doc__ or "")
    assert found is not None
    rights = found[1].replace("cnop:", f"{KEYS.prefix}:").split()
    assert own_redis.ask("ACL", "SETUSER", "app", "reset", "on", ">secret", *rights) == b"+OK"
    return own_redis.url.replace("redis://", "redis://app:secret@")


async def test_the_documented_rights_are_enough(
    own_redis: RedisServer, restricted_url: str
) -> None:
    world = Sessions()
    session = await world.opened()
    async with world.processes(restricted_url, restricted_url) as (one, other):
        guard = RedisLoginGuard(one.connection, keys=KEYS, own=MemoryLoginGuard(world.clock))
        counts = RedisMinuteCounts(
            one.connection, name="logins", per_minute=5, keys=KEYS, own=MemoryMinuteCounts(5)
        )
        for _ in range(2):
            assert await one.lets_in(session)
            await one.budgets.take("alice", 1)
            one.budgets.give_back("alice", 1)
            await counts.count("alice")
            await guard.settle(attempt_from("192.0.2.1", "alice_01"), failed=True)
            await one.connection.command("PING")
        await one.end(session)
        await one.users.ends.doubtful(ALICE, [session.id])
        assert not await other.lets_in(session)
        assert not any(use.is_degraded for use in (one.admissions, one.budgets, counts, guard))

        channels = [RedisChannels(process.connection) for process in (one, other)]
        running = [asyncio.create_task(channel.run()) for channel in channels]
        sender, receiver = (RedisTickBus(channel, KEYS) for channel in channels)
        with receiver.subscribe() as ticks, RedisHintBus(channels[0], KEYS).subscribe("a") as hints:
            assert await anext(hints) == LOOK
            await own_redis.until(lambda: own_redis.listeners(KEYS.ticks) == b":1")
            sender.publish(tick(1, {}))
            assert (await anext(ticks)).number == 1
        await own_redis.until(lambda: own_redis.listeners(KEYS.ticks) == b":0")
        for task in running:
            task.cancel()
        await asyncio.wait(running)
    assert own_redis.ask("ACL", "LOG") == b"*0"
