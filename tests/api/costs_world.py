"""A server whose every call to the table is metered, and somebody with a long journal."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from adapters.account_items import account_item
from adapters.account_store import AccountTable
from adapters.catalogue import shipped_catalogue
from adapters.dynamodb_client import LowLevelClient
from adapters.dynamodb_connection import connect
from adapters.dynamodb_retry import Retry
from adapters.dynamodb_table import DynamoDbTable
from adapters.journal_items import entry_item
from adapters.table import ACTIONS_MAX, Put, Table
from domain.ids import AccountId, CommandId
from tests.api.metering import Meter, MeteredClient, MeteredTable
from tests.api.world import Answer, Session, World, answer_of, opened
from tests.domain.identity_world import SetClock

START = datetime(2036, 3, 1, 12, 0, 0, tzinfo=UTC)
"""DynamoDB Local deletes what has expired by the machine's own clock, so nothing may have."""

ORDERS = 20
"""Orders of the trader, each of an asset of its own turn."""

SECONDS_GROWN = 10
"""What a journal of 10,000 entries takes, a millisecond each."""

ASSETS = ("BTC", "ETH", "LTC", "DOGE")


@dataclass
class Metered:
    """A running server, its meter, and its trader."""

    world: World
    meter: Meter
    trader: Session
    entries: int
    """How many the trader's journal has."""
    order_id: str
    """One of the trader's orders."""

    async def executed(
        self, text: str, variables: Mapping[str, Any], session: Session | None
    ) -> Answer:
        """Execute an operation; the meter begins after its authentication."""
        context = await self.world.context(session)
        self.meter.reset()
        result = await self.world.schema.execute(
            text, variable_values=dict(variables), context_value=context
        )
        return answer_of(result.data, result.errors)


@asynccontextmanager
async def metered(table: Table, meter: Meter, *, entries: int) -> AsyncIterator[Metered]:
    """Start a server with the whole catalogue, and a trader whose journal has so many entries."""
    clock = SetClock(START)
    counted = MeteredTable(table, meter)
    async with opened(table=counted, clock=clock, catalogue=shipped_catalogue()) as world:
        trader = await world.trader("5000")
        orders = min(ORDERS, entries - 1)
        await grow(table, AccountId(trader.account_id), entries - orders)
        clock.advance(SECONDS_GROWN)
        for number in range(orders):
            order_id = await world.buy(trader, ASSETS[number % len(ASSETS)], "0.001")
        yield Metered(world, meter, trader, entries, order_id)


@asynccontextmanager
async def metered_dynamodb(*, entries: int) -> AsyncIterator[Metered]:
    """Start one on DynamoDB Local, whose requests and units of reads are metered too."""
    meter = Meter()
    async with dynamodb(meter) as table, metered(table, meter, entries=entries) as running:
        yield running


@asynccontextmanager
async def dynamodb(meter: Meter) -> AsyncIterator[DynamoDbTable]:
    """Make an empty table on DynamoDB Local."""
    async with connect() as low_level:
        table = DynamoDbTable(
            f"costs-{uuid.uuid4()}",
            low_level=cast("LowLevelClient", MeteredClient(low_level, meter)),
            wall_clock_s=START.timestamp,
            retry=Retry(),
        )
        await table.create_table()
        yield table


async def grow(table: Table, account_id: AccountId, entries: int) -> None:
    """Copy the account's first entry until its journal has so many, a millisecond apart.

    They don't add up as an account's own would, which no cost depends on.
    """
    store = AccountTable(table)
    account, first = await store.account(account_id), await store.entry(account_id, 1)
    assert account is not None
    assert first is not None
    copies = [
        entry_item(
            replace(
                first,
                version=version,
                command_id=CommandId(f"{version:032}"),
                at=first.at + timedelta(milliseconds=version),
            )
        )
        for version in range(2, entries + 1)
    ]
    for start in range(0, len(copies), ACTIONS_MAX):
        puts = [Put(item) for item in copies[start : start + ACTIONS_MAX]]
        await table.transact(puts, token=f"grow-{start}")
    grown = replace(account, version=entries)
    await table.transact([Put(account_item(grown))], token="grown")
