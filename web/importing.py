"""The import: the lines of an export into an empty store."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from adapters.export_lines import (
    END_KEY,
    ExportEnd,
    MalformedLineError,
    end_of,
    item_of,
)
from adapters.password_hashing import Argon2Hashing
from adapters.store_import import NotEmptyError, NotTheSameError, is_empty, put_all
from adapters.table import Item
from web.settings import DynamoDbStore, SqliteStore
from web.stores import open_store

LINE_BYTES_MAX = 4 * 1024 * 1024
"""Several times an item's 400 KiB, since JSON escapes and names types."""

_PROFILE = "PROFILE"
_PASSWORD = "password_hash"  # noqa: S105 - a name


class ImportRefusedError(Exception):
    """A file can't be imported; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import has done."""

    items: int
    users_without_password: int


async def import_file(
    path: Path,
    store: SqliteStore | DynamoDbStore,
    *,
    without_passwords: bool,
    progress: Callable[[int], None],
) -> Imported:
    """Put all of a file into an empty store, and read it back.

    The whole file is checked before anything is written. Raises ImportRefusedError, TableError and
    OSError.
    """
    end = check_file(path)
    if not end.has_secrets and not without_passwords:
        raise ImportRefusedError(
            f"{path} was exported without passwords, so none of its users could sign in. Export it "
            "with --with-secrets, or import it with --without-passwords all the same."
        )
    locked = _Locked(None if end.has_secrets else _unusable_hash())
    table = await open_store(store, wall_clock_s=time.time)
    try:
        if not await is_empty(table):
            raise ImportRefusedError(f"{_name(store)} is not empty; an import needs an empty one.")
        items = await put_all(table, map(locked, _items(path)), progress=progress)
    except (NotEmptyError, NotTheSameError) as error:
        raise ImportRefusedError(
            f"{error} What was imported is unusable: remove {_name(store)} and begin anew, with no "
            "server on it."
        ) from error
    finally:
        await table.close()
    return Imported(items=items, users_without_password=locked.count)


def check_file(path: Path) -> ExportEnd:
    """Read all of a file and return what its last line says. Raises ImportRefusedError."""
    end: ExportEnd | None = None
    count = 0
    for number, item in _numbered(path):
        if end is not None:
            raise _malformed(path, number, "it stands behind the last line of an export")
        if item.key == END_KEY:
            try:
                end = end_of(item)
            except MalformedLineError as error:
                raise _malformed(path, number, str(error)) from error
        else:
            count += 1
    if end is None:
        raise ImportRefusedError(f"{path} ends without the last line of an export; it is cut off.")
    if end.items != count:
        raise ImportRefusedError(f"{path} has {count} items, and its last line says {end.items}.")
    return end


class _Locked:
    """Gives each user without a password one that nobody knows."""

    def __init__(self, unusable_hash: str | None) -> None:
        self._hash = unusable_hash
        self.count = 0

    def __call__(self, item: Item) -> Item:
        if self._hash is None or item.key.sk != _PROFILE:
            return item
        self.count += 1
        return replace(item, attributes={**item.attributes, _PASSWORD: self._hash})


def _items(path: Path) -> Iterator[Item]:
    return (item for _, item in _numbered(path) if item.key != END_KEY)


def _numbered(path: Path) -> Iterator[tuple[int, Item]]:
    """Yield each line's number, from 1, and its item. Raises ImportRefusedError and OSError."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            if len(line) > LINE_BYTES_MAX:
                raise _malformed(path, number, f"it has more than {LINE_BYTES_MAX} bytes")
            try:
                yield number, item_of(line)
            except MalformedLineError as error:
                raise _malformed(path, number, str(error)) from error


def _malformed(path: Path, number: int, why: str) -> ImportRefusedError:
    return ImportRefusedError(
        f"Line {number} of {path} can't be imported: {why}. Nothing was written."
    )


def _unusable_hash() -> str:
    hashing = Argon2Hashing()
    try:
        return hashing.decoy_hash
    finally:
        hashing.close()


def _name(store: SqliteStore | DynamoDbStore) -> str:
    if isinstance(store, SqliteStore):
        return str(store.path)
    return f"the DynamoDB table {store.table}"
