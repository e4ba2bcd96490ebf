"""Orders that wait, as clients see them: placed, cancelled, set off, expired, and swept."""

import asyncio
from typing import Any

import pytest

from tests.api.order_text import place, placed
from tests.api.world import Session, World

CANCEL = """
mutation ($id: ID!) {
  cancelOrder(input: {orderId: $id}) {
    order { id status statusReason heldCash heldQuantity version }
    transaction { version kind cashChange orderStatus legs { account unit amount } }
    account { version cash availableCash heldCash }
    position { quantity heldQuantity }
    errors { code message path }
  }
}"""
ORDER = "query ($id: ID!) { order(id: $id) { status statusReason heldCash fill { price at } } }"
OPEN = "{ orders(first: 10, filter: {statuses: [OPEN]}) { nodes { id } } }"
UPDATES = "subscription { orderUpdates { id status } }"
EVENTS = """
subscription { accountEvents(since: 0) { transaction { kind orderStatus order { id } } } }"""
RESET = "mutation { resetAccount(input: {}) { errors { code } } }"


async def cancel(world: World, session: Session | None, order_id: str) -> Any:
    return await world.run(CANCEL, {"id": order_id}, as_=session)


async def status(world: World, session: Session, order_id: str) -> tuple[str, str | None]:
    order = (await world.run(ORDER, {"id": order_id}, as_=session))["order"]
    return order["status"], order["statusReason"]


async def waiting(world: World, session: Session, **typed: Any) -> dict[str, Any]:
    order = {"type": "LIMIT", "limitPrice": "40000", "quantity": "0.1"} | typed
    payload = await placed(world, session, **order)
    assert payload["errors"] == []
    assert payload["order"]["status"] == "OPEN"
    return payload  # type: ignore[no-any-return]


async def test_a_limit_order_that_waits_answers_with_what_it_holds(world: World) -> None:
    alice = await world.trader("10000")
    payload = await waiting(world, alice, expiresAt="2026-03-02T00:00:00Z", idempotencyKey="k")
    order = payload["order"]
    assert {name: order[name] for name in ("type", "limitPrice", "timeInForce", "heldCash")} == {
        "type": "LIMIT",
        "limitPrice": "40000",
        "timeInForce": "GTC",
        "heldCash": "4000.00",
    }
    assert (order["expiresAt"], order["fill"]) == ("2026-03-02T00:00:00.000Z", None)
    assert payload["transaction"]["kind"] == "ORDER_HOLD"
    assert payload["transaction"]["orderStatus"] == "OPEN"
    assert payload["transaction"]["cashChange"] == "0.00"
    assert payload["transaction"]["legs"] == [
        {"account": "USER_AVAILABLE", "unit": "USD", "amount": "-4000.00"},
        {"account": "USER_HELD", "unit": "USD", "amount": "4000.00"},
    ]
    assert payload["account"] == {"version": 2, "cash": "10000.00", "availableCash": "6000.00"}
    assert payload["position"]["quantity"] == "0"
    again = await placed(
        world,
        alice,
        type="LIMIT",
        limitPrice="40000.00",
        quantity="0.1",
        expiresAt="2026-03-02T01:00:00+01:00",
        idempotencyKey="k",
    )
    assert (again["replayed"], again["order"]["id"]) == (True, order["id"])


async def test_a_tick_fills_it_and_its_streams_tell_each_change(world: World) -> None:
    alice = await world.trader("10000")
    stream = world.listen(UPDATES, as_=alice)
    first = asyncio.ensure_future(anext(stream))
    for _ in range(20):
        await asyncio.sleep(0)
    order_id = (await waiting(world, alice))["order"]["id"]
    assert (await first)["orderUpdates"] == {"id": order_id, "status": "OPEN"}
    await world.tick({"BTC": "39000"})
    assert (await anext(stream))["orderUpdates"] == {"id": order_id, "status": "FILLED"}
    await stream.aclose()
    order = (await world.run(ORDER, {"id": order_id}, as_=alice))["order"]
    assert (order["fill"]["price"], order["heldCash"]) == ("39000", "0.00")
    events = world.listen(EVENTS, as_=alice)
    seen = [(await anext(events))["accountEvents"]["transaction"] for _ in range(3)]
    await events.aclose()
    assert [(one["kind"], one["orderStatus"]) for one in seen] == [
        ("DEPOSIT", None),
        ("ORDER_HOLD", "OPEN"),
        ("ORDER_BUY", "FILLED"),
    ]


