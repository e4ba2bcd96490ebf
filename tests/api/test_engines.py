"""The same operations on each engine of the table, and many of them at once."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.dynamodb_table import DynamoDbTable
from adapters.sqlite_table import SqliteTable
from adapters.table import Table
from tests.api.order_text import placed
from tests.api.world import World, opened
from tests.domain.identity_world import RacyTable, SetClock
from tests.domain.ledger_world import findings_of
from tests.fixtures_dynamodb import dynamodb_endpoint

__all__ = ["dynamodb_endpoint"]

BUYS, AFFORDABLE, WRITERS = 64, 10, 24

BUY = """
mutation ($key: String) {
  placeOrder(input: {assetId: "BTC", side: BUY, quantity: "0.01", idempotencyKey: $key}) {
    order { id } account { cash version } errors { code }
  }
}"""
STATE = """
{
  account { cash version }
  portfolio { version cash totalValue positions { quantity } }
  orders(first: 100) { nodes { id asset { id } } }
  transactions(first: 100) { nodes { version order { id } } }
}"""


@pytest.fixture(params=["memory", "sqlite", "dynamodb"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "dynamodb":
        assert request.getfixturevalue("dynamodb_endpoint")
    return str(request.param)


@asynccontextmanager
async def table_of(engine: str, folder: Path, clock: SetClock) -> AsyncIterator[Table]:
    table: Table
    if engine == "memory":
        table = RacyTable(clock)
    elif engine == "sqlite":
        table = await SqliteTable.open(folder / "store.db", wall_clock_s=clock.now_s)
    else:
        assert os.environ["AWS_ENDPOINT_URL_DYNAMODB"]
        table = await DynamoDbTable.open(f"test-{uuid.uuid4()}", wall_clock_s=clock.now_s)
        await table.create_table()
    try:
        yield table
    finally:
        await table.close()


@pytest.fixture
async def world_on(engine: str, tmp_path: Path) -> AsyncIterator[World]:
    clock = SetClock()
    async with (
        table_of(engine, tmp_path, clock) as table,
        opened(table=table, clock=clock) as world,
    ):
        yield world


async def test_of_64_buys_at_once_with_cash_for_10_exactly_10_fill(world_on: World) -> None:
    world = world_on
    alice = await world.trader("5000")

    answers = await asyncio.gather(
        *(world.run(BUY, {"key": f"buy-{number}"}, as_=alice) for number in range(BUYS))
    )

    payloads = [answer["placeOrder"] for answer in answers]
    filled = [payload for payload in payloads if payload["order"]]
    refused = [payload["errors"] for payload in payloads if not payload["order"]]
    assert len(filled) == AFFORDABLE
    assert refused == [[{"code": "INSUFFICIENT_FUNDS"}]] * (BUYS - AFFORDABLE)
    assert sorted(payload["account"]["version"] for payload in filled) == list(range(2, 12))
    state = await world.run(STATE, as_=alice)
    assert state["account"] == {"cash": "0.00", "version": 11}
    assert state["portfolio"] == {
        "version": 11,
        "cash": "0.00",
        "totalValue": "5000.00",
        "positions": [{"quantity": "0.1"}],
    }
    orders = {node["id"] for node in state["orders"]["nodes"]}
    assert orders == {payload["order"]["id"] for payload in filled}
    assert [node["version"] for node in state["transactions"]["nodes"]] == list(range(11, 0, -1))
    assert await findings_of(world.exchange.table) == []


async def test_the_same_keys_again_change_nothing_and_answer_the_same(world_on: World) -> None:
    world = world_on
    alice = await world.trader("1000")
    text = BUY.replace("account { cash version }", "transaction { id cashAfter at }")
    keys = [{"key": f"k{number}"} for number in range(4)]
    first = [(await world.run(text, key, as_=alice))["placeOrder"] for key in keys]
    again = await asyncio.gather(*(world.run(text, key, as_=alice) for key in keys))
    assert [answer["placeOrder"] for answer in again] == first
    assert [len(payload["errors"]) for payload in first] == [0, 0, 1, 1]


async def test_a_reader_hears_all_that_many_writers_do(world_on: World) -> None:
    world = world_on
    alice = await world.register()
    text = "subscription { accountEvents(since: 0) { version account { version } } }"
    stream = world.listen(text, as_=alice)

    async def hear() -> list[int]:
        return [(await anext(stream))["accountEvents"]["version"] for _ in range(WRITERS)]

    hearing = asyncio.create_task(hear())
    await asyncio.gather(*(world.deposit(alice, "1") for _ in range(WRITERS)))
    assert await hearing == list(range(1, WRITERS + 1))
    await stream.aclose()


async def test_each_order_is_told_once_whether_it_waits_or_ends_on_arrival(world_on: World) -> None:
    world = world_on
    alice = await world.trader("5000")
    stream = world.listen("subscription { orderUpdates { id status } }", as_=alice)
    first = asyncio.ensure_future(anext(stream))
    listeners = world.exchange.entries._bus._mailboxes  # type: ignore[attr-defined]
    while not listeners:  # noqa: ASYNC110 - it takes turns, not time
        await asyncio.sleep(0)
    wanted = []
    for number in range(6):
        force = "GTC" if number % 2 else "IOC"
        payload = await placed(
            world,
            alice,
            type="LIMIT",
            limitPrice="40000",
            quantity="0.001",
            timeInForce=force,
        )
        wanted.append((payload["order"]["id"], payload["order"]["status"]))
    answers = [await first, *[await anext(stream) for _ in wanted[1:]]]
    told = [(one["id"], one["status"]) for one in (told["orderUpdates"] for told in answers)]
    assert sorted(told) == sorted(wanted)
    await stream.aclose()
