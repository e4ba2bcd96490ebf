"""One key, one effect: what a key brings when it comes again."""

import asyncio
from typing import Any

import pytest

from tests.api.world import GREETING, Session, World

FIELDS = """
    transaction {
      id version kind cashChange cashAfter heldCashAfter quantityChange quantityAfter at
      legs { account unit amount }
    }
    account { version cash }
    replayed
    errors {
      __typename code message path
      ... on InsufficientFundsError { unit required available }
      ... on LimitExceededError { unit limit used remaining resetsAt }
    }
"""
OPERATIONS = {
    "deposit": ("DepositInput", {"amount": "5"}),
    "withdraw": ("WithdrawInput", {"amount": "5"}),
    "placeOrder": ("OrderInput", {"assetId": "BTC", "side": "BUY", "quantity": "0.01"}),
    "claimCnyReward": ("ClaimCnyRewardInput", {"phrase": GREETING}),
    "resetAccount": ("ResetAccountInput", {}),
}


async def do(
    world: World, session: Session, operation: str, key: str | None, **changes: Any
) -> Any:
    kind, typed = OPERATIONS[operation]
    text = f"mutation ($input: {kind}!) {{ {operation}(input: $input) {{ {FIELDS} }} }}"
    wish = {**typed, **changes, "idempotencyKey": key}
    return (await world.run(text, {"input": wish}, as_=session))[operation]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_the_same_key_has_no_second_effect(world: World, operation: str) -> None:
    alice = await world.trader("1000")
    first = await do(world, alice, operation, "key-1")
    world.clock.advance(60)
    before = world.stored()

    again = await do(world, alice, operation, "key-1")

    assert first["errors"] == []
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again == first | {"replayed": True}
    assert world.stored() == before


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_without_a_key_each_call_counts(world: World, operation: str) -> None:
    alice = await world.trader("1000")
    first = await do(world, alice, operation, None)
    again = await do(world, alice, operation, None)
    assert not again["replayed"]
    assert again["account"]["version"] + len(again["errors"]) == first["account"]["version"] + 1


async def test_the_entry_is_the_first_one_and_the_account_is_of_now(world: World) -> None:
    alice = await world.trader("1000")
    first = await do(world, alice, "placeOrder", "k")
    await do(world, alice, "deposit", None)
    again = await do(world, alice, "placeOrder", "k")
    assert again["transaction"] == first["transaction"]
    assert (first["account"]["version"], again["account"]["version"]) == (2, 3)


async def test_a_replayed_order_shows_order_and_position_as_they_are_now(world: World) -> None:
    alice = await world.trader("10000")
    text = """
    mutation ($side: OrderSide!, $key: String) {
      placeOrder(input: {assetId: "BTC", side: $side, quantity: "0.1", idempotencyKey: $key}) {
        order { id status fill { total } } position { quantity } replayed
      }
    }"""
    bought = (await world.run(text, {"side": "BUY", "key": "b"}, as_=alice))["placeOrder"]
    await world.run(text, {"side": "SELL"}, as_=alice)
    again = (await world.run(text, {"side": "BUY", "key": "b"}, as_=alice))["placeOrder"]
    assert again["order"] == bought["order"]
    assert (again["position"], again["replayed"]) == ({"quantity": "0"}, True)


