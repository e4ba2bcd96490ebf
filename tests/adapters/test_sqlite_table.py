"""What the SQLite engine does beyond the contract: one writer, and nothing lost when killed."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters import sqlite_writer
from adapters.recent_tokens import REMEMBERED_S, TOKENS_MAX, RecentTokens
from adapters.sqlite_table import SqliteTable
from adapters.table import (
    Absent,
    ConditionFailedError,
    Item,
    Key,
    Put,
    StoreLockedError,
    TableOutcomeUnknownError,
    TableRefusedError,
    TableUnavailableError,
)
from tests.adapters.conftest import WallClock

ROOT = Path(__file__).parents[2]
KEY = Key("A", "B")

# Prints the number of each transaction as it is acknowledged, until it is killed.
WRITE_FOR_EVER = """
import asyncio, sys, time
from pathlib import Path
from typing import Any
from adapters.sqlite_table import SqliteTable
from adapters.table import Absent, Item, Key, Put

async def write(table, writer):
    for number in range(1_000_000):
        sk = f"{number:07}"
        halves = [Put(Item(Key(f"{half}#{writer}", sk), {}), (Absent(),)) for half in "LR"]
        await table.transact(halves, token=f"{writer}.{number}")
        print(writer, sk, flush=True)

async def main():
    table = await SqliteTable.open(Path(sys.argv[1]), wall_clock_s=time.time)
    await asyncio.gather(*(write(table, writer) for writer in range(8)))

