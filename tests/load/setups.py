"""The stores that servers are killed on, and how many servers are on each at once."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from tests.redis_server import RedisServer
from web.settings import DynamoDbStore, SqliteStore

SETTINGS = {
    "DAILY_DEPOSIT_LIMIT": "1000000",
    "CNOP_JWT_SECRET": "first:" + 32 * "s",
    "CNOP_COST_LIMIT": "0",
    "CNOP_REQUESTS_PER_MINUTE": "0",
}


@dataclass(frozen=True, slots=True)
class Setup:
    """A store, and how many servers there are on it."""

    store: SqliteStore | DynamoDbStore
    settings: dict[str, str]
    servers: int


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Setup:
    path = tmp_path / "cnop.db"
    return Setup(SqliteStore(path), SETTINGS | {"CNOP_STORE": f"sqlite:{path}"}, 1)


@pytest.fixture
def on_dynamodb(dynamodb_endpoint: str, own_redis: RedisServer) -> Setup:
    assert dynamodb_endpoint
    table = f"kills-{uuid4().hex}"
    settings = SETTINGS | {"CNOP_STORE": f"dynamodb:{table}", "CNOP_REDIS_URL": own_redis.url}
    return Setup(DynamoDbStore(table), settings, 2)
