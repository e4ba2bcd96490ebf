"""Resets: back to an empty account in one entry, with its history kept."""

from typing import Any

from tests.api.world import Session, World

RESET = """
mutation ($key: String) {
  resetAccount(input: {idempotencyKey: $key}) {
    transaction { version kind cashChange cashAfter legs { account unit amount } order { id } }
    account { version cash depositAllowance { used } }
    replayed
    errors { code path }
  }
}"""
STATE = """
{
  account { version cash }
  portfolio { totalValue realizedPnl dayChange positions { id } }
  transactions { nodes { kind } }
  orders { nodes { status } }
  asset(id: "BTC") { position { quantity } }
}"""


async def reset(world: World, session: Session | None, key: str | None = None) -> Any:
    return await world.run(RESET, {"key": key}, as_=session)


async def test_a_reset_closes_everything_out_in_one_entry(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "BTC", "0.1")
    await world.buy(alice, "ETH", "1")

    payload = (await reset(world, alice))["resetAccount"]

    assert payload["transaction"] == {
        "version": 4,
        "kind": "RESET",
        "cashChange": "-2500.00",
        "cashAfter": "0.00",
        "legs": [
            {"account": "USER_AVAILABLE", "unit": "USD", "amount": "-2500.00"},
            {"account": "BANK", "unit": "USD", "amount": "2500.00"},
            {"account": "USER_AVAILABLE", "unit": "BTC", "amount": "-0.1"},
            {"account": "MARKET", "unit": "BTC", "amount": "0.1"},
            {"account": "USER_AVAILABLE", "unit": "ETH", "amount": "-1"},
            {"account": "MARKET", "unit": "ETH", "amount": "1"},
        ],
        "order": None,
    }
    assert payload["account"] == {
        "version": 4,
        "cash": "0.00",
        "depositAllowance": {"used": "10000.00"},
    }
    state = await world.run(STATE, as_=alice)
    assert state["portfolio"] == {
        "totalValue": "0.00",
        "realizedPnl": "0.00",
        "dayChange": "0.00",
        "positions": [],
    }
    assert state["asset"] == {"position": None}
    assert [node["kind"] for node in state["transactions"]["nodes"]] == [
        "RESET",
        "ORDER_BUY",
        "ORDER_BUY",
        "DEPOSIT",
    ]
    assert len(state["orders"]["nodes"]) == 2


async def test_what_was_sold_before_a_reset_can_not_be_sold_after_it(world: World) -> None:
    alice = await world.trader()
    await world.buy(alice)
    await reset(world, alice)
    text = """
    mutation {
      placeOrder(input: {assetId: "BTC", side: SELL, quantity: "0.1"}) {
        order { id } position { id } account { version }
        errors { code ... on InsufficientFundsError { unit required available } }
      }
    }"""
    payload = (await world.run(text, as_=alice))["placeOrder"]
    assert payload == {
        "order": None,
        "position": None,
        "account": {"version": 3},
        "errors": [
            {
                "code": "INSUFFICIENT_FUNDS",
                "unit": "BTC",
                "required": "0.1",
                "available": "0",
            }
        ],
    }


async def test_a_replayed_reset_resets_nothing_again(world: World) -> None:
    alice = await world.trader("100")
    first = (await reset(world, alice, "again"))["resetAccount"]
    await world.deposit(alice, "7")
    second = (await reset(world, alice, "again"))["resetAccount"]
    assert second["transaction"] == first["transaction"]
    assert (second["replayed"], second["account"]["cash"]) == (True, "7.00")


async def test_an_empty_account_can_be_reset(world: World) -> None:
    alice = await world.register()
    payload = (await reset(world, alice))["resetAccount"]
    assert payload["errors"] == []
    assert payload["transaction"]["legs"] == []


async def test_a_reset_touches_nobody_else(world: World) -> None:
    alice, bob = await world.trader("100"), await world.trader("50", "bobby_02")
    await reset(world, alice)
    assert (await world.run(STATE, as_=bob))["account"] == {"version": 1, "cash": "50.00"}


async def test_a_stranger_resets_nothing(world: World) -> None:
    answer = await reset(world, None)
    assert answer.data == {"resetAccount": None}
    assert answer.codes == ["UNAUTHENTICATED"]
