"""The account: what it holds, money in and out, and the day's allowances."""

from typing import Any

import pytest

from domain.money import Money
from domain.rules import TradingRules
from tests.api.world import Session, World, opened

ACCOUNT = """
{
  account {
    id version cash availableCash heldCash createdAt
    depositAllowance { limit used remaining resetsAt }
    withdrawalAllowance { limit used remaining resetsAt }
  }
}"""
MOVE = """
mutation ($amount: Decimal!, $key: String) {
  OPERATION(input: {amount: $amount, idempotencyKey: $key}) {
    transaction {
      id version kind cashChange cashAfter heldCashAfter at
      legs { account unit amount }
      asset { id } quantityChange quantityAfter order { id } orderStatus
    }
    account { id version cash availableCash heldCash depositAllowance { remaining } }
    replayed
    errors {
      __typename code message path
      ... on InsufficientFundsError { unit required available }
      ... on LimitExceededError { unit limit used remaining resetsAt }
    }
  }
}"""


async def move(world: World, operation: str, amount: str, session: Session | None) -> Any:
    return await world.run(MOVE.replace("OPERATION", operation), {"amount": amount}, as_=session)


async def test_an_account_is_its_owners(world: World) -> None:
    alice, bob = await world.trader("12.34"), await world.register("bobby_02")
    account = (await world.run(ACCOUNT, as_=alice))["account"]
    assert account == {
        "id": alice.account_id,
        "version": 1,
        "cash": "12.34",
        "availableCash": "12.34",
        "heldCash": "0.00",
        "createdAt": "2026-03-01T12:00:00.000Z",
        "depositAllowance": {
            "limit": "10000.00",
            "used": "12.34",
            "remaining": "9987.66",
            "resetsAt": "2026-03-02T00:00:00.000Z",
        },
        "withdrawalAllowance": {
            "limit": "5000.00",
            "used": "0.00",
            "remaining": "5000.00",
            "resetsAt": "2026-03-02T00:00:00.000Z",
        },
    }
    other = (await world.run(ACCOUNT, as_=bob))["account"]
    assert (other["id"], other["cash"]) == (bob.account_id, "0.00")


async def test_a_stranger_has_no_account(world: World) -> None:
    answer = await world.run(ACCOUNT)
    assert answer.data == {"account": None}
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_a_deposit_answers_with_entry_and_account_of_one_version(world: World) -> None:
    alice = await world.register()
    payload = (await move(world, "deposit", "100.50", alice))["deposit"]
    owner = alice.account_id.removeprefix("acc_")
    assert payload == {
        "transaction": {
            "id": f"txn_{owner}_1",
            "version": 1,
            "kind": "DEPOSIT",
            "cashChange": "100.50",
            "cashAfter": "100.50",
            "heldCashAfter": "0.00",
            "at": "2026-03-01T12:00:00.000Z",
            "legs": [
                {"account": "USER_AVAILABLE", "unit": "USD", "amount": "100.50"},
                {"account": "BANK", "unit": "USD", "amount": "-100.50"},
            ],
            "asset": None,
            "quantityChange": None,
            "quantityAfter": None,
            "order": None,
            "orderStatus": None,
        },
        "account": {
            "id": alice.account_id,
            "version": 1,
            "cash": "100.50",
            "availableCash": "100.50",
            "heldCash": "0.00",
            "depositAllowance": {"remaining": "9899.50"},
        },
        "replayed": False,
        "errors": [],
    }


async def test_a_withdrawal_answers_with_entry_and_account_of_one_version(world: World) -> None:
    alice = await world.trader("100")
    payload = (await move(world, "withdraw", "40.01", alice))["withdraw"]
    entry, account = payload["transaction"], payload["account"]
    assert (entry["version"], entry["kind"]) == (2, "WITHDRAWAL")
    assert (entry["cashChange"], entry["cashAfter"]) == ("-40.01", "59.99")
    assert (account["version"], account["cash"]) == (2, "59.99")
    assert payload["errors"] == []


@pytest.mark.parametrize("operation", ["deposit", "withdraw"])
async def test_a_stranger_moves_nothing(world: World, operation: str) -> None:
    before = world.stored()
    answer = await move(world, operation, "1", None)
    assert answer.data == {operation: None}
    assert answer.codes == ["UNAUTHENTICATED"]
    assert world.stored() == before


async def test_what_is_not_there_can_not_be_withdrawn(world: World) -> None:
    alice = await world.trader("100")
    before = world.stored()
    payload = (await move(world, "withdraw", "100.01", alice))["withdraw"]
    assert payload["transaction"] is None
    assert (payload["account"]["version"], payload["account"]["cash"]) == (1, "100.00")
    assert payload["errors"] == [
        {
            "__typename": "InsufficientFundsError",
            "code": "INSUFFICIENT_FUNDS",
            "message": "$100.01 was asked for; $100.00 is available.",
            "path": ["input", "amount"],
            "unit": "USD",
            "required": "100.01",
            "available": "100.00",
        }
    ]
    assert world.stored() == before


async def test_a_day_has_its_allowance_and_the_next_day_another(world: World) -> None:
    alice = await world.trader("9999.99")
    refused = (await move(world, "deposit", "0.02", alice))["deposit"]
    assert refused["errors"] == [
        {
            "__typename": "LimitExceededError",
            "code": "DAILY_LIMIT_EXCEEDED",
            "message": "$0.02 was asked for; of $10000.00 a day, $9999.99 is deposited already, so "
            "$0.01 is left until 00:00 UTC.",
            "path": ["input", "amount"],
            "unit": "USD",
            "limit": "10000.00",
            "used": "9999.99",
            "remaining": "0.01",
            "resetsAt": "2026-03-02T00:00:00.000Z",
        }
    ]
    alice = await world.later(alice, 12 * 3600)
    taken = (await move(world, "deposit", "0.02", alice))["deposit"]
    assert taken["account"]["depositAllowance"] == {"remaining": "9999.98"}


async def test_withdrawals_have_an_allowance_of_their_own() -> None:
    rules = TradingRules(daily_withdrawal_limit=Money(50_00))
    async with opened(rules=rules) as world:
        alice = await world.trader("100")
        assert (await move(world, "withdraw", "50", alice))["withdraw"]["errors"] == []
        refused = (await move(world, "withdraw", "0.01", alice))["withdraw"]
        (error,) = refused["errors"]
        assert (error["code"], error["used"], error["remaining"]) == (
            "DAILY_LIMIT_EXCEEDED",
            "50.00",
            "0.00",
        )


async def test_an_account_that_is_gone_signs_its_user_out(world: World) -> None:
    alice = await world.register()
    for key in [key for key in world.stored() if key.sk == "STATE"]:
        del world.table._items[key]
    answer = await move(world, "deposit", "0", alice)
    assert answer.codes == ["UNAUTHENTICATED"]
    assert (await world.run(ACCOUNT, as_=alice))["account"] is None
