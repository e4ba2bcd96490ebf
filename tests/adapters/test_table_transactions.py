"""What every engine promises about transactions: all or nothing, once, and never lost."""

import asyncio

import pytest

from adapters.table import (
    Absent,
    ConditionFailedError,
    Delete,
    Equals,
    Item,
    Key,
    Present,
    Put,
    Table,
    TableError,
    TableUnavailableError,
    Update,
    Value,
)

KEY = Key("ACCOUNT#1", "STATE")
OTHER = Key("ACCOUNT#1", "STATE#BTC")
ABSENT = Key("ACCOUNT#1", "STATE#ETH")


def item(key: Key = KEY, **attributes: Value) -> Item:
    return Item(key, attributes)


async def test_a_transaction_is_wholly_there_or_wholly_not(table: Table) -> None:
    await table.transact([Put(item(version=1)), Put(item(OTHER, n=1))], token="t1")
    third = Key("ACCOUNT#2", "STATE")

    with pytest.raises(ConditionFailedError) as failure:
        await table.transact(
            [
                Put(item(version=2), (Equals("version", 1),)),
                Delete(OTHER, (Equals("n", 2),)),
                Put(item(third), (Present(),)),
                Update(ABSENT, {"n": 1}),
            ],
            token="t2",
        )

    assert failure.value.keys == {OTHER, third, ABSENT}
    assert await table.get_many([KEY, OTHER, third, ABSENT]) == {
        KEY: item(version=1),
        OTHER: item(OTHER, n=1),
    }


async def test_an_update_sets_some_attributes_and_keeps_index_and_expiry(table: Table) -> None:
    await table.transact([Put(Item(KEY, {"a": 1, "b": 2}, "x", None, 1_900_000_000))], token="t1")
    await table.transact([Update(KEY, {"b": [3], "c": None})], token="t2")
    await table.transact([Update(KEY, {})], token="t3")

    assert await table.get(KEY) == Item(
        KEY, {"a": 1, "b": [3], "c": None}, "x", None, 1_900_000_000
    )


@pytest.mark.parametrize("changes", [{}, {"a": 1}])
async def test_an_update_of_an_absent_item_fails(table: Table, changes: dict[str, Value]) -> None:
    with pytest.raises(ConditionFailedError) as failure:
        await table.transact([Update(KEY, changes)], token="t1")

    assert failure.value.keys == {KEY}
    assert await table.get(KEY) is None


async def test_deleting_what_is_absent_is_no_failure(table: Table) -> None:
    await table.transact([Put(item())], token="t1")
    await table.transact([Delete(KEY), Delete(ABSENT)], token="t2")

    assert await table.get(KEY) is None


async def test_a_repeated_transaction_has_no_second_effect(table: Table) -> None:
    first = [Put(item(version=1), (Absent(),))]
    await table.transact(first, token="t1")
    await table.transact([Update(KEY, {"version": 2}, (Equals("version", 1),))], token="t2")

    await table.transact(first, token="t1")

    assert await table.get(KEY) == item(version=2)


async def test_a_token_with_other_writes_writes_nothing(table: Table) -> None:
    await table.transact([Put(item(version=1))], token="t1")
    with pytest.raises(TableError):
        await table.transact([Put(item(version=2))], token="t1")

    assert await table.get(KEY) == item(version=1)


async def test_a_refused_transaction_may_be_tried_again_under_its_token(table: Table) -> None:
    writes = [Put(item(version=2), (Equals("version", 1),))]
    with pytest.raises(ConditionFailedError):
        await table.transact(writes, token="t1")
    await table.transact([Put(item(version=1))], token="t2")

    await table.transact(writes, token="t1")

    assert await table.get(KEY) == item(version=2)


async def test_guarded_increments_lose_nothing_when_64_run_at_once(table: Table) -> None:
    await table.transact([Put(item(version=0))], token="start")

    async def increment(writer: int) -> None:
        attempt = 0
        while True:
            found = await table.get(KEY)
            assert found is not None
            version = found.attributes["version"]
            assert isinstance(version, int)
            entry = Item(Key(KEY.pk, f"JOURNAL#{version + 1:04}"), {"writer": writer})
            state = Put(item(version=version + 1), (Equals("version", version),))
            attempt += 1
            try:
                await table.transact([state, Put(entry, (Absent(),))], token=f"{writer}.{attempt}")
            except (ConditionFailedError, TableUnavailableError):
                continue
            return

    await asyncio.gather(*map(increment, range(64)))

    assert await table.get(KEY) == item(version=64)
    journal = await table.query(KEY.pk, low="JOURNAL#", high="JOURNAL#~")
    assert {entry.attributes["writer"] for entry in journal.items} == set(range(64))


async def test_a_snapshot_sees_no_transaction_by_half(table: Table) -> None:
    await table.transact([Put(item(cash=100)), Put(item(OTHER, cash=0))], token="start")
    done = False

    async def move() -> None:
        nonlocal done
        for moved in range(1, 60):
            writes = [Put(item(cash=100 - moved)), Put(item(OTHER, cash=moved))]
            await table.transact(writes, token=f"t{moved}")
        done = True

    async def watch() -> None:
        while not done:
            seen = await table.snapshot([KEY, OTHER])
            cash = [seen[key].attributes["cash"] for key in (KEY, OTHER)]
            assert sum(part for part in cash if isinstance(part, int)) == 100
            await asyncio.sleep(0)

    await asyncio.gather(move(), watch(), watch())
