"""The table that tests use instead of an engine is no easier than one."""

import asyncio
import itertools

import pytest
from hypothesis.stateful import run_state_machine_as_test as run_machine

from adapters.table import Item, Key, Put, Table, TableOutcomeUnknownError, TableUnavailableError
from tests.adapters.conftest import WallClock
from tests.adapters.memory_table import MemoryTable
from tests.adapters.test_table_model import TableModel, settings_for

KEY = Key("A", "1")
ITEM = Item(KEY, {"a": 1})


def test_the_table_in_memory_answers_as_a_dictionary_would() -> None:
    class MemoryModel(TableModel):
        def __init__(self) -> None:
            super().__init__(asyncio.Runner(), WallClock(), itertools.count())

        async def make(self) -> Table:
            return MemoryTable(self.clock)

    run_machine(MemoryModel, settings=settings_for(60, 30))


async def test_a_failure_is_met_once_and_nothing_is_written() -> None:
    table = MemoryTable()
    table.fail_next(TableUnavailableError("away"))
    with pytest.raises(TableUnavailableError):
        await table.transact([Put(ITEM)], token="1")
    assert await table.get(KEY) is None


async def test_a_transaction_may_be_written_without_being_acknowledged() -> None:
    table = MemoryTable()
    table.fail_next(TableOutcomeUnknownError("lost"), is_written=True)
    with pytest.raises(TableOutcomeUnknownError):
        await table.transact([Put(ITEM)], token="1")
    assert await table.get(KEY) == ITEM


async def test_what_was_read_is_a_copy() -> None:
    table = MemoryTable()
    await table.transact([Put(Item(KEY, {"a": [1]}))], token="1")
    read = await table.get(KEY)
    assert read is not None
    read.attributes["a"].append(2)  # type: ignore[union-attr] # a caller that does wrong
    assert (await table.get(KEY)) == Item(KEY, {"a": [1]})
