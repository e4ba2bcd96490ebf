"""What servers need beside themselves."""

from tests.e2e.gateways import joined
from tests.fixtures_dynamodb import dynamodb_endpoint
from tests.redis_server import own_redis, redis, shared_redis

__all__ = ["dynamodb_endpoint", "joined", "own_redis", "redis", "shared_redis"]
