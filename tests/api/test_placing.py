"""Placing market orders: what is answered when they fill."""

from domain.money import Percent
from domain.rules import TradingRules
from tests.api.order_text import placed
from tests.api.world import World, opened


async def test_a_buy_answers_with_everything_of_one_version(world: World) -> None:
    alice = await world.trader("10000")
    world.clock.advance(1.5)

    payload = await placed(world, alice, quantity="0.1", idempotencyKey="k-1")

    now = "2026-03-01T12:00:01.500Z"
    order, owner = payload["order"], alice.account_id.removeprefix("acc_")
    assert order.pop("id").startswith("ord_01")
    assert order.pop("fill") == {
        "price": "50000",
        "notional": "5000.00",
        "fee": "0.00",
        "total": "5000.00",
        "quotedPrice": "50000",
        "slippagePercent": "0",
        "priceSource": "test",
        "priceAgeMs": 1500,
        "at": now,
    }
    assert order == {
        "asset": {"id": "BTC"},
        "side": "BUY",
        "type": "MARKET",
        "status": "FILLED",
        "quantity": "0.1",
        "limitPrice": None,
        "triggerPrice": None,
        "timeInForce": None,
        "heldCash": "0.00",
        "heldQuantity": "0",
        "statusReason": None,
        "version": 2,
        "idempotencyKey": "k-1",
        "createdAt": now,
        "updatedAt": now,
        "expiresAt": None,
    }
    assert payload["transaction"]["order"].pop("id").startswith("ord_01")
    assert payload["transaction"] == {
        "version": 2,
        "kind": "ORDER_BUY",
        "cashChange": "-5000.00",
        "cashAfter": "5000.00",
        "quantityChange": "0.1",
        "quantityAfter": "0.1",
        "orderStatus": "FILLED",
        "legs": [
            {"account": "USER_AVAILABLE", "unit": "USD", "amount": "-5000.00"},
            {"account": "MARKET", "unit": "USD", "amount": "5000.00"},
            {"account": "USER_AVAILABLE", "unit": "BTC", "amount": "0.1"},
            {"account": "MARKET", "unit": "BTC", "amount": "-0.1"},
        ],
        "asset": {"id": "BTC"},
        "order": {"status": "FILLED"},
    }
    assert payload["account"] == {"version": 2, "cash": "5000.00", "availableCash": "5000.00"}
    assert payload["position"] == {
        "id": f"pos_{owner}_BTC",
        "asset": {"id": "BTC", "price": "50000"},
        "quantity": "0.1",
        "availableQuantity": "0.1",
        "heldQuantity": "0",
        "averageCost": "50000",
        "costBasis": "5000.00",
        "marketValue": "5000.00",
        "allocationPercent": "50",
        "unrealizedPnl": "0.00",
        "unrealizedPnlPercent": "0",
        "realizedPnl": "0.00",
    }
    assert (payload["replayed"], payload["errors"]) == (False, [])


async def test_a_position_that_is_sold_out_is_shown_as_zero_once(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "BTC", "0.1")
    await world.tick({"BTC": "55000"})

    payload = await placed(world, alice, side="SELL", quantity="0.10", assetId="btc")

    position = payload["position"]
    assert (position["quantity"], position["marketValue"]) == ("0", "0.00")
    assert (position["realizedPnl"], position["unrealizedPnlPercent"]) == ("500.00", None)
    assert (position["averageCost"], position["allocationPercent"]) == ("0", "0")
    assert payload["account"] == {"version": 3, "cash": "10500.00", "availableCash": "10500.00"}
    shown = await world.run('{ asset(id: "BTC") { position { id } } }', as_=alice)
    assert shown["asset"] == {"position": None}


async def test_a_notional_buys_what_it_pays_for_and_never_more(world: World) -> None:
    alice = await world.trader("10000")
    await world.tick({"BTC": "30000"})
    payload = await placed(world, alice, notional="100")
    assert payload["order"]["quantity"] == "0.00333333"
    assert payload["order"]["fill"]["total"] == "100.00"
    sold = await placed(world, alice, side="SELL", notional="50")
    assert (sold["order"]["quantity"], sold["order"]["fill"]["total"]) == ("0.00166667", "50.00")


async def test_fee_and_slippage_are_told(world: World) -> None:
    rules = TradingRules(fee=Percent.of("0.1"), slippage=Percent.of(1))
    async with opened(rules=rules) as dear:
        alice = await dear.trader("10000")
        payload = await placed(dear, alice, quantity="0.1")
        fill = payload["order"]["fill"]
        assert (fill["quotedPrice"], fill["slippagePercent"]) == ("50000", "1")
        assert (fill["price"], fill["notional"]) == ("50500", "5050.00")
        assert (fill["fee"], fill["total"]) == ("5.05", "5055.05")
        assert {"account": "FEES", "unit": "USD", "amount": "5.05"} in payload["transaction"][
            "legs"
        ]
