"""The export: a store as lines of JSON, each account as of one version."""

import os
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from adapters.export_lines import ExportEnd, end_item, line_of
from adapters.identity_items import SESSION
from adapters.sqlite_connection import connect_reader
from adapters.sqlite_table import SqliteTable
from adapters.store_export import StoreExport
from adapters.table import Item, Table
from web.settings import DynamoDbStore, SqliteStore
from web.stores import open_store_read_only

SECRET_ATTRIBUTES = frozenset({"password_hash"})
"""What opens accounts, once somebody has guessed long enough. Sessions are left out altogether."""


async def export_lines(
    store: SqliteStore | DynamoDbStore, *, with_secrets: bool
) -> AsyncIterator[bytes]:
    """Yield the lines of a store, which may be in use; the last one counts the others.

    Of an SQLite store all is as of one instant, and sorted by key. Of a DynamoDB table each account
    is as of one version: its state at n beside its journal 1 to n. Raises TableUnavailableError.
    """
    if isinstance(store, SqliteStore):
        table: Table = _frozen(store.path)
        items = table.scan("")
    else:
        table = await open_store_read_only(store, wall_clock_s=time.time)
        items = StoreExport(table).items()
    count = 0
    try:
        async for item in items:
            shown = item if with_secrets else without_secrets(item)
            if shown is not None:
                count += 1
                yield line_of(shown)
        yield line_of(end_item(ExportEnd(items=count, has_secrets=with_secrets)))
    finally:
        await table.close()


def without_secrets(item: Item) -> Item | None:
    """Return what of an item is no secret; None when all of it is."""
    if item.key.sk.startswith(SESSION):
        return None
    kept = {name: item.attributes[name] for name in item.attributes.keys() - SECRET_ATTRIBUTES}
    return replace(item, attributes=dict(sorted(kept.items())))


@contextmanager
def written_whole(path: Path | None, standard: BinaryIO) -> Iterator[BinaryIO]:
    """Open a file that only its owner may read, and that appears when all is written.

    Without a path it is the standard output.
    """
    if path is None:
        yield standard
        return
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _frozen(path: Path) -> SqliteTable:
    """Open a store as it is now: from its first read on, a transaction sees no later change."""
    connection: sqlite3.Connection = connect_reader(path)
    connection.execute("BEGIN")
    return SqliteTable(
        path, reader=connection, writer=None, lock_descriptor=None, wall_clock_s=time.time
    )
