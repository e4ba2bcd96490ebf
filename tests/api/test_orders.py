"""Orders: one by its id, and lists of them; never anybody else's."""

from typing import Any

import pytest

from tests.api.world import Session, World

ORDER = "query ($id: ID!) { order(id: $id) { id side quantity asset { id } } }"
ORDERS = """
query ($filter: OrderFilter) {
  orders(first: 100, filter: $filter) { nodes { asset { id } side quantity } }
}"""


async def listed(world: World, session: Session | None, **where: Any) -> list[tuple[str, str]]:
    answer = await world.run(ORDERS, {"filter": where}, as_=session)
    return [(node["asset"]["id"], node["side"]) for node in answer["orders"]["nodes"]]


async def busy_trader(world: World) -> Session:
    alice = await world.trader()
    await world.buy(alice, "BTC", "0.01")
    await world.buy(alice, "ETH", "1")
    await world.sell(alice, "BTC", "0.01")
    return alice


async def test_an_order_is_found_by_its_id(world: World) -> None:
    alice = await world.trader()
    order_id = await world.buy(alice, "BTC", "0.01")
    answer = await world.run(ORDER, {"id": order_id}, as_=alice)
    assert answer["order"] == {
        "id": order_id,
        "side": "BUY",
        "quantity": "0.01",
        "asset": {"id": "BTC"},
    }


async def test_somebody_elses_order_looks_like_a_missing_one(world: World) -> None:
    alice, bob = await world.trader(), await world.trader(username="bobby_02")
    order_id = await world.buy(alice, "BTC", "0.01")
    missing = "ord_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
    theirs, calls = await world.calls(ORDER, {"id": order_id}, as_=bob)
    nobodys, same_calls = await world.calls(ORDER, {"id": missing}, as_=bob)
    assert theirs == nobodys
    assert theirs.data == {"order": None}
    assert calls == same_calls


@pytest.mark.parametrize(
    "order_id", ["", "x", "ord_", "ord_" + "0" * 27, "ord_\x00", "ORD_" + "0" * 26, "x" * 10_000]
)
async def test_what_is_no_orders_id_is_a_missing_order(world: World, order_id: str) -> None:
    alice = await world.register()
    answer, calls = await world.calls(ORDER, {"id": order_id}, as_=alice)
    assert (answer["order"], calls) == (None, [])


async def test_orders_come_newest_first(world: World) -> None:
    alice = await busy_trader(world)
    assert await listed(world, alice) == [("BTC", "SELL"), ("ETH", "BUY"), ("BTC", "BUY")]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"assetId": "btc"}, [("BTC", "SELL"), ("BTC", "BUY")]),
        ({"assetId": "NOPE"}, []),
        ({"side": "BUY"}, [("ETH", "BUY"), ("BTC", "BUY")]),
        ({"statuses": ["FILLED"], "assetId": "ETH"}, [("ETH", "BUY")]),
        ({"statuses": ["OPEN"]}, []),
        ({"statuses": ["OPEN"], "assetId": "BTC"}, []),
        ({"statuses": ["CANCELLED", "REJECTED"]}, []),
        ({"statuses": []}, [("BTC", "SELL"), ("ETH", "BUY"), ("BTC", "BUY")]),
        (
            {"assetId": None, "statuses": None, "side": None},
            [("BTC", "SELL"), ("ETH", "BUY"), ("BTC", "BUY")],
        ),
    ],
)
async def test_only_what_the_filter_takes_is_listed(
    world: World, where: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    alice = await busy_trader(world)
    assert await listed(world, alice, **where) == expected


@pytest.mark.parametrize("asset_id", ["", "B/C", "USD", "A" * 10_000, "BTC\x00", "BTC#1"])
async def test_a_filter_by_what_is_no_asset_id_is_refused(world: World, asset_id: str) -> None:
    alice = await world.register()
    answer = await world.run(ORDERS, {"filter": {"assetId": asset_id}}, as_=alice)
    assert answer.data == {"orders": None}
    assert answer.codes == ["BAD_USER_INPUT"]
    assert "`assetId`" in answer.message
    assert len(answer.message) < 200


async def test_orders_are_each_users_own(world: World) -> None:
    await busy_trader(world)
    assert await listed(world, await world.register("bobby_02")) == []


@pytest.mark.parametrize("text", ["{ orders { nodes { id } } }", '{ order(id: "x") { id } }'])
async def test_a_stranger_has_no_orders(world: World, text: str) -> None:
    answer = await world.run(text)
    assert list(answer.data.values()) == [None]
    assert answer.codes == ["UNAUTHENTICATED"]
