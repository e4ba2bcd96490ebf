"""A table of each engine, empty and with a clock that the test sets."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.dynamodb_retry import Retry
from adapters.dynamodb_table import DynamoDbTable
from adapters.guarded_table import GuardedTable
from adapters.sqlite_table import SqliteTable
from adapters.table import Table
from adapters.table_guards import guarded_tables
from tests.fixtures_dynamodb import dynamodb_endpoint

__all__ = ["dynamodb_endpoint"]

ENGINES = ("sqlite", "guarded", "dynamodb")


@dataclass
class WallClock:
    """A clock that stands still until it is set."""

    now_s: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def wall_clock() -> WallClock:
    return WallClock()


@pytest.fixture
async def sqlite_table(tmp_path: Path, wall_clock: WallClock) -> AsyncIterator[SqliteTable]:
    table = await SqliteTable.open(tmp_path / "store.db", wall_clock_s=wall_clock)
    yield table
    await table.close()


@pytest.fixture
def guarded_table(sqlite_table: SqliteTable) -> GuardedTable:
    """Return the SQLite table behind its guards, which change nothing while all is well.

    They have patience here: a busy machine is no fault of the table.
    """
    return guarded_tables(sqlite_table, timeout=lambda _: asyncio.timeout(None)).requests


@pytest.fixture
async def dynamodb_table(
    dynamodb_endpoint: str, wall_clock: WallClock
) -> AsyncIterator[DynamoDbTable]:
    assert os.environ["AWS_ENDPOINT_URL_DYNAMODB"] == dynamodb_endpoint
    name = f"test-{uuid.uuid4()}"
    table = await DynamoDbTable.open(
        name, wall_clock_s=wall_clock, validate_parameters=True, retry=Retry(deadline_s=60)
    )
    await table.create_table()
    yield table
    await table.close()


@pytest.fixture(params=ENGINES)
def table(request: pytest.FixtureRequest) -> Table:
    """Return a table of each engine in turn."""
    made: Table = request.getfixturevalue(f"{request.param}_table")
    return made
