"""What operations cost the table: round trips and capacity units, however long a journal is."""

import uuid
from itertools import product
from pathlib import Path

import pytest

from adapters.dynamodb_requests import transaction
from adapters.table import Delete, Item, Key, Put
from tests.adapters.memory_table import MemoryTable
from tests.api.costs_world import START, Metered, dynamodb, metered, metered_dynamodb
from tests.api.metering import Meter, write_units
from tests.api.operations import OPERATIONS
from tests.fixtures_dynamodb import dynamodb_endpoint

__all__ = ["dynamodb_endpoint"]

ENTRIES = 10_000
FEW = 10

READ_UNITS_OFF_MAX = 0.25
"""How far the units of reads may be off what is stated: sizes vary with names and figures."""

ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"

Costs = dict[str, tuple[tuple[str, ...], float, int]]
"""Calls, read units and write units of each operation."""


async def costs(running: Metered, *names: str) -> Costs:
    """Do the operations, one after the other, all or those that are named."""
    found: Costs = {}
    meter = running.meter
    for operation in OPERATIONS:
        if not names or operation.name in names:
            meter.reset()
            await operation.run(running)
            found[operation.name] = (tuple(meter.calls), meter.read_units, meter.write_units)
            assert len(meter.requests) in {0, len(meter.calls)}, operation.name
    return found


async def test_each_operation_takes_the_round_trips_and_write_units_that_are_stated() -> None:
    table = MemoryTable(START.timestamp)
    async with metered(table, Meter(), entries=ENTRIES) as running:
        found = await costs(running)
    assert {name: (calls, written) for name, (calls, _, written) in found.items()} == {
        one.name: (one.calls, one.write_units) for one in OPERATIONS
    }


@pytest.mark.usefixtures("dynamodb_endpoint")
async def test_on_dynamodb_each_round_trip_is_one_request_and_reads_what_is_stated() -> None:
    async with metered_dynamodb(entries=ENTRIES) as running:
        found = await costs(running)
    async with metered_dynamodb(entries=FEW) as running:
        few = await costs(running, "deposit", "market order", "portfolio")
    for one in OPERATIONS:
        calls, read, written = found[one.name]
        assert (calls, written) == (one.calls, one.write_units), one.name
        assert abs(read - one.read_units) <= READ_UNITS_OFF_MAX * one.read_units, one.name
    assert few == {name: found[name] for name in few}


async def test_a_market_order_costs_the_same_after_10_entries_and_after_10_000() -> None:
    found = []
    for entries in (FEW, ENTRIES):
        table = MemoryTable(START.timestamp)
        async with metered(table, Meter(), entries=entries) as running:
            found.append(await costs(running, "market order"))
    assert found[0] == found[1]


@pytest.mark.usefixtures("dynamodb_endpoint")
async def test_write_units_are_counted_as_dynamodb_does() -> None:
    """What it reports for a transaction of one item is right."""
    async with dynamodb(Meter()) as table:
        for size, index_1, index_2 in product([10, 800, 1_100, 2_500], ["a", None], ["b", None]):
            put = Put(Item(Key("A", "1"), {"text": "x" * size}, index_1, index_2))
            await table.transact([Delete(put.key)], token=f"{uuid.uuid4()}")
            request = transaction(table._name, [put], token=f"{uuid.uuid4()}", now_s=0)
            answer = await table._low_level.transact_write_items(
                **request, ReturnConsumedCapacity="TOTAL"
            )
            (consumed,) = answer["ConsumedCapacity"]
            assert consumed["CapacityUnits"] == write_units(put), put


def test_the_costs_stand_in_the_architecture() -> None:
    """To mend it, copy the table that pytest shows."""
    lines = ["| operation | round trips | reads | writes |", "|---|---|---|---|"]
    lines += [
        f"| {one.name} | {len(one.calls)} | {one.read_units} | {one.write_units} |"
        for one in OPERATIONS
    ]
    assert "\n".join(lines) in ARCHITECTURE.read_text(encoding="utf-8")