async def test_a_refusal_is_remembered_word_for_word(world: World) -> None:
    alice = await world.trader("10")
    first = await do(world, alice, "withdraw", "k", amount="11")
    await do(world, alice, "deposit", None, amount="100")
    again = await do(world, alice, "withdraw", "k", amount="11")
    assert first["errors"][0]["available"] == "10.00"
    assert again["errors"] == first["errors"]
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["transaction"] is None
    assert again["account"]["cash"] == "110.00"


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("placeOrder", {"quantity": "5"}),
        ("placeOrder", {"assetId": "NOPE"}),
        ("deposit", {"amount": "999999"}),
    ],
)
async def test_refusals_by_rule_are_remembered(
    world: World, operation: str, changes: dict[str, str]
) -> None:
    alice = await world.trader("10")
    first = await do(world, alice, operation, "k", **changes)
    again = await do(world, alice, operation, "k", **changes)
    assert first["errors"] != []
    assert again == first | {"replayed": True}


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("deposit", {"amount": "6"}),
        ("withdraw", {}),
        ("resetAccount", {}),
        ("claimCnyReward", {}),
        ("placeOrder", {}),
    ],
)
async def test_a_key_that_was_used_for_something_else_is_refused(
    world: World, operation: str, changes: dict[str, str]
) -> None:
    alice = await world.register()
    await do(world, alice, "deposit", "k")
    before = world.stored()
    payload = await do(world, alice, operation, "k", **changes)
    assert payload["transaction"] is None
    assert payload["replayed"] is False
    (error,) = payload["errors"]
    assert (error["code"], error["path"]) == ("IDEMPOTENCY_MISMATCH", ["input", "idempotencyKey"])
    assert world.stored() == before


async def test_input_is_compared_by_value(world: World) -> None:
    alice = await world.trader("1000")
    await do(world, alice, "deposit", "a", amount="10")
    assert (await do(world, alice, "deposit", "a", amount="10.00"))["replayed"]
    await do(world, alice, "placeOrder", "b", quantity="0.01")
    again = await do(world, alice, "placeOrder", "b", quantity="0.0100", assetId="btc")
    assert again["replayed"]
    assert again["errors"] == []


async def test_what_was_invalid_may_be_sent_again_corrected(world: World) -> None:
    alice = await world.register()
    bad = await do(world, alice, "deposit", "k", amount="0")
    assert bad["errors"][0]["code"] == "INVALID_INPUT"
    good = await do(world, alice, "deposit", "k", amount="1")
    assert (good["errors"], good["replayed"]) == ([], False)


async def test_a_key_is_each_accounts_own(world: World) -> None:
    alice, bob = await world.register(), await world.register("bobby_02")
    await do(world, alice, "deposit", "k")
    assert (await do(world, bob, "deposit", "k", amount="6"))["errors"] == []


async def test_a_key_is_forgotten_after_seven_days(world: World) -> None:
    alice = await world.trader("10")
    await do(world, alice, "deposit", "k")
    alice = await world.later(alice, 7 * 24 * 3600 - 1)
    assert (await do(world, alice, "deposit", "k"))["replayed"]
    alice = await world.later(alice, 2)
    assert not (await do(world, alice, "deposit", "k"))["replayed"]


async def test_the_same_key_at_once_has_one_effect(world: World) -> None:
    alice = await world.register()
    payloads = await asyncio.gather(*(do(world, alice, "deposit", "k") for _ in range(20)))
    assert sorted(payload["replayed"] for payload in payloads) == [False] + [True] * 19
    assert {payload["account"]["cash"] for payload in payloads} == {"5.00"}
    assert len({payload["transaction"]["id"] for payload in payloads}) == 1


@pytest.mark.parametrize("key", ["k", "!", "~", "x" * 255, "#/\\\"'`$%"])
async def test_a_key_is_of_1_to_255_visible_characters(world: World, key: str) -> None:
    alice = await world.register()
    assert (await do(world, alice, "deposit", key))["errors"] == []
    assert (await do(world, alice, "deposit", key))["replayed"]


@pytest.mark.parametrize("key", ["", "x" * 256, " ", "a b", "a\n", "\x00", "\x7f", "é", "ключ"])
async def test_anything_else_is_no_key(world: World, key: str) -> None:
    alice = await world.register()
    before = world.stored()
    payload = await do(world, alice, "deposit", key, amount="0.001")
    assert [error["path"] for error in payload["errors"]] == [
        ["input", "amount"],
        ["input", "idempotencyKey"],
    ]
    assert {error["code"] for error in payload["errors"]} == {"INVALID_INPUT"}
    assert world.stored() == before
