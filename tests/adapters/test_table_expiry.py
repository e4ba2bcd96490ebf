"""What every engine promises about items whose time has come."""

import pytest

from adapters.table import (
    Absent,
    AtMost,
    Check,
    ConditionFailedError,
    Delete,
    Equals,
    Index,
    Item,
    Key,
    Present,
    Put,
    Table,
    Update,
    Write,
)
from tests.adapters.conftest import WallClock

KEY = Key("ACCOUNT#1", "KEY#1")


def expiring(wall_clock: WallClock, in_s: int, key: Key = KEY) -> Item:
    return Item(key, {"n": 1}, "a", "b", int(wall_clock.now_s) + in_s)


async def read(table: Table) -> list[Item]:
    """Return the item once for every way of reading it."""
    found = [await table.get(KEY), (await table.get_many([KEY])).get(KEY)]
    found.append((await table.snapshot([KEY, Key("ACCOUNT#1", "X")])).get(KEY))
    for index in Index:
        found += (await table.query(KEY.pk, index=index)).items
    found += [item async for item in table.scan(KEY.pk)]
    return [item for item in found if item is not None]


async def test_an_item_reads_as_absent_from_its_second_on(
    table: Table, wall_clock: WallClock
) -> None:
    item = expiring(wall_clock, 10)
    await table.transact([Put(item)], token="t1")

    wall_clock.now_s += 9.9
    assert await read(table) == [item] * 7
    wall_clock.now_s += 0.1
    assert await read(table) == []


async def test_an_expired_item_is_absent_to_conditions(table: Table, wall_clock: WallClock) -> None:
    await table.transact([Put(expiring(wall_clock, 10))], token="t1")
    wall_clock.now_s += 10
    refused: list[Write] = [
        Check(KEY, (Present(),)),
        Check(KEY, (Equals("n", 1),)),
        Check(KEY, (AtMost("n", 1),)),
        Update(KEY, {"n": 2}),
        Update(KEY, {}),
        Delete(KEY, (Present(),)),
    ]
    for number, write in enumerate(refused):
        with pytest.raises(ConditionFailedError):
            await table.transact([write], token=f"c{number}")

    again = expiring(wall_clock, 20)
    await table.transact([Put(again, (Absent(),))], token="t2")
    assert await table.get(KEY) == again


async def test_an_item_that_has_not_expired_is_present_to_conditions(
    table: Table, wall_clock: WallClock
) -> None:
    await table.transact([Put(expiring(wall_clock, 10))], token="t1")
    wall_clock.now_s += 9
    with pytest.raises(ConditionFailedError):
        await table.transact([Put(expiring(wall_clock, 20), (Absent(),))], token="t2")

    await table.transact([Update(KEY, {"n": 2}, (Equals("n", 1),))], token="t3")
    found = await table.get(KEY)
    assert found is not None
    assert found.attributes == {"n": 2}


async def test_a_page_counts_live_items_only(table: Table, wall_clock: WallClock) -> None:
    items = [
        expiring(wall_clock, 10 if number % 10 else 1_000, Key("LIST", f"{number:03}"))
        for number in range(95)
    ]
    await table.transact([Put(item) for item in items], token="t1")
    wall_clock.now_s += 10
    live = tuple(items[::10])

    first = await table.query("LIST", limit=9)
    assert (first.items, first.more) == (live[:9], True)
    whole = await table.query("LIST", limit=10)
    assert (whole.items, whole.more) == (live, False)


async def test_expired_items_never_come_back_while_others_are_written(
    table: Table, wall_clock: WallClock
) -> None:
    gone = [expiring(wall_clock, 1, Key("OLD", f"{number:02}")) for number in range(20)]
    await table.transact([Put(item) for item in gone], token="t1")
    wall_clock.now_s += 1
    for number in range(20):
        await table.transact([Put(Item(Key("NEW", f"{number}"), {}))], token=f"n{number}")

    assert (await table.query("OLD")).items == ()
    assert len((await table.query("NEW")).items) == 20
