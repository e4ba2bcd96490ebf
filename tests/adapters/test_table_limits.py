"""Every engine refuses what DynamoDB would, and takes all that is within its limits."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from adapters.item_size import item_bytes
from adapters.table import (
    ACTIONS_MAX,
    ITEM_BYTES_MAX,
    AtMost,
    Check,
    Delete,
    Equals,
    Index,
    Item,
    Key,
    Position,
    Present,
    Put,
    Table,
    TableRefusedError,
    Update,
    Value,
    Write,
)

KEY = Key("A", "B")


def item(value: object, key: Key = KEY) -> Item:
    return Item(key, {"value": cast("Value", value)})


def filled(total_bytes: int, index_1: str | None = None) -> Item:
    """Return an item of exactly this size."""
    for filler in range(total_bytes, 0, -1):
        candidate = Item(KEY, {"f": "x" * filler}, index_1)
        if item_bytes(candidate) <= total_bytes:
            return candidate
    raise AssertionError(total_bytes)


def nested(levels: int) -> Value:
    value: Value = "core"
    for _ in range(levels):
        value = [value]
    return value


def many(count: int) -> list[Write]:
    return [Put(item(number, Key("A", f"{number}"))) for number in range(count)]


REFUSED: dict[str, Sequence[Write]] = {
    "no action": [],
    "over 100 actions": many(ACTIONS_MAX + 1),
    "one item twice": [Put(item(1)), Delete(KEY)],
    "a check without a condition": [Check(KEY, ())],
    "an empty pk": [Put(item(1, Key("", "B")))],
    "an empty sk": [Delete(Key("A", ""))],
    "a long pk": [Put(item(1, Key("é" * 1025, "B")))],
    "a long sk": [Check(Key("A", "x" * 1025))],
    "an empty index value": [Put(Item(KEY, {}, ""))],
    "a long index value": [Put(Item(KEY, {}, None, "x" * 1023))],
    "a NUL in an index value": [Put(Item(KEY, {}, "a\0b"))],
    "an expiry before time began": [Put(Item(KEY, {}, expires_at_s=-1))],
    "39 digits": [Put(item(10**38))],
    "39 digits in a condition": [Check(KEY, (AtMost("value", 10**38),))],
    "39 digits in an update": [Update(KEY, {"value": -(10**38)})],
    "a float": [Put(item(1.5))],
    "a float within": [Put(item({"a": [1.5]}))],
    "a set": [Put(item({1, 2}))],
    "a bytearray": [Put(item(bytearray(b"x")))],
    "a map with a number for a key": [Put(item({1: 2}))],
    "a map with an empty key": [Put(item({"": 2}))],
    "33 levels": [Put(item(nested(33)))],
    "a lone surrogate": [Put(item("\ud800"))],
    "a lone surrogate in a key": [Put(item(1, Key("A", "\ud800")))],
    "a reserved name": [Put(Item(KEY, {"pk": 1}))],
    "a reserved name in an update": [Update(KEY, {"expires_at": 1})],
    "a reserved name in a condition": [Check(KEY, (Equals("index_1", "x"),))],
    "an empty name": [Put(Item(KEY, {"": 1}))],
    "an item over 400 KB": [Put(item("x" * ITEM_BYTES_MAX))],
    "an item that is over 400 KB with its index": [Put(filled(ITEM_BYTES_MAX + 2, "i"))],
    "items over 4 MB": [Put(item("x" * 200_000, Key("A", f"{n}"))) for n in range(21)],
}


@pytest.mark.parametrize("writes", REFUSED.values(), ids=REFUSED)
async def test_it_is_refused_and_nothing_written(
    sqlite_table: Table, writes: Sequence[Write]
) -> None:
    # The check is one function for all engines; that they call it shows below.
    with pytest.raises(TableRefusedError):
        await sqlite_table.transact(writes, token="t1")

    assert [item async for item in sqlite_table.scan("")] == []


async def test_all_engines_refuse_alike(table: Table) -> None:
    for writes in REFUSED.values():
        with pytest.raises(TableRefusedError):
            await table.transact(writes, token="t1")
    assert [item async for item in table.scan("")] == []


@pytest.mark.parametrize("token", ["", "x" * 37])
async def test_a_token_has_1_to_36_characters(table: Table, token: str) -> None:
    with pytest.raises(TableRefusedError, match="token"):
        await table.transact([Put(item(1))], token=token)


async def test_what_is_just_within_the_limits_is_taken(table: Table) -> None:
    await table.transact(many(ACTIONS_MAX), token="x" * 36)
    for number, whole in enumerate([filled(ITEM_BYTES_MAX), filled(ITEM_BYTES_MAX, "i")]):
        await table.transact([Put(whole)], token=f"t{number}")
        assert await table.get(KEY) == whole
    odd = Item(Key("é" * 1024, "x" * 1024), {"value": nested(31)}, expires_at_s=2**40)
    await table.transact([Put(odd)], token="odd")
    assert await table.get(odd.key) == odd
    placed = Item(Key("A", "é"), {}, "x" * 1021, "é" * 510)
    await table.transact([Put(placed)], token="placed")
    assert (await table.query("A", index=Index.LOCAL_1, low="x")).items == (placed,)


async def test_an_update_may_not_make_an_item_too_large(table: Table) -> None:
    start = item("x" * 300_000)
    await table.transact([Put(start)], token="t1")
    with pytest.raises(TableRefusedError):
        await table.transact([Update(KEY, {"more": "y" * 200_000})], token="t2")
    await table.transact([Update(KEY, {"more": "y" * 50_000})], token="t3")

    found = await table.get(KEY)
    assert found is not None
    assert len(found.attributes) == 2


async def test_reads_refuse_keys_that_no_item_has(table: Table) -> None:
    wrong = Key("", "B")
    for read in (table.get(wrong), table.get_many([wrong]), table.snapshot([wrong])):
        with pytest.raises(TableRefusedError, match="pk"):
            await read
    with pytest.raises(TableRefusedError, match="pk"):
        await table.query("")
    with pytest.raises(TableRefusedError, match="sk"):
        await table.query("A", low="x" * 1025)
    with pytest.raises(TableRefusedError, match="NUL"):
        await table.query("A", index=Index.LOCAL_1, after=Position("\0", "B"))
    with pytest.raises(TableRefusedError, match="101"):
        await table.snapshot([Key("A", f"{number}") for number in range(101)])


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ({}, 6),
        ({"ab": "é"}, 6 + 2 + 2),
        ({"a": True, "b": None}, 6 + 2 + 2),
        ({"a": b"123"}, 6 + 1 + 3),
        ({"a": []}, 6 + 1 + 3),
        ({"a": ["x", {}]}, 6 + 1 + 3 + 1 + 1 + 1 + 3),
        ({"a": {"bc": "x"}}, 6 + 1 + 3 + 1 + 2 + 1),
    ],
)
def test_an_item_has_the_size_that_dynamodb_counts(attributes: dict[str, Any], size: int) -> None:
    assert item_bytes(Item(KEY, attributes)) == size


@pytest.mark.parametrize("digits", range(1, 39))
def test_a_number_counts_no_less_than_half_its_digits_and_one(digits: int) -> None:
    for number in (10 ** (digits - 1), 10**digits - 1, -(10**digits - 1)):
        counted = item_bytes(Item(KEY, {"n": number})) - item_bytes(Item(KEY, {"n": ""}))
        exact = (digits + 1) // 2 + 1 + (number < 0)
        assert exact <= counted <= exact + 3


def test_a_condition_names_its_kind() -> None:
    assert Check(KEY).when == (Present(),)