asyncio.run(main())
"""


def start_writer(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_what_was_acknowledged_survives_a_kill_and_the_rest_is_whole(
    tmp_path: Path, wall_clock: WallClock
) -> None:
    for acknowledgements in (50, 400):
        path = tmp_path / str(acknowledgements) / "store.db"
        with start_writer(path) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(acknowledgements)]
            process.kill()
            lines += [line for line in process.stdout if line.endswith("\n")]
        # An audit may come before the next start.
        reading = await SqliteTable.open_read_only(path, wall_clock_s=wall_clock)
        audited = {item.key async for item in reading.scan("")}
        await reading.close()
        table = await SqliteTable.open(path, wall_clock_s=wall_clock)
        found = {item.key async for item in table.scan("")}
        await table.close()
        assert audited == found

        acknowledged = {tuple(line.split()) for line in lines}
        assert {Key(f"L#{writer}", sk) for writer, sk in acknowledged} <= found
        left = {(key.pk[1:], key.sk) for key in found if key.pk[0] == "L"}
        assert left == {(key.pk[1:], key.sk) for key in found if key.pk[0] == "R"}


async def test_a_second_process_is_refused_and_reads_only(
    tmp_path: Path, wall_clock: WallClock
) -> None:
    path = tmp_path / "store.db"
    with start_writer(path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(StoreLockedError, match="DynamoDB"):
            await SqliteTable.open(path, wall_clock_s=wall_clock)
        reading = await SqliteTable.open_read_only(path, wall_clock_s=wall_clock)
        assert [item async for item in reading.scan("L#")]
        await reading.close()
        process.kill()
    table = await SqliteTable.open(path, wall_clock_s=wall_clock)
    await table.close()


async def test_a_store_reads_the_same_after_closing_and_opening(
    tmp_path: Path, wall_clock: WallClock
) -> None:
    path = tmp_path / "new" / "folders" / "a?b#c %20.db"
    for number in range(3):
        table = await SqliteTable.open(path, wall_clock_s=wall_clock)
        await table.transact([Put(Item(Key("A", f"{number}"), {}))], token=f"t{number}")
        await table.close()

    reading = await SqliteTable.open_read_only(path, wall_clock_s=wall_clock)
    assert len((await reading.query("A")).items) == 3
    with pytest.raises(TableRefusedError, match="read-only"):
        await reading.transact([Put(Item(KEY, {}))], token="t")
    await reading.close()
    assert path.stat().st_mode & 0o077 == 0, "others on the machine may not read it"


async def test_each_commit_waits_for_the_disk(sqlite_table: SqliteTable) -> None:
    """No kill shows it, only a power cut: FULL is 2, and what NORMAL acknowledges may be lost."""
    assert sqlite_table._writer is not None
    connection = sqlite_table._writer._connection
    asked = [connection.execute(f"PRAGMA {name}") for name in ("synchronous", "journal_mode")]
    assert [cursor.fetchone() for cursor in asked] == [(2,), ("wal",)]


async def test_after_closing_the_file_alone_is_the_whole_store(
    tmp_path: Path, wall_clock: WallClock
) -> None:
    path = tmp_path / "store.db"
    table = await SqliteTable.open(path, wall_clock_s=wall_clock)
    await table.transact([Put(Item(Key("A", "1"), {"n": 1}))], token="t")
    await table.close()

    assert not path.with_name("store.db-wal").exists()


async def test_what_is_no_store_is_not_opened(tmp_path: Path, wall_clock: WallClock) -> None:
    text = tmp_path / "text.db"
    text.write_text("no database at all\n" * 100)
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    (tmp_path / "file").touch()

    for path in (text, newer):
        for _ in range(2):  # the lock was let go
            with pytest.raises(TableUnavailableError, match=path.name):
                await SqliteTable.open(path, wall_clock_s=wall_clock)
        with pytest.raises(TableUnavailableError, match=path.name):
            await SqliteTable.open_read_only(path, wall_clock_s=wall_clock)
    with pytest.raises(TableUnavailableError):
        await SqliteTable.open(tmp_path / "file" / "store.db", wall_clock_s=wall_clock)
    with pytest.raises(TableUnavailableError):
        await SqliteTable.open_read_only(tmp_path / "none.db", wall_clock_s=wall_clock)


async def test_expired_rows_are_deleted_as_others_are_written(
    tmp_path: Path, sqlite_table: SqliteTable, wall_clock: WallClock
) -> None:
    soon = int(wall_clock.now_s) + 1
    puts = [Put(Item(Key("OLD", f"{n:02}"), {}, expires_at_s=soon)) for n in range(20)]
    await sqlite_table.transact(puts, token="old")
    wall_clock.now_s += 1
    for number in range(10):
        await sqlite_table.transact([Put(Item(Key("NEW", f"{number}"), {}))], token=f"t{number}")

    with sqlite3.connect(tmp_path / "store.db") as connection:
        rows = connection.execute("SELECT DISTINCT pk FROM items").fetchall()
    connection.close()
    assert rows == [("NEW",)]


async def test_transactions_of_one_group_see_each_other(sqlite_table: SqliteTable) -> None:
    same = [
        sqlite_table.transact([Put(Item(KEY, {"n": n}), (Absent(),))], token=f"t{n}")
        for n in range(100)
    ]
    outcomes = await asyncio.gather(*same, return_exceptions=True)

    assert outcomes[0] is None
    assert all(isinstance(outcome, ConditionFailedError) for outcome in outcomes[1:])
    assert await sqlite_table.get(KEY) == Item(KEY, {"n": 0})


async def test_a_caller_that_goes_away_leaves_the_others_alone(sqlite_table: SqliteTable) -> None:
    tasks = [
        asyncio.create_task(sqlite_table.transact([Put(Item(Key("A", f"{n}"), {}))], token=f"t{n}"))
        for n in range(3)
    ]
    await asyncio.sleep(0)
    tasks[1].cancel()

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        asyncio.CancelledError,
        type(None),
    ]


async def test_more_than_can_wait_is_refused(
    sqlite_table: SqliteTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "WAITING_MAX", 3)
    puts = [
        sqlite_table.transact([Put(Item(Key("A", f"{n}"), {}))], token=f"t{n}") for n in range(5)
    ]
    outcomes = await asyncio.gather(*puts, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes[3:]] == [TableUnavailableError] * 2
    assert outcomes[:3] == [None] * 3


class FailingConnection:
    """A connection whose next statement that starts with `failing` fails once."""

    def __init__(self, real: sqlite3.Connection, failing: str, error: Exception) -> None:
        self._real = real
        self._failing = failing
        self._error: Exception | None = error

    def execute(self, statement: str, *parameters: Any) -> object:
        if self._error is not None and statement.lstrip().startswith(self._failing):
            error, self._error = self._error, None
            raise error
        return self._real.execute(statement, *parameters)

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def sqlite_error(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("failing", "name", "expected"),
    [
        ("BEGIN", "SQLITE_BUSY", TableUnavailableError),
        ("DELETE", "SQLITE_IOERR", TableUnavailableError),
        ("COMMIT", "SQLITE_FULL", TableUnavailableError),
        ("COMMIT", "SQLITE_IOERR", TableOutcomeUnknownError),
    ],
)
async def test_a_failing_disk_fails_the_whole_group_and_nothing_else(
    sqlite_table: SqliteTable, failing: str, name: str, expected: type[Exception]
) -> None:
    writer = sqlite_table._writer
    assert writer is not None
    broken = FailingConnection(writer._connection, failing, sqlite_error(name))
    writer._connection = broken  # type: ignore[assignment] # stands in for one

    group = [Put(Item(Key("A", f"{n}"), {}), (Absent(),)) for n in range(3)]
    outcomes = await asyncio.gather(
        *(sqlite_table.transact([put], token=f"t{n}") for n, put in enumerate(group)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [expected] * 3
    assert (await sqlite_table.query("A")).items == ()

    for number, put in enumerate(group):
        await sqlite_table.transact([put], token=f"t{number}")
    assert len((await sqlite_table.query("A")).items) == 3


async def test_what_a_defect_interrupted_can_be_written_again(sqlite_table: SqliteTable) -> None:
    """Its token must not be taken for done, or the caller would be told of what isn't there."""
    writer = sqlite_table._writer
    assert writer is not None
    broken = FailingConnection(writer._connection, "DELETE", MemoryError())
    writer._connection = broken  # type: ignore[assignment] # stands in for one
    with pytest.raises(TableOutcomeUnknownError):
        await sqlite_table.transact([Put(Item(KEY, {}))], token="t1")

    await sqlite_table.transact([Put(Item(Key("A", "other"), {}))], token="t2")
    await sqlite_table.transact([Put(Item(KEY, {}))], token="t1")
    assert len((await sqlite_table.query("A")).items) == 2


