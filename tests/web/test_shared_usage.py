"""Whoever uses one process is known to all, over a real Redis; and without it nothing is missed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.jwt_secrets import parsed
from tests.adapters.memory_table import MemoryTable
from tests.domain.market_world import SetClock
from tests.redis_server import RedisServer, own_redis, redis, shared_redis
from web.coingecko import CoinGeckoSettings
from web.metrics import Metrics
from web.settings import Settings
from web.sharing import Shared, open_shared

__all__ = ["own_redis", "redis", "shared_redis"]

AS_IF_USED = "prices are asked for as if the exchange were used all the time"


@asynccontextmanager
async def process(
    url: str, clock: SetClock, settings: Settings | None = None
) -> AsyncIterator[Shared]:
    """Open what one process shares with the others, and wait until it hears them."""
    made = settings or Settings(
        jwt_secrets=parsed("first:" + 32 * "s"), market=CoinGeckoSettings(), redis_url=url
    )
    table = MemoryTable(clock.now_s)
    async with open_shared(
        made, table, clock=clock, metrics=Metrics(), listeners=lambda: 0
    ) as shared:
        yield shared


async def test_the_leader_hears_of_users_of_another_process(redis: RedisServer) -> None:
    clock = SetClock()
    async with process(redis.url, clock) as leader, process(redis.url, clock) as other:
        await redis.until(lambda: not leader.usage.is_used() and not other.usage.is_used())

        other.usage.touch()

        await redis.until(leader.usage.is_used)
        assert leader.usage.used_here_ago() is None
        assert AS_IF_USED not in leader.degraded()


async def test_without_redis_the_exchange_counts_as_used(own_redis: RedisServer) -> None:
    clock = SetClock()
    async with process(own_redis.url, clock) as leader:
        await own_redis.until(lambda: not leader.usage.is_used())

        own_redis.kill()
        await own_redis.until(leader.usage.is_used)
        assert AS_IF_USED in leader.degraded()

        own_redis.start()
        await own_redis.until(lambda: not leader.usage.is_used())
        assert AS_IF_USED not in leader.degraded()


async def test_a_market_that_is_never_idle_is_not_called_degraded(own_redis: RedisServer) -> None:
    settings = Settings(jwt_secrets=parsed("first:" + 32 * "s"), redis_url=own_redis.url)
    own_redis.kill()
    async with process(own_redis.url, SetClock(), settings) as shared:
        assert shared.degraded()
        assert AS_IF_USED not in shared.degraded()
    own_redis.start()
