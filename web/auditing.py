"""The audit of the store that the settings name."""

import time
from collections.abc import AsyncIterator

from adapters.audit_reader import Progress, audit_store
from domain.audit import Finding
from web.settings import DynamoDbStore, SqliteStore
from web.stores import open_store_read_only


async def audit(store: SqliteStore | DynamoDbStore) -> AsyncIterator[Finding | Progress]:
    """Yield findings as they are found, and progress after each account and user and at the end.

    Raises TableUnavailableError when the store can't be read.
    """
    table = await open_store_read_only(store, wall_clock_s=time.time)
    try:
        async for found in audit_store(table):
            yield found
    finally:
        await table.close()
