"""Previews: what an order would do, without doing it."""

from typing import Any

import pytest

from domain.money import Percent
from domain.rules import TradingRules
from tests.api.world import Session, World, opened

PREVIEW = """
query ($input: OrderInput!) {
  previewOrder(input: $input) {
    status quantity price notional fee total cashAfter availableCashAfter positionAfter
    errors {
      __typename code path
      ... on InsufficientFundsError { required available }
    }
  }
}"""
NOTHING = {
    "status": None,
    "quantity": None,
    "price": None,
    "notional": None,
    "fee": None,
    "total": None,
    "cashAfter": None,
    "availableCashAfter": None,
    "positionAfter": None,
}


async def preview(world: World, session: Session | None, **typed: Any) -> Any:
    order = {"assetId": "BTC", "side": "BUY"} | typed
    return await world.run(PREVIEW, {"input": order}, as_=session)


async def previewed(world: World, session: Session, **typed: Any) -> Any:
    """Return a preview, which has changed nothing."""
    before = world.stored()
    payload = (await preview(world, session, **typed))["previewOrder"]
    assert world.stored() == before
    return payload


async def test_a_preview_tells_what_placing_then_does() -> None:
    rules = TradingRules(fee=Percent.of("0.5"), slippage=Percent.of("0.1"))
    async with opened(rules=rules) as world:
        alice = await world.trader("10000")
        for side, quantity in (("BUY", "0.1"), ("SELL", "0.03")):
            told = await previewed(world, alice, side=side, quantity=quantity)
            text = """
            mutation ($input: OrderInput!) {
              placeOrder(input: $input) {
                order { status quantity fill { price notional fee total } }
                account { cash availableCash }
                position { quantity }
              }
            }"""
            typed = {"assetId": "BTC", "side": side, "quantity": quantity}
            done = (await world.run(text, {"input": typed}, as_=alice))["placeOrder"]
            assert told == {
                "status": done["order"]["status"],
                "quantity": done["order"]["quantity"],
                **done["order"]["fill"],
                "cashAfter": done["account"]["cash"],
                "availableCashAfter": done["account"]["availableCash"],
                "positionAfter": done["position"]["quantity"],
                "errors": [],
            }


async def test_figures_are_told_also_when_it_would_be_refused(world: World) -> None:
    alice = await world.trader("100")
    told = await previewed(world, alice, quantity="0.1")
    assert told == NOTHING | {
        "quantity": "0.1",
        "price": "50000",
        "notional": "5000.00",
        "fee": "0.00",
        "total": "5000.00",
        "errors": [
            {
                "__typename": "InsufficientFundsError",
                "code": "INSUFFICIENT_FUNDS",
                "path": ["input"],
                "required": "5000.00",
                "available": "100.00",
            }
        ],
    }


async def test_a_stale_price_is_told_and_refused(world: World) -> None:
    alice = await world.trader()
    world.clock.advance(601)
    told = await previewed(world, alice, notional="100")
    assert (told["quantity"], told["total"]) == ("0.002", "100.00")
    assert [error["code"] for error in told["errors"]] == ["PRICE_STALE"]


async def test_of_an_unknown_asset_nothing_can_be_told(world: World) -> None:
    alice = await world.trader()
    told = await previewed(world, alice, assetId="NOPE", quantity="1")
    assert told.pop("errors") == [
        {"__typename": "RefusedError", "code": "ASSET_NOT_FOUND", "path": ["input", "assetId"]}
    ]
    assert told == NOTHING


