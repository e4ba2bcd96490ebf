"""The table in one SQLite file, for one server process.

Reads run on the event loop's thread: a point read takes 5 to 30 microseconds, a hop to a thread and
back 50 to 100, and a page has at most 1,000 items.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

from adapters.sqlite_connection import connect_reader, connect_writer, make_and_lock, translated
from adapters.sqlite_rows import select_one, select_onwards, select_span, to_item
from adapters.sqlite_transaction import Prepared
from adapters.sqlite_writer import SqliteWriter
from adapters.table import (
    Index,
    Item,
    Key,
    Page,
    Position,
    TableRefusedError,
    TableUnavailableError,
    Write,
)
from adapters.table_limits import (
    check_key,
    check_keys,
    check_snapshot,
    check_transaction,
)
from adapters.table_span import Span

READ_AT_ONCE_MAX = 100
"""Point reads, or items of a scan, between two turns of the event loop: about a millisecond."""


class SqliteTable:
    """The `Table` on SQLite. Made by `open`, or by `open_read_only` for audit and export."""

    def __init__(
        self,
        path: Path,
        *,
        reader: sqlite3.Connection,
        writer: SqliteWriter | None,
        lock_descriptor: int | None,
        wall_clock_s: Callable[[], float],
    ) -> None:
        self._path = path
        self._reader = reader
        self._writer = writer
        self._lock_descriptor = lock_descriptor
        self._wall_clock_s = wall_clock_s

    @classmethod
    async def open(cls, path: Path, *, wall_clock_s: Callable[[], float]) -> "SqliteTable":
        """Open the store at `path` for reading and writing; make it where there is none.

        Raises StoreLockedError while another process has it open like this, and
        TableUnavailableError when the file can't be opened or is no store.
        """
        try:
            lock_descriptor = make_and_lock(path)
        except OSError as error:
            raise TableUnavailableError(f"{path}: {error}") from error
        try:
            connection = connect_writer(path)
            try:
                reader = connect_reader(path)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            os.close(lock_descriptor)
            raise
        return cls(
            path,
            reader=reader,
            writer=SqliteWriter(connection, wall_clock_s=wall_clock_s),
            lock_descriptor=lock_descriptor,
            wall_clock_s=wall_clock_s,
        )

    @classmethod
    async def open_read_only(
        cls, path: Path, *, wall_clock_s: Callable[[], float]
    ) -> "SqliteTable":
        """Open an existing store without the lock, beside a running server or without one.

        SQLite keeps a small index beside the file even so, so its folder must be writable. Raises
        TableUnavailableError when the file can't be opened or is no store.
        """
        return cls(
            path,
            reader=connect_reader(path),
            writer=None,
            lock_descriptor=None,
            wall_clock_s=wall_clock_s,
        )

    async def get(self, key: Key, *, strong: bool = True) -> Item | None:  # noqa: ARG002
        check_key(key)
        with translated(self._path):
            row = select_one(self._reader, key, self._now_s())
        return None if row is None else to_item(row)

    async def get_many(
        self,
        keys: Iterable[Key],
        *,
        strong: bool = True,  # noqa: ARG002
    ) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        distinct = check_keys(keys)
        for start in range(0, len(distinct), READ_AT_ONCE_MAX):
            if start:
                await asyncio.sleep(0)
            found |= self._read(distinct[start : start + READ_AT_ONCE_MAX])
        return found

    async def snapshot(self, keys: Iterable[Key]) -> dict[Key, Item]:
        return self._read(check_snapshot(keys))

    async def query(
        self,
        pk: str,
        *,
        index: Index = Index.MAIN,
        low: str | None = None,
        high: str | None = None,
        after: Position | None = None,
        reverse: bool = False,
        limit: int = 100,
        strong: bool = True,  # noqa: ARG002
    ) -> Page:
        span = Span.of(
            pk, index=index, low=low, high=high, after=after, reverse=reverse, limit=limit
        )
        if span is None:
            return Page((), more=False)
        with translated(self._path):
            rows = select_span(self._reader, span, self._now_s())
        return Page(tuple(map(to_item, rows[:limit])), more=len(rows) > limit)

    async def transact(self, writes: Sequence[Write], *, token: str) -> None:
        check_transaction(writes, token)
        if self._writer is None:
            raise TableRefusedError(f"{self._path} was opened read-only")
        await self._writer.transact([Prepared.of(write) for write in writes], token)

    async def scan(self, prefix: str) -> AsyncIterator[Item]:
        after = Key(prefix, "")
        while True:
            with translated(self._path):
                rows = select_onwards(self._reader, after, self._now_s(), READ_AT_ONCE_MAX)
            for item in map(to_item, rows):
                if not item.key.pk.startswith(prefix):
                    return
                yield item
                after = item.key
            if len(rows) < READ_AT_ONCE_MAX:
                return
            await asyncio.sleep(0)

    def faults(self) -> tuple[str, ...]:
        """Return in sentences how the file is damaged; it reads all of it, and holds up the loop.

        Raises TableUnavailableError.
        """
        with translated(self._path):
            rows = self._reader.execute("PRAGMA quick_check").fetchall()
        return tuple(f"{self._path}: {said}." for (said,) in rows if said != "ok")

    async def close(self) -> None:
        # The reader first: who closes the file last folds the log into it.
        self._reader.close()
        if self._writer is not None:
            await self._writer.close()
        if self._lock_descriptor is not None:
            os.close(self._lock_descriptor)
            self._lock_descriptor = None

    def _now_s(self) -> int:
        return int(self._wall_clock_s())

    def _read(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Read within one read transaction, which sees the table as of one instant."""
        now_s = self._now_s()
        with translated(self._path):
            self._reader.execute("BEGIN")
            try:
                rows = [select_one(self._reader, key, now_s) for key in keys]
            finally:
                self._reader.execute("COMMIT")
        return {item.key: item for item in (to_item(row) for row in rows if row is not None)}
