"""A store moves from SQLite to DynamoDB, and is exported from there while people trade."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.people import DEPOSIT, ORDER, Person, register
from tests.e2e.server import Server, command, run, running

SECRET = "first:" + 32 * "s"
STATE = """
{
  me { username }
  account { version cash }
  portfolio { positions { quantity costBasis } }
  orders { nodes { id status } }
  transactions { nodes { version cashChange } }
}"""


@pytest.fixture
def table(dynamodb_endpoint: str) -> str:
    assert dynamodb_endpoint
    return f"dynamodb:moving-{uuid4().hex}"


async def trade(server: Server, username: str) -> Person:
    order = {"assetId": "DOGE", "side": "BUY", "quantity": "10", "idempotencyKey": "first"}
    async with server.client() as client:
        person = await register(client, username)
        await run(client, DEPOSIT, person.access_token, amount="100.00", key="put-in")
        await run(client, ORDER, person.access_token, input=order)
    return person


async def test_a_store_moves_to_dynamodb_with_everything_in_it(tmp_path: Path, table: str) -> None:
    # Given people who have traded on SQLite.
    with running(tmp_path, CNOP_JWT_SECRET=SECRET) as server:
        people = [await trade(server, name) for name in ("ada_lovelace", "grace_hopper")]
        async with server.client() as client:
            before = [await run(client, STATE, person.access_token) for person in people]

    # When the store moves.
    exported = command(tmp_path, "export", "--with-secrets", "--output", "backup.jsonl")
    created = command(tmp_path, "store", "create", "--store", table)
    imported = command(tmp_path, "import", "backup.jsonl", "--store", table)
    audited = command(tmp_path, "audit", "--store", table)
    checked = command(tmp_path, "store", "check", "--store", table)

    # Then it is sound, and everybody goes on where they were, with their session and their keys.
    for ended in (exported, created, imported, audited, checked):
        assert ended.code == 0, ended
    assert "is made and ready" in created.out
    assert "no findings in 2 accounts, 4 journal entries and 2 users" in audited.err
    with running(tmp_path, CNOP_STORE=table, CNOP_JWT_SECRET=SECRET) as server:
        async with server.client() as client:
            after = [await run(client, STATE, person.access_token) for person in people]
            repeated = await run(
                client, DEPOSIT, people[0].access_token, amount="100.00", key="put-in"
            )
    assert after == before
    assert repeated["deposit"]["transaction"]["version"] == 1
    assert command(tmp_path, "audit", "--store", table).code == 0


async def test_an_export_of_a_table_in_use_is_sound(tmp_path: Path, table: str) -> None:
    async def go_on(server: Server, person: Person, stopping: asyncio.Event) -> None:
        async with server.client() as client:
            for number in range(10_000):
                if stopping.is_set():
                    return
                side = "BUY" if number % 2 == 0 else "SELL"
                order = {"assetId": "DOGE", "side": side, "quantity": "1"}
                await run(client, ORDER, person.access_token, input=order)

    with running(tmp_path, CNOP_STORE=table) as server:
        people = [await trade(server, f"trader_{number}") for number in range(3)]
        stopping = asyncio.Event()
        trading = [asyncio.create_task(go_on(server, person, stopping)) for person in people]
        exported = await asyncio.to_thread(
            command, tmp_path, "export", "--store", table, "--output", "backup.jsonl"
        )
        stopping.set()
        await asyncio.gather(*trading)

    assert exported.code == 0, exported.err
    copy = ("--store", "sqlite:copy/cnop.db")
    imported = command(tmp_path, "import", "backup.jsonl", *copy, "--without-passwords")
    audited = command(tmp_path, "audit", *copy)
    assert imported.code == 0, imported.err
    assert (audited.code, audited.out) == (0, ""), audited.out
    assert "3 accounts" in audited.err


def test_a_table_is_made_once(tmp_path: Path, table: str) -> None:
    missing = command(tmp_path, "store", "check", "--store", table)
    made = command(tmp_path, "store", "create", "--store", table)
    again = command(tmp_path, "store", "create", "--store", table)

    assert missing.code == 1
    assert "cnop store create makes it" in missing.out
    assert (made.code, again.code) == (0, 0)
    assert "was there already" in again.out