async def test_cancelling_answers_with_everything_of_one_version(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "BTC", "0.1")
    order_id = (
        await waiting(
            world,
            alice,
            side="SELL",
            type="STOP_LOSS",
            limitPrice=None,
            triggerPrice="45000",
            quantity="0.04",
        )
    )["order"]["id"]
    payload = (await cancel(world, alice, order_id))["cancelOrder"]
    assert payload == {
        "order": {
            "id": order_id,
            "status": "CANCELLED",
            "statusReason": "USER_CANCELLED",
            "heldCash": "0.00",
            "heldQuantity": "0",
            "version": 4,
        },
        "transaction": {
            "version": 4,
            "kind": "ORDER_RELEASE",
            "cashChange": "0.00",
            "orderStatus": "CANCELLED",
            "legs": [
                {"account": "USER_AVAILABLE", "unit": "BTC", "amount": "0.04"},
                {"account": "USER_HELD", "unit": "BTC", "amount": "-0.04"},
            ],
        },
        "account": {
            "version": 4,
            "cash": "5000.00",
            "availableCash": "5000.00",
            "heldCash": "0.00",
        },
        "position": {"quantity": "0.1", "heldQuantity": "0"},
        "errors": [],
    }
    late = (await cancel(world, alice, order_id))["cancelOrder"]
    assert [error["code"] for error in late["errors"]] == ["ORDER_NOT_OPEN"]
    assert late["errors"][0]["path"] == ["input", "orderId"]


async def test_only_its_owner_can_cancel_an_order(world: World) -> None:
    alice, bob = await world.trader("10000"), await world.trader("10", "bobby_01")
    order_id = (await waiting(world, alice))["order"]["id"]
    assert (await cancel(world, None, order_id)).codes == ["UNAUTHENTICATED"]
    for session, named in ((bob, order_id), (alice, "ord_"), (alice, order_id[:-1] + "!")):
        payload = (await cancel(world, session, named))["cancelOrder"]
        assert [error["code"] for error in payload["errors"]] == ["ORDER_NOT_FOUND"]
        assert payload["errors"][0]["path"] == ["input", "orderId"]
        assert (payload["order"], payload["transaction"]) == (None, None)
        assert payload["account"] is not None
    assert await status(world, alice, order_id) == ("OPEN", None)


async def test_an_id_that_is_none_is_repeated_on_one_short_line(world: World) -> None:
    alice = await world.register()
    payload = (await cancel(world, alice, "\n\x00" + "x" * 10_000))["cancelOrder"]
    assert payload["errors"][0]["message"].startswith("There is no order '\\n\\x00xxx")
    assert len(payload["errors"][0]["message"]) < 100


@pytest.mark.parametrize("force", ["IOC", "FOK"])
async def test_what_may_not_wait_is_stored_as_cancelled_without_an_entry_or_errors(
    world: World, force: str
) -> None:
    alice = await world.trader("100")
    typed = {
        "type": "LIMIT",
        "limitPrice": "40000",
        "quantity": "0.1",
        "timeInForce": force,
        "idempotencyKey": "k",
    }
    payload = await placed(world, alice, **typed)
    assert (payload["errors"], payload["transaction"], payload["replayed"]) == ([], None, False)
    order = payload["order"]
    assert (order["status"], order["statusReason"], order["expiresAt"]) == (
        "CANCELLED",
        "UNFILLABLE",
        None,
    )
    assert payload["account"] == {"version": 1, "cash": "100.00", "availableCash": "100.00"}
    again = await placed(world, alice, **typed)
    assert again == payload | {"replayed": True}
    assert await status(world, alice, order["id"]) == ("CANCELLED", "UNFILLABLE")


async def test_an_order_expires_within_a_second_after_its_end(world: World) -> None:
    alice = await world.trader("10000")
    order_id = (await waiting(world, alice, expiresAt="2026-03-01T12:10:00Z"))["order"]["id"]
    alice = await world.later(alice, 599.999)
    await world.seconds.pass_one()
    assert await status(world, alice, order_id) == ("OPEN", None)
    world.clock.advance(0.001)
    await world.seconds.pass_one()
    assert await status(world, alice, order_id) == ("EXPIRED", "EXPIRED")


async def test_a_reset_cancels_what_is_open_and_a_sweep_clears_the_book(world: World) -> None:
    alice = await world.trader("10000")
    order_id = (await waiting(world, alice))["order"]["id"]
    assert (await world.run(RESET, as_=alice))["resetAccount"]["errors"] == []
    assert await status(world, alice, order_id) == ("CANCELLED", "ACCOUNT_RESET")
    await world.exchange.services.sweeps.close()
    assert not [key for key in world.stored() if key.pk.startswith("BOOK#")]
    assert (await world.run(OPEN, as_=alice))["orders"]["nodes"] == []


async def test_no_more_than_a_hundred_orders_are_open(world: World) -> None:
    alice = await world.trader("10000")
    for _ in range(100):
        await waiting(world, alice, quantity="0.001")
    payload = await placed(world, alice, type="LIMIT", limitPrice="40000", quantity="0.001")
    (error,) = payload["errors"]
    assert (error["code"], error["unit"]) == ("TOO_MANY_OPEN_ORDERS", "orders")
    assert (error["limit"], error["used"], error["remaining"]) == ("100", "100", "0")


async def test_strangers_place_nothing(world: World) -> None:
    answer = await place(world, None, type="LIMIT", limitPrice="1", quantity="1")
    assert answer.codes == ["UNAUTHENTICATED"]
