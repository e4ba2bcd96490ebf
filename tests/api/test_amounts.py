"""Amounts that are none, too fine, too large or not above zero: said clearly, and nothing done."""

import json
import logging
from typing import Any

import pytest

from tests.api.world import Answer, Session, World

LONG = "9" * 10_000

NO_NUMBERS: dict[str, Any] = {
    "exponent": "1e9999",
    "small exponent": "1E2",
    "NaN": "NaN",
    "infinity": "Infinity",
    "minus infinity": "-inf",
    "empty": "",
    "space": " ",
    "leading space": " 1",
    "trailing space": "1 ",
    "trailing line": "1\n",
    "plus": "+1",
    "no fraction": "1.",
    "no whole": ".5",
    "two points": "1.2.3",
    "comma": "1,5",
    "underscore": "1_000",
    "hexadecimal": "0x10",
    "two signs": "--1",
    "10,000 digits": LONG,
    "10,000 decimals": f"0.{LONG}",
    "65 digits": "9" * 65,
    "Arabic digits": "١٢",
    "full-width digits": "１２",  # noqa: RUF001
    "NUL": "1\x00",
    "float": 1.5,
    "whole float": 1.0,
    "boolean": True,
    "huge integer": 10**4_000,
    "list": ["1"],
    "object": {"value": "1"},
}

OUT_OF_RANGE = ["0", "-0", "0.00", "-1", "-0.01", "9" * 64, 0, -1]

OPERATIONS = {
    "deposit": "mutation%s { deposit(input: {amount: %s}) { errors { code path message } } }",
    "withdraw": "mutation%s { withdraw(input: {amount: %s}) { errors { code path message } } }",
    "notional": """mutation%s {
      placeOrder(input: {assetId: "BTC", side: BUY, notional: %s}) { errors { code path message } }
    }""",
    "quantity": """query%s {
      previewOrder(input: {assetId: "BTC", side: BUY, quantity: %s}) {
        errors { code path message }
      }
    }""",
}


def literal(value: Any) -> str:
    """Return a value as it is written in a document."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(part)}" for name, part in value.items()) + "}"
    if isinstance(value, int) and not isinstance(value, bool) and value > 10**100:
        return "1" + "0" * 4_000
    return json.dumps(value)


@pytest.fixture
async def alice(world: World) -> Session:
    return await world.trader("100")


async def both_ways(world: World, session: Session, operation: str, value: Any) -> list[Answer]:
    """Send a value as a variable and as a literal."""
    text = OPERATIONS[operation]
    return [
        await world.run(text % ("($n: Decimal!)", "$n"), {"n": value}, as_=session),
        await world.run(text % ("", literal(value)), as_=session),
    ]


@pytest.mark.parametrize("name", NO_NUMBERS)
async def test_what_is_no_number_is_a_request_error(
    world: World, alice: Session, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = world.stored()
    for operation in OPERATIONS:
        for answer in await both_ways(world, alice, operation, NO_NUMBERS[name]):
            assert answer.data is None
            assert answer.codes == ["BAD_USER_INPUT"]
            assert len(answer.message) < 300
    assert world.stored() == before
    assert caplog.records == []


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_number_out_of_range_is_refused_at_its_field(
    world: World, alice: Session, operation: str
) -> None:
    field = operation if operation in ("notional", "quantity") else "amount"
    too_fine = "0.000000001" if operation == "quantity" else "0.001"
    before = world.stored()
    for value in (*OUT_OF_RANGE, too_fine):
        for answer in await both_ways(world, alice, operation, value):
            assert answer.errors == []
            (payload,) = answer.data.values()
            (error,) = payload["errors"]
            assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", field])
            assert len(error["message"]) < 300
    assert world.stored() == before


async def test_a_deposit_has_a_bound_of_its_own(world: World, alice: Session) -> None:
    for answer in await both_ways(world, alice, "deposit", "1000000.01"):
        (error,) = answer["deposit"]["errors"]
        assert error["message"] == "$1000000.01 was given; at most $1000000.00 is allowed."


@pytest.mark.parametrize("value", ["1.000", "1", "01", "1.00000000000000000000", 1])
async def test_a_number_may_be_written_in_more_than_one_way(
    world: World, alice: Session, value: Any
) -> None:
    await world.tick({"BTC": "1"})
    for operation in OPERATIONS:
        for answer in await both_ways(world, alice, operation, value):
            (payload,) = answer.data.values()
            assert payload["errors"] == []


async def test_a_null_amount_is_a_request_error(world: World, alice: Session) -> None:
    text = OPERATIONS["deposit"]
    answer = await world.run(text % ("($n: Decimal!)", "$n"), {"n": None}, as_=alice)
    assert answer.codes == ["BAD_USER_INPUT"]
    answer = await world.run(text % ("", "null"), as_=alice)
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]