async def test_of_an_order_beyond_counting_nothing_can_be_told(world: World) -> None:
    alice = await world.trader()
    told = await previewed(world, alice, quantity="9" * 18)
    assert [error["code"] for error in told.pop("errors")] == ["ORDER_VALUE_EXCEEDED"]
    assert told == NOTHING


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "0.000000001"}, "quantity"),
        ({}, "quantity"),
        ({"notional": "0.001"}, "notional"),
        ({"quantity": "1", "limitPrice": "1"}, "limitPrice"),
        ({"quantity": "1", "idempotencyKey": "with space"}, "idempotencyKey"),
        ({"quantity": "1", "idempotencyKey": ""}, "idempotencyKey"),
    ],
)
async def test_what_makes_no_sense_is_refused_at_its_field(
    world: World, typed: dict[str, Any], field: str
) -> None:
    alice = await world.trader()
    told = await previewed(world, alice, **typed)
    assert told.pop("errors") == [
        {"__typename": "InputError", "code": "INVALID_INPUT", "path": ["input", field]}
    ]
    assert told == NOTHING


async def test_a_preview_uses_no_key_up(world: World) -> None:
    alice = await world.trader()
    await previewed(world, alice, quantity="0.1", idempotencyKey="k")
    text = """
    mutation {
      placeOrder(input: {assetId: "ETH", side: BUY, quantity: 1, idempotencyKey: "k"}) {
        replayed errors { code }
      }
    }"""
    assert (await world.run(text, as_=alice))["placeOrder"] == {"replayed": False, "errors": []}


async def test_a_preview_is_of_the_viewers_own_account(world: World) -> None:
    alice, bob = await world.trader("10000"), await world.trader("1", "bobby_02")
    await world.buy(alice, "BTC", "0.1")
    told = await previewed(world, bob, side="SELL", quantity="0.1")
    assert told["errors"][0]["available"] == "0"


async def test_a_stranger_previews_nothing(world: World) -> None:
    answer = await preview(world, None, quantity="1")
    assert answer.data == {"previewOrder": None}
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_an_order_that_would_wait_is_shown_at_its_own_price_with_what_it_would_hold() -> None:
    async with opened(rules=TradingRules(fee=Percent.of(1))) as world:
        alice = await world.trader("10000")
        found = await previewed(world, alice, type="LIMIT", limitPrice="40000", quantity="0.1")
        assert found == {
            "status": "OPEN",
            "quantity": "0.1",
            "price": "40000",
            "notional": "4000.00",
            "fee": "40.00",
            "total": "4040.00",
            "cashAfter": "10000.00",
            "availableCashAfter": "5960.00",
            "positionAfter": "0",
            "errors": [],
        }


async def test_a_limit_order_that_would_fill_at_once_is_shown_at_the_market(world: World) -> None:
    alice = await world.trader("10000")
    found = await previewed(world, alice, type="LIMIT", limitPrice="60000", quantity="0.1")
    assert (found["price"], found["cashAfter"], found["positionAfter"]) == (
        "50000",
        "5000.00",
        "0.1",
    )
    assert found["status"] == "FILLED"


async def test_an_order_that_may_not_wait_is_shown_as_leaving_all_as_it_is(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "BTC", "0.1")
    found = await previewed(
        world, alice, type="LIMIT", limitPrice="40000", quantity="0.1", timeInForce="IOC"
    )
    assert (found["cashAfter"], found["availableCashAfter"]) == ("5000.00", "5000.00")
    assert (found["positionAfter"], found["errors"]) == ("0.1", [])
    assert found["status"] == "CANCELLED"


async def test_a_waiting_order_that_would_be_refused_is_still_priced(world: World) -> None:
    alice = await world.trader("1")
    found = await previewed(
        world, alice, side="SELL", type="STOP_LOSS", triggerPrice="40000", quantity="0.1"
    )
    assert (found["price"], found["total"], found["cashAfter"]) == ("40000", "4000.00", None)
    assert [error["code"] for error in found["errors"]] == ["INSUFFICIENT_FUNDS"]
    huge = await previewed(
        world, alice, type="LIMIT", limitPrice="40000", quantity="1000000000000000000"
    )
    assert (huge["price"], [one["code"] for one in huge["errors"]]) == (
        None,
        ["ORDER_VALUE_EXCEEDED"],
    )
