"""The export: every item of a store as a line of JSON, all as of one instant."""

import os
import secrets
import sqlite3
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import orjson

from adapters.dynamodb_codec import encode_item
from adapters.identity_items import SESSION
from adapters.sqlite_connection import connect_reader
from adapters.sqlite_table import SqliteTable
from adapters.table import Item

SECRET_ATTRIBUTES = frozenset({"password_hash"})
"""What opens accounts, once somebody has guessed long enough. Sessions are left out altogether."""


async def export_lines(path: Path, *, with_secrets: bool) -> AsyncIterator[bytes]:
    """Yield the lines of an SQLite store, which may be in use, sorted by key.

    Each line has the form of DynamoDB's own exports, `{"Item": {"cash": {"N": "1000"}, …}}`:
    amounts are digits in the smallest units, bytes are base64. An account's state of version n
    stands beside its journal 1 to n. Raises TableUnavailableError.
    """
    connection = connect_reader(path)
    # From its first read on, a transaction sees the store as it was then.
    connection.execute("BEGIN")
    table = _frozen(path, connection)
    try:
        async for item in table.scan(""):
            shown = item if with_secrets else without_secrets(item)
            if shown is not None:
                yield orjson.dumps({"Item": encode_item(shown)}, default=_text_of_bytes) + b"\n"
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


def _frozen(path: Path, connection: sqlite3.Connection) -> SqliteTable:
    return SqliteTable(
        path, reader=connection, writer=None, lock_descriptor=None, wall_clock_s=time.time
    )


def _text_of_bytes(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(type(value).__name__)