async def test_a_rollback_that_fails_leaves_the_outcome_unknown(sqlite_table: SqliteTable) -> None:
    writer = sqlite_table._writer
    assert writer is not None
    real = writer._connection
    inner = FailingConnection(real, "ROLLBACK", sqlite_error("SQLITE_IOERR"))
    outer = FailingConnection(
        inner,  # type: ignore[arg-type] # stands in for one
        "COMMIT",
        sqlite_error("SQLITE_FULL"),
    )
    writer._connection = outer  # type: ignore[assignment] # stands in for one
    with pytest.raises(TableOutcomeUnknownError):
        await sqlite_table.transact([Put(Item(KEY, {}))], token="t1")
    writer._connection = real
    real.rollback()


def test_tokens_are_forgotten_after_ten_minutes_or_when_there_are_too_many() -> None:
    tokens = RecentTokens()
    tokens.remember("a", 1, now_s=0)
    assert tokens.is_done("a", 1, now_s=REMEMBERED_S - 1)
    assert not tokens.is_done("a", 1, now_s=REMEMBERED_S)
    with pytest.raises(TableRefusedError, match="another transaction"):
        tokens.is_done("a", 2, now_s=1)

    for number in range(TOKENS_MAX):
        tokens.remember(f"t{number}", number, now_s=1)
    assert not tokens.is_done("a", 1, now_s=1)
    assert tokens.is_done("t0", 0, now_s=1)
