"""Opening the store that the settings name."""

from collections.abc import Callable

from adapters.dynamodb_table import DynamoDbTable
from adapters.sqlite_table import SqliteTable
from adapters.table import Table
from web.settings import DynamoDbStore, SqliteStore


async def open_store(
    store: SqliteStore | DynamoDbStore, *, wall_clock_s: Callable[[], float]
) -> Table:
    """Open a store for reading and writing, and make it where there is none.

    Raises StoreLockedError and TableUnavailableError.
    """
    if isinstance(store, SqliteStore):
        return await SqliteTable.open(store.path, wall_clock_s=wall_clock_s)
    table = await DynamoDbTable.open(store.table, wall_clock_s=wall_clock_s)
    try:
        await table.create_table()
    except BaseException:
        await table.close()
        raise
    return table


async def open_store_read_only(
    store: SqliteStore | DynamoDbStore, *, wall_clock_s: Callable[[], float]
) -> Table:
    """Open an existing store beside whoever uses it. Raises TableUnavailableError."""
    if isinstance(store, SqliteStore):
        return await SqliteTable.open_read_only(store.path, wall_clock_s=wall_clock_s)
    return await DynamoDbTable.open(store.table, wall_clock_s=wall_clock_s)
