"""Opening an SQLite file as a store: schema, pragmas, and the lock that one process holds."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from adapters.table import StoreLockedError, TableUnavailableError

STORE_VERSION = 1
"""The schema's number, kept in the file's user_version."""

BUSY_S_MAX = 1.0
"""How long to wait for another process's lock on the file, a shell's say; the event loop waits."""

CACHE_KIB = 64 * 1024
"""Pages that one connection keeps in memory; SQLite's own default is 2 MiB."""

CHECKPOINT_PAGES = 4_000
"""Log, 16 MiB, after which a commit writes it back into the file.

SQLite's own default is a quarter of it: 10 % fewer four-item transactions a second.
"""

# The body is a blob of JSON, so amounts are never SQLite integers. Rows live in the primary key's
# own tree: one search for a point read, neighbours beside each other for a query.
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS items (
    pk TEXT NOT NULL,
    sk TEXT NOT NULL,
    index_1 TEXT,
    index_2 TEXT,
    expires_at INTEGER,
    body BLOB NOT NULL,
    PRIMARY KEY (pk, sk)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS local_1 ON items (pk, index_1, sk) WHERE index_1 IS NOT NULL;
CREATE INDEX IF NOT EXISTS local_2 ON items (pk, index_2, sk) WHERE index_2 IS NOT NULL;
CREATE INDEX IF NOT EXISTS expiring ON items (expires_at) WHERE expires_at IS NOT NULL;
PRAGMA user_version = {STORE_VERSION};
"""


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open the file for writing, with its schema; what is committed survives a power cut."""
    with translated(path):
        connection = _connect(path, "rw")
        try:
            _check_version(path, connection, allowed=(0, STORE_VERSION))
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open an existing store for reading. Raises TableUnavailableError when it is none."""
    with translated(path):
        connection = _connect(path, "ro")
        try:
            _check_version(path, connection, allowed=(STORE_VERSION,))
        except BaseException:
            connection.close()
            raise
        return connection


def make_and_lock(path: Path) -> int:
    """Make the store's folder and file, take the lock beside it and return the lock's descriptor.

    Closing the descriptor lets go of the lock, and so does the system when the process ends in
    whatever way. Raises StoreLockedError, and OSError where the file can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # it holds password hashes; SQLite gives its log the same mode
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StoreLockedError(
            f"{path} is in use. An SQLite store serves one process; use a DynamoDB store to run "
            "several, or open it read-only."
        ) from error
    return descriptor


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors while opening or reading into TableUnavailableError."""
    try:
        yield
    except sqlite3.Error as error:
        raise TableUnavailableError(f"{path}: {error}") from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=BUSY_S_MAX,
        isolation_level=None,  # transactions begin where we say so
        check_same_thread=False,  # one thread at a time, though not always the same
    )
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


def _check_version(path: Path, connection: sqlite3.Connection, allowed: tuple[int, ...]) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found not in allowed:
        raise TableUnavailableError(
            f"{path} has store version {found}, this program reads {STORE_VERSION}"
        )
