"""Imports of whole files, from and into SQLite: what is wrong is told, and writes nothing."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.export_lines import ExportEnd, end_item, line_of
from adapters.table import Item, Key
from web.exporting import export_lines
from web.importing import LINE_BYTES_MAX, Imported, ImportRefusedError, check_file, import_file
from web.settings import SqliteStore
from web.stores import open_store, open_store_read_only

USER = Item(Key("USER#u", "PROFILE"), {"id": "u", "password_hash": "$argon2id$secret"})
OTHER = Item(Key("ASSET#BTC", "ASSET"), {"raw": b"\x00\xff", "price": 10**30}, "a", "b")


def lines_of(*items: Item, secrets: bool = True, count: int | None = None) -> list[bytes]:
    end = ExportEnd(items=len(items) if count is None else count, has_secrets=secrets)
    return [line_of(item) for item in (*items, end_item(end))]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[list[bytes]], Path]:
    def write(lines: list[bytes]) -> Path:
        path = tmp_path / "backup.jsonl"
        path.write_bytes(b"".join(lines))
        return path

    return write


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "new" / "cnop.db")


async def imported(path: Path, store: SqliteStore, *, without_passwords: bool = False) -> Imported:
    return await import_file(
        path, store, without_passwords=without_passwords, progress=lambda _items: None
    )


async def contents(store: SqliteStore) -> dict[Key, Item]:
    table = await open_store_read_only(store, wall_clock_s=time.time)
    try:
        return {item.key: item async for item in table.scan("")}
    finally:
        await table.close()


async def test_what_was_exported_is_imported(
    written: Callable[[list[bytes]], Path], store: SqliteStore
) -> None:
    done = await imported(written(lines_of(USER, OTHER)), store)

    assert done == Imported(items=2, users_without_password=0)
    assert await contents(store) == {USER.key: USER, OTHER.key: OTHER}


async def test_an_export_of_an_import_is_the_same_file(
    written: Callable[[list[bytes]], Path], store: SqliteStore
) -> None:
    path = written(lines_of(OTHER, USER))
    await imported(path, store)

    again = [line async for line in export_lines(store, with_secrets=True)]
    assert b"".join(again) == path.read_bytes()


async def test_without_passwords_nothing_is_imported_unless_asked_for(
    written: Callable[[list[bytes]], Path], store: SqliteStore
) -> None:
    bare = Item(USER.key, {"id": "u"})
    path = written(lines_of(bare, OTHER, secrets=False))

    with pytest.raises(ImportRefusedError, match="--with-secrets"):
        await imported(path, store)
    assert not store.path.exists()

    done = await imported(path, store, without_passwords=True)
    hashed = (await contents(store))[USER.key].attributes["password_hash"]
    assert done.users_without_password == 1
    assert str(hashed).startswith("$argon2id$")


async def test_a_store_with_anything_in_it_is_left_alone(
    written: Callable[[list[bytes]], Path], store: SqliteStore
) -> None:
    path = written(lines_of(USER))
    await imported(path, store)

    with pytest.raises(ImportRefusedError, match="not empty"):
        await imported(path, store)


async def test_a_store_in_use_is_refused(
    written: Callable[[list[bytes]], Path], store: SqliteStore
) -> None:
    table = await open_store(store, wall_clock_s=time.time)
    try:
        with pytest.raises(Exception, match="in use"):
            await imported(written(lines_of(USER)), store)
    finally:
        await table.close()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([*lines_of(USER)[:1], b"{}\n", *lines_of(OTHER)], "Line 2 "),
        ([b"\n"], "Line 1 "),
        ([b"x" * (LINE_BYTES_MAX + 1)], "Line 1 "),
        (lines_of(USER)[:1], "cut off"),
        ([], "cut off"),
        ([*lines_of(USER), line_of(OTHER)], "Line 3 .* behind the last line"),
        (lines_of(USER, OTHER, count=3), "has 2 items, and its last line says 3"),
        ([line_of(Item(Key("EXPORT", "END"), {}))], "Line 1 .* how many"),
    ],
)
async def test_a_file_with_anything_wrong_is_refused_before_anything_is_written(
    written: Callable[[list[bytes]], Path], store: SqliteStore, lines: list[bytes], told: str
) -> None:
    with pytest.raises(ImportRefusedError, match=told):
        await imported(written(lines), store)
    assert not store.path.exists()


async def test_a_key_that_comes_twice_is_told(
    written: Callable[[list[bytes]], Path], store: SqliteStore
) -> None:
    many = [Item(Key("A", str(number)), {}) for number in range(100)]

    with pytest.raises(ImportRefusedError, match=r"twice\. .*begin anew"):
        await imported(written(lines_of(*many, many[0])), store)


def test_a_file_is_checked_without_a_store(written: Callable[[list[bytes]], Path]) -> None:
    assert check_file(written(lines_of(USER))) == ExportEnd(items=1, has_secrets=True)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check_file(tmp_path / "none.jsonl")
