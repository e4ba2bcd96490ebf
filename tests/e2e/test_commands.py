import asyncio
import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from adapters.table import Equals, Item, Key, Put, Update
from tests.e2e.people import DEPOSIT, PASSWORD, register
from tests.e2e.server import CNOP, Server, command, environ, run, running
from web.settings import SqliteStore
from web.stores import open_store

COMMANDS = ("serve", "audit", "schema", "export", "import", "store")


@pytest.fixture(scope="module")
def left_by_a_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which somebody has put money, left by a server that has ended."""
    folder = tmp_path_factory.mktemp("commands")
    with running(folder) as server:
        asyncio.run(_put_money(server))
    return folder / "var"


async def _put_money(server: Server) -> None:
    async with server.client() as client:
        ada = await register(client, "ada_lovelace")
        for amount in ("10.00", "0.01"):
            await run(client, DEPOSIT, ada.access_token, amount=amount)


@pytest.fixture
def store(left_by_a_server: Path, tmp_path: Path) -> Path:
    """A copy of it, for the test alone."""
    shutil.copytree(left_by_a_server, tmp_path / "var")
    return tmp_path / "var" / "cnop.db"


def items_of(text: str) -> dict[str, dict[str, dict[str, str]]]:
    *items, end = [json.loads(line)["Item"] for line in text.splitlines()]
    assert end["pk"] == {"S": "EXPORT"}
    assert end["items"] == {"N": str(len(items))}
    return {f"{item['pk']['S']}/{item['sk']['S']}": item for item in items}


def test_help_names_the_commands_and_the_exit_codes(tmp_path: Path) -> None:
    ended = command(tmp_path, "--help")

    assert ended.code == 0
    for word in (*COMMANDS, "exit codes"):
        assert word in ended.out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help(tmp_path: Path, name: str) -> None:
    ended = command(tmp_path, name, "--help")

    assert ended.code == 0
    assert "exit codes" in ended.out


def test_wrong_usage_is_told(tmp_path: Path) -> None:
    assert command(tmp_path).code == 2
    assert command(tmp_path, "trade").code == 2


def test_the_schema_is_printed_for_gateways_and_for_clients(tmp_path: Path) -> None:
    for_gateways = command(tmp_path, "schema")
    for_clients = command(tmp_path, "schema", "--for", "clients")

    assert (for_gateways.code, for_clients.code) == (0, 0)
    assert for_gateways.out.startswith("schema @link(")
    assert "type Query" in for_clients.out
    assert "@key" not in for_clients.out


def test_a_sound_store_is_audited_clean(store: Path) -> None:
    ended = command(store.parent.parent, "audit")

    assert ended.code == 0, ended.out
    assert ended.out == ""
    assert ended.err.endswith("no findings in 1 accounts, 2 journal entries and 1 users.\n")


async def test_a_store_in_use_can_be_audited_and_exported(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        async with server.client() as client:
            await register(client, "ada_lovelace")
            audited = command(tmp_path, "audit")
            exported = command(tmp_path, "export")

    assert audited.code == 0, audited.out
    assert "1 users" in audited.err
    assert "USERNAME#ada_lovelace/CLAIM" in items_of(exported.out)


async def test_a_corrupted_copy_is_found_out(store: Path) -> None:
    table = await open_store(SqliteStore(store), wall_clock_s=lambda: 0.0)
    async for item in table.scan("ACCOUNT#"):
        if item.key.sk == "STATE":
            await table.transact(
                [Update(item.key, {"cash": 5}, when=(Equals("version", 2),))], token="t"
            )
    await table.close()

    ended = command(store.parent.parent, "audit", "--store", f"sqlite:{store}")

    assert ended.code == 1
    assert ended.out.startswith("acc_")
    assert ": " in ended.out


@pytest.mark.parametrize("name", ["audit", "export"])
def test_a_store_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    ended = command(tmp_path, name, "--store", "sqlite:none/cnop.db")

    assert ended.code == 2
    assert ended.err == "cnop: There is no store at none/cnop.db; see --store and CNOP_STORE.\n"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["audit", "export"])
def test_a_file_that_is_no_store_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.db").write_bytes(b"no database" * 1000)

    ended = command(tmp_path, name, "--store", "sqlite:x.db")

    assert ended.code == 2
    assert ended.err.startswith("cnop: x.db")


def test_an_export_has_the_account_its_journal_and_no_secrets(store: Path) -> None:
    ended = command(store.parent.parent, "export")

    assert ended.code == 0
    items = items_of(ended.out)
    (state,) = (item for name, item in items.items() if name.endswith("/STATE"))
    journal = [name for name in items if "/JOURNAL#" in name]
    (profile,) = (item for name, item in items.items() if name.endswith("/PROFILE"))
    assert state["cash"] == {"N": "1001"}
    assert len(journal) == int(state["version"]["N"]) == 2
    assert "password_hash" not in profile
    assert not [name for name in items if "/SESSION#" in name]
    assert "$argon2" not in ended.out
    assert PASSWORD not in ended.out


def test_a_backup_is_complete_and_its_owners_alone(store: Path) -> None:
    folder = store.parent.parent
    ended = command(folder, "export", "--with-secrets", "--output", "backup.jsonl")

    backup = folder / "backup.jsonl"
    items = items_of(backup.read_text())
    (profile,) = (item for name, item in items.items() if name.endswith("/PROFILE"))
    assert ended.code == 0
    assert profile["password_hash"]["S"].startswith("$argon2")
    assert [name for name in items if "/SESSION#" in name]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert not list(folder.glob(".backup*"))


async def test_bytes_are_exported_as_base64(store: Path) -> None:
    table = await open_store(SqliteStore(store), wall_clock_s=lambda: 0.0)
    await table.transact([Put(Item(Key("A", "B"), {"raw": b"\x00\xff"}))], token="t")
    await table.close()

    items = items_of(command(store.parent.parent, "export").out)

    assert items["A/B"]["raw"] == {"B": "AP8="}


def test_an_export_that_cannot_be_written_is_told(store: Path) -> None:
    ended = command(store.parent.parent, "export", "--output", "none/backup.jsonl")

    assert ended.code == 2
    assert ended.err.startswith("cnop: ")
    assert "none" in ended.err


def test_who_reads_only_the_beginning_sees_no_complaint(store: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [CNOP, "export"],
        cwd=store.parent.parent,
        env=environ({}),
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    _, err = process.communicate()

    assert process.returncode == 2
    assert err == b""


def test_reading_a_store_changes_nothing(store: Path) -> None:
    before = store.read_bytes()
    command(store.parent.parent, "audit")
    command(store.parent.parent, "export")

    assert store.read_bytes() == before


def test_a_store_is_made_once_and_checked(tmp_path: Path) -> None:
    made = command(tmp_path, "store", "create")
    again = command(tmp_path, "store", "create")
    checked = command(tmp_path, "store", "check")

    assert (made.code, made.out) == (0, "var/cnop.db is made.\n")
    assert (again.code, again.out) == (0, "var/cnop.db was there already.\n")
    assert (checked.code, checked.out) == (0, "")
    assert command(tmp_path, "audit").code == 0


def test_a_damaged_file_is_found_out(store: Path) -> None:
    content = bytearray(store.read_bytes())
    content[-4096:] = b"\xff" * 4096
    store.write_bytes(content)

    ended = command(store.parent.parent, "store", "check")

    assert ended.code in {1, 2}
    assert "cnop.db" in ended.out + ended.err


def test_a_backup_is_restored(store: Path) -> None:
    folder = store.parent.parent
    command(folder, "export", "--with-secrets", "--output", "backup.jsonl")

    ended = command(folder, "import", "backup.jsonl", "--store", "sqlite:again/cnop.db")
    audited = command(folder, "audit", "--store", "sqlite:again/cnop.db")
    again = command(folder, "export", "--with-secrets", "--store", "sqlite:again/cnop.db")

    assert ended.code == 0, ended.err
    assert "read back as they are in the file" in ended.err
    assert (audited.code, audited.out) == (0, "")
    assert again.out == (folder / "backup.jsonl").read_text()


def test_an_import_that_cannot_be_done_is_told(store: Path) -> None:
    folder = store.parent.parent
    command(folder, "export", "--output", "backup.jsonl")

    full = command(folder, "import", "backup.jsonl", "--without-passwords")
    bare = command(folder, "import", "backup.jsonl", "--store", "sqlite:x.db")
    none = command(folder, "import", "none.jsonl")

    assert [ended.code for ended in (full, bare, none)] == [2, 2, 2]
    assert full.err == "cnop: var/cnop.db is not empty; an import needs an empty one.\n"
    assert "--with-secrets" in bare.err
    assert not (folder / "x.db").exists()
    assert "none.jsonl" in none.err


def test_users_without_passwords_are_counted(store: Path) -> None:
    folder = store.parent.parent
    command(folder, "export", "--output", "backup.jsonl")

    ended = command(
        folder, "import", "backup.jsonl", "--store", "sqlite:x.db", "--without-passwords"
    )

    assert ended.code == 0
    assert ended.err.endswith("cnop: 1 users have no password and can't sign in.\n")
