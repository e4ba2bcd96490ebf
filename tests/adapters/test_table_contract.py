"""What every engine promises about single items, conditions, scanning and closing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from enum import IntEnum, StrEnum

import pytest

from adapters.table import (
    Absent,
    AtMost,
    Check,
    Condition,
    ConditionFailedError,
    Delete,
    Equals,
    Item,
    Key,
    Present,
    Put,
    Table,
    TableRefusedError,
    TableUnavailableError,
    Update,
    Value,
)

KEY = Key("ACCOUNT#1", "STATE")
OTHER = Key("ACCOUNT#1", "STATE#BTC")
ABSENT = Key("ACCOUNT#1", "STATE#ETH")


def item(key: Key = KEY, **attributes: Value) -> Item:
    return Item(key, attributes)


async def collect(items: AsyncIterator[Item]) -> list[Item]:
    return [item async for item in items]


async def test_an_item_reads_as_it_was_put(table: Table) -> None:
    put = Item(KEY, {"cash": 1000, "name": "Ann"}, "a", "b", 1_900_000_000)
    await table.transact([Put(put)], token="t1")

    assert await table.get(KEY) == put
    assert await table.get(KEY, strong=False) == put


async def test_a_put_replaces_the_whole_item(table: Table) -> None:
    await table.transact([Put(Item(KEY, {"a": 1, "b": 2}, "x", "y", 1_900_000_000))], token="t1")
    await table.transact([Put(item(a=3))], token="t2")

    assert await table.get(KEY) == item(a=3)


async def test_an_absent_item_reads_as_none(table: Table) -> None:
    assert await table.get(ABSENT) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "text",
        "恭喜发财 ñ 🧧",
        "n123",
        '"quoted" \\ \n\t\x01',
        0,
        -1,
        2**63,
        -(2**64),
        10**38 - 1,
        -(10**38 - 1),
        10**37,
        b"",
        bytes(range(256)),
        True,
        False,
        None,
        [],
        {},
        [1, "1", b"1", True, None, [10**30, []], {"deep": {"er": [-5]}}],
        {"name": "", "legs": [{"unit": "USD", "amount": 2**70}]},
    ],
    ids=lambda value: repr(value)[:24],
)
async def test_every_kind_of_value_comes_back_with_its_type(table: Table, value: Value) -> None:
    await table.transact([Put(item(value=value))], token="t1")

    found = await table.get(KEY)

    assert found is not None
    assert found.attributes["value"] == value
    assert type(found.attributes["value"]) is type(value)


class Kind(StrEnum):
    BUY = "BUY"


class Count(IntEnum):
    ONE = 1


async def test_members_of_enumerations_come_back_as_plain_values(table: Table) -> None:
    await table.transact([Put(item(kind=Kind.BUY, one=Count.ONE, both=(Kind.BUY,)))], token="t1")

    found = await table.get(KEY)

    assert found == item(kind="BUY", one=1, both=["BUY"])
    assert type(found.attributes["kind"]) is str
    assert type(found.attributes["one"]) is int


async def test_keys_and_names_may_be_any_unicode(table: Table) -> None:
    odd = Item(Key("CLAIM#恭喜", "é#🧧"), {"naïve name": 1, "#a0": 2, ":now": 3, "size": 4})
    await table.transact([Put(odd)], token="t1")
    await table.transact([Update(odd.key, {"naïve name": 5}, (Equals("size", 4),))], token="t2")

    found = await table.get(odd.key)

    assert found == replace(odd, attributes={**odd.attributes, "naïve name": 5})


async def test_many_items_are_read_at_once_and_absent_ones_left_out(table: Table) -> None:
    items = {Key("MANY", f"{n:03}"): Item(Key("MANY", f"{n:03}"), {"n": n}) for n in range(230)}
    puts = [Put(item) for item in items.values()]
    for start in range(0, len(puts), 100):
        await table.transact(puts[start : start + 100], token=f"t{start}")

    assert await table.get_many([*items, ABSENT, *items]) == items
    assert await table.get_many([]) == {}
    assert await table.snapshot([*list(items)[:99], ABSENT]) == dict(list(items.items())[:99])
    assert await table.snapshot([]) == {}


LIVE: dict[str, Value] = {"version": 7, "name": "Ann", "raw": b"\x00", "open": True, "gone": None}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Absent(), False),
        (Present(), True),
        (Equals("version", 7), True),
        (Equals("version", 8), False),
        (Equals("version", "7"), False),
        (Equals("name", "Ann"), True),
        (Equals("name", "ann"), False),
        (Equals("raw", b"\x00"), True),
        (Equals("raw", b""), False),
        (Equals("open", value=True), True),
        (Equals("open", value=False), False),
        (Equals("open", 1), False),
        (Equals("gone", None), True),
        (Equals("name", None), False),
        (Equals("missing", None), False),
        (AtMost("version", 7), True),
        (AtMost("version", 10**37), True),
        (AtMost("version", 6), False),
        (AtMost("name", 7), False),
        (AtMost("missing", 7), False),
    ],
    ids=repr,
)
async def test_a_condition_on_a_live_item_decides(
    table: Table, condition: Condition, *, holds: bool
) -> None:
    await table.transact([Put(Item(KEY, LIVE)), Put(item(OTHER))], token="t1")
    writes: Sequence[Put | Update | Delete | Check] = [
        Check(KEY, (condition,)),
        Put(item(KEY, new=1), (condition,)),
        Update(KEY, {"version": 7}, (condition,)),
        Delete(KEY, (condition,)),
    ]
    for number, write in enumerate(writes):
        with_it = Put(item(OTHER, number=number))
        if holds:
            await table.transact([write, with_it], token=f"c{number}")
            assert await table.get(OTHER) == item(OTHER, number=number)
        else:
            with pytest.raises(ConditionFailedError) as failure:
                await table.transact([write, with_it], token=f"c{number}")
            assert failure.value.keys == {KEY}
            assert await table.get(OTHER) == item(OTHER)
        await table.transact([Put(Item(KEY, LIVE))], token=f"r{number}")


@pytest.mark.parametrize("condition", [Present(), Equals("version", 7), AtMost("version", 7)])
async def test_on_an_absent_item_only_absence_holds(table: Table, condition: Condition) -> None:
    await table.transact([Check(KEY, (Absent(),))], token="t1")
    with pytest.raises(ConditionFailedError):
        await table.transact([Put(item(version=7), (condition,))], token="t2")

    assert await table.get(KEY) is None


async def test_all_conditions_of_a_write_must_hold(table: Table) -> None:
    await table.transact([Put(item(version=7, epoch=1))], token="t1")
    both = (Equals("version", 7), Equals("epoch", 2))
    with pytest.raises(ConditionFailedError):
        await table.transact([Put(item(version=8), both)], token="t2")

    await table.transact(
        [Put(item(version=8), (Equals("version", 7), Equals("epoch", 1)))], token="t3"
    )
    assert await table.get(KEY) == item(version=8)


async def test_scan_yields_every_item_of_the_partitions_with_the_prefix(table: Table) -> None:
    big = "x" * 20_000  # DynamoDB answers a megabyte at a time
    wanted = [Item(Key(f"ACCOUNT#{n % 7}", f"{n:03}"), {"big": big}) for n in range(120)]
    others = [item(Key("ACCOUNT", "1")), item(Key("ACCOUNTS", "1")), item(Key("USER#1", "1"))]
    puts = [Put(item) for item in [*wanted, *others]]
    for start in range(0, len(puts), 50):
        await table.transact(puts[start : start + 50], token=f"t{start}")

    found = await collect(table.scan("ACCOUNT#"))

    assert sorted(found, key=lambda item: item.key.sk) == wanted
    assert len(await collect(table.scan(""))) == len(puts)
    assert await collect(table.scan("NOTHING")) == []


async def test_closing_twice_is_allowed_and_then_nothing_works(table: Table) -> None:
    await table.close()
    await asyncio.gather(table.close(), table.close())

    with pytest.raises(TableUnavailableError):
        await table.get(KEY)
    with pytest.raises(TableUnavailableError):
        await table.snapshot([KEY])
    with pytest.raises(TableUnavailableError):
        await table.transact([Put(item())], token="t1")


async def test_closing_finishes_what_was_accepted(table: Table) -> None:
    accepted = [
        asyncio.create_task(table.transact([Put(item(Key("A", f"{n}")))], token=f"t{n}"))
        for n in range(20)
    ]
    await asyncio.sleep(0)
    await table.close()

    assert await asyncio.gather(*accepted) == [None] * 20


async def test_a_read_only_mistake_is_named(table: Table) -> None:
    with pytest.raises(TableRefusedError, match="without a condition"):
        await table.transact([Check(KEY, ())], token="t1")
