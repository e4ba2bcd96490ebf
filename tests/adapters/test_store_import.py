import pytest

from adapters.export_lines import line_of
from adapters.store_import import (
    BATCH_BYTES_MAX,
    REPEATS_MAX,
    NotEmptyError,
    NotTheSameError,
    batches,
    is_empty,
    put_all,
)
from adapters.store_tally import Tally
from adapters.table import (
    ACTIONS_MAX,
    Delete,
    Item,
    Key,
    Put,
    Table,
    TableOutcomeUnknownError,
    TableUnavailableError,
)
from tests.adapters.memory_table import MemoryTable


def item(number: int, **attributes: str | int) -> Item:
    return Item(Key(f"P{number % 7}", f"S{number}"), {"n": number, **attributes})


def nobody(_items: int) -> None:
    """Take no note of progress."""


async def test_all_items_are_put_and_told_as_they_go(table: Table) -> None:
    items = [item(number) for number in range(3 * ACTIONS_MAX + 5)]
    told: list[int] = []

    assert await is_empty(table)
    assert await put_all(table, items, progress=told.append) == len(items)

    stored = {found.key: found async for found in table.scan("")}
    assert stored == {one.key: one for one in items}
    assert told[-1] == len(items)
    assert not await is_empty(table)


async def test_what_expires_meanwhile_is_not_missed() -> None:
    table = MemoryTable(lambda: 100.0)
    items = [item(1), Item(Key("P", "gone"), {}, expires_at_s=50)]

    assert await put_all(table, items, progress=nobody) == 2


async def test_an_item_that_is_there_is_left_alone() -> None:
    table = MemoryTable()
    await table.transact([Put(item(1, mine="yes"))], token="before")

    with pytest.raises(NotEmptyError):
        await put_all(table, [item(1), item(2)], progress=nobody)
    assert await table.get(item(1).key) == item(1, mine="yes")


async def test_an_item_that_comes_twice_is_refused() -> None:
    items = [item(number) for number in range(ACTIONS_MAX)]

    with pytest.raises(NotEmptyError):
        await put_all(MemoryTable(), [*items, item(0)], progress=nobody)


async def test_something_that_writes_beside_it_is_noticed() -> None:
    table = MemoryTable()
    await table.transact([Put(item(99))], token="before")

    with pytest.raises(NotTheSameError, match="holds 2 lasting items, and not the 1"):
        await put_all(table, [item(1)], progress=nobody)


async def test_what_was_emptied_can_be_filled_again_at_once() -> None:
    table = MemoryTable()
    assert await put_all(table, [item(1), item(2)], progress=nobody) == 2
    await table.transact([Delete(item(1).key), Delete(item(2).key)], token="emptied")
    assert await put_all(table, [item(1), item(2)], progress=nobody) == 2


@pytest.mark.parametrize("is_written", [True, False])
async def test_an_unknown_outcome_is_settled_by_sending_it_again(is_written: bool) -> None:
    table = MemoryTable(remembers_tokens=False)
    table.fail_next(TableOutcomeUnknownError("lost"), is_written=is_written)

    assert await put_all(table, [item(1), item(2)], progress=nobody) == 2


async def test_outcomes_that_stay_unknown_are_told() -> None:
    table = MemoryTable()
    for _ in range(REPEATS_MAX):
        table.fail_next(TableOutcomeUnknownError("lost"))

    with pytest.raises(TableOutcomeUnknownError):
        await put_all(table, [item(1)], progress=nobody)


async def test_an_outage_is_told() -> None:
    table = MemoryTable()
    table.fail_next(TableUnavailableError("gone"))

    with pytest.raises(TableUnavailableError):
        await put_all(table, [item(1)], progress=nobody)


def test_batches_are_bounded_by_size_too() -> None:
    large = [item(number, text="x" * 300_000) for number in range(20)]
    found = list(batches(large))

    assert [one for batch in found for one in batch] == large
    assert all(sum(len(line_of(one)) for one in batch) < BATCH_BYTES_MAX * 1.1 for batch in found)
    assert not list(batches([]))


def test_a_tally_heeds_values_and_not_order() -> None:
    one, other, changed = Tally(), Tally(), Tally()
    for number in range(5):
        key = item(number).key
        one.add(Item(key, {"a": {"x": 1, "y": [2]}, "b": number}))
        changed.add(Item(key, {"a": {"x": 1, "y": [2]}, "b": number or 7}))
    for number in reversed(range(5)):
        other.add(Item(item(number).key, {"b": number, "a": {"y": [2], "x": 1}}))

    assert one == other
    assert one != changed
    assert one != "a tally"
