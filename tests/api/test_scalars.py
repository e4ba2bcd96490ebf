"""Scalars: what is read, and that nothing inexact or undescribed is ever written."""

from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from schema.descriptions import described_enum
from schema.scalars import Decimal as DecimalScalar
from schema.scalars import scalar_map
from tests.api.world import REGISTER, World

TYPED = {
    "username": "alice_01",
    "email": "alice@example.com",
    "password": "Correct-Horse-7",
    "firstName": "Alice",
    "lastName": "Liddell",
}


@pytest.mark.parametrize(
    "day",
    ["", "x", "2000-02-30", "2000-1-1", "2000-01-01T00:00:00Z", "２000-01-01", 20000101, True],  # noqa: RUF001
)
async def test_what_is_no_day_is_a_request_error(world: World, day: Any) -> None:
    before = world.stored()
    answer = await world.run(REGISTER, {"input": TYPED | {"dateOfBirth": day}})
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])
    assert 'is no calendar day; write it as "2026-01-31".' in answer.message
    assert world.stored() == before


async def test_a_day_is_read_from_literals_too(world: World) -> None:
    text = "mutation { updateProfile(input: {dateOfBirth: %s}) { user { dateOfBirth } } }"
    alice = await world.register()
    answer = await world.run(text % '"2000-02-29"', as_=alice)
    assert answer["updateProfile"] == {"user": {"dateOfBirth": "2000-02-29"}}
    assert (await world.run(text % "20000229", as_=alice)).codes == ["BAD_USER_INPUT"]


SINCE = """
query ($from: DateTime) { transactions(filter: {from: $from}) { nodes { version } } }"""


@pytest.mark.parametrize(
    "instant",
    [
        "",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-03-01 12:00:00Z",
        "2026-03-01T12:00:00 Z",
        "2026-03-01t12:00:00z",
        "2026-02-30T12:00:00Z",
        "2026-03-01T25:00:00Z",
        "2026-03-01T12:00:61Z",
        "2026-03-01T12:00:00+25:00",
        "2026-03-01T12:00:00.Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "２026-03-01T12:00:00Z",  # noqa: RUF001
        "2026-03-01T12:00:00Z\n",
        1_772_366_400,
        True,
    ],
)
async def test_what_is_no_instant_is_a_request_error(world: World, instant: Any) -> None:
    alice = await world.trader("1")
    answer = await world.run(SINCE, {"from": instant}, as_=alice)
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])
    assert "is no instant: ISO 8601 with an offset is allowed" in answer.message


@pytest.mark.parametrize(
    ("instant", "is_found"),
    [
        ("2026-03-01T12:00:00Z", True),
        ("2026-03-01T12:00Z", True),
        ("2026-03-01T14:00:00.000+02:00", True),
        ("2026-03-01T12:00:00.000999999Z", True),
        ("2026-03-01T12:00:00.001Z", False),
        ("2026-03-01T12:00:00-00:01", False),
    ],
)
async def test_an_instant_is_read_in_any_offset_and_cut_to_the_millisecond(
    world: World, instant: str, *, is_found: bool
) -> None:
    alice = await world.trader("1")
    found = (await world.run(SINCE, {"from": instant}, as_=alice))["transactions"]["nodes"]
    assert found == ([{"version": 1}] if is_found else [])


async def test_a_json_float_is_told_to_be_one(world: World) -> None:
    text = "query ($i: OrderInput!) { previewOrder(input: $i) { errors { code } } }"
    typed = {"assetId": "BTC", "side": "BUY", "quantity": 1.5}
    answer = await world.run(text, {"i": typed}, as_=await world.register())
    assert "1.5 is a JSON float, which is not exact; send it as a string." in answer.message


@pytest.mark.parametrize("value", [1.5, 1, "1", Decimal("1.5"), None])
def test_only_exact_amounts_are_ever_written(value: object) -> None:
    serialize = scalar_map()[DecimalScalar].serialize
    assert serialize is not None
    with pytest.raises(TypeError, match="is no exact amount"):
        serialize(value)


def test_an_enumeration_needs_a_description_for_each_value_and_no_other() -> None:
    class Colour(Enum):
        RED = "RED"

    for values in ({}, {"RED": "Red.", "BLUE": "Blue."}):
        with pytest.raises(ValueError, match=r"Colour has the values \['RED'\]"):
            described_enum(Colour, "A colour.", values)
