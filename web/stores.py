"""Opening, guarding, making and checking the store that the settings name."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.sqlite_table import SqliteTable
from adapters.table import Table
from adapters.table_guards import guarded_tables
from web.metrics import Metrics
from web.settings import DynamoDbStore, SqliteStore

if TYPE_CHECKING:
    from adapters.dynamodb_table import DynamoDbTable


async def open_store(
    store: SqliteStore | DynamoDbStore, *, wall_clock_s: Callable[[], float]
) -> Table:
    """Open a store for reading and writing, and make it where there is none.

    Raises StoreLockedError and TableUnavailableError.
    """
    if isinstance(store, SqliteStore):
        return await SqliteTable.open(store.path, wall_clock_s=wall_clock_s)
    table = await _open_dynamodb(store, wall_clock_s)
    try:
        await table.create_table()
    except BaseException:
        await table.close()
        raise
    return table


def guarded_store(
    store: SqliteStore | DynamoDbStore, table: Table, metrics: Metrics
) -> tuple[Table, Table]:
    """Return an open store for requests and for the rest, each with places of its own.

    A file needs no such guards: it answers in microseconds or is gone.
    """
    if isinstance(store, SqliteStore):
        return table, table
    tables = guarded_tables(table, observer=metrics)
    for compartment in tables.compartments:
        metrics.watch_store(compartment)
    return tables.requests, tables.background


async def open_store_read_only(
    store: SqliteStore | DynamoDbStore, *, wall_clock_s: Callable[[], float]
) -> Table:
    """Open an existing store beside whoever uses it. Raises TableUnavailableError."""
    if isinstance(store, SqliteStore):
        return await SqliteTable.open_read_only(store.path, wall_clock_s=wall_clock_s)
    return await _open_dynamodb(store, wall_clock_s)


async def create_store(store: SqliteStore | DynamoDbStore) -> str:
    """Make a store unless it is there, and return a sentence that says what was done.

    Raises TableError.
    """
    if isinstance(store, SqliteStore):
        is_new = not store.path.exists()
        table = await SqliteTable.open(store.path, wall_clock_s=time.time)
        await table.close()
        return f"{store.path} is made." if is_new else f"{store.path} was there already."
    dynamodb = await _open_dynamodb(store, time.time)
    try:
        is_new = await dynamodb.create_table()
    finally:
        await dynamodb.close()
    if is_new:
        return (
            f"The DynamoDB table {store.table} is made and ready: with its indexes, expiry, and "
            "protection against deletion."
        )
    return f"The DynamoDB table {store.table} was there already, and is as it should be."


async def store_faults(store: SqliteStore | DynamoDbStore) -> tuple[str, ...]:
    """Return in sentences what is wrong with a store itself, whatever is in it.

    Raises TableUnavailableError when it can't be opened.
    """
    if isinstance(store, SqliteStore):
        table = await SqliteTable.open_read_only(store.path, wall_clock_s=time.time)
        try:
            return table.faults()
        finally:
            await table.close()
    dynamodb = await _open_dynamodb(store, time.time)
    try:
        return await dynamodb.faults()
    finally:
        await dynamodb.close()


async def _open_dynamodb(
    store: DynamoDbStore, wall_clock_s: Callable[[], float]
) -> "DynamoDbTable":
    # AWS's library is a fifth of all that a command has to load, and most need none of it.
    from adapters.dynamodb_table import DynamoDbTable  # noqa: PLC0415

    return await DynamoDbTable.open(store.table, wall_clock_s=wall_clock_s)
