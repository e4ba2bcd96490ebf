"""What a query costs the table: one call for each kind of thing, however long the list."""

from collections.abc import AsyncIterator

import pytest

from domain.ids import AssetId
from tests.api.order_text import waiting
from tests.api.world import Session, World, many_assets, opened

PORTFOLIO = """
{
  portfolio {
    totalValue
    positions { quantity allocationPercent asset { id price position { quantity } } }
  }
}"""
ORDERS = "{ orders(first: 100) { nodes { id asset { id price } } } }"
TRANSACTIONS = """
{ transactions(first: 100) { nodes { asset { id } order { id asset { name } } } } }
"""
LISTED = """
{ assets(first: 100) { nodes { id position { quantity marketValue allocationPercent } } } }
"""


@pytest.fixture
async def wide_world() -> AsyncIterator[World]:
    """A market of 50 assets at $1."""
    assets = many_assets(50)
    async with opened(catalogue=assets, prices={one.facts.id: "1" for one in assets}) as running:
        yield running


async def holder_of_everything(world: World, orders: int = 50) -> Session:
    session = await world.trader()
    for number in range(orders):
        await world.buy(session, f"A{number % 50:02}", "1")
    return session


def forget_the_price(world: World, *asset_ids: str) -> None:
    """Let the board lose assets, as one that has not heard of them yet."""
    for asset_id in asset_ids:
        del world.exchange.services.board._states[AssetId(asset_id)]


async def test_a_portfolio_of_fifty_positions_is_one_query(wide_world: World) -> None:
    alice = await holder_of_everything(wide_world)
    answer, calls = await wide_world.calls(PORTFOLIO, as_=alice)
    positions = answer["portfolio"]["positions"]
    assert len(positions) == 50
    assert {position["asset"]["position"]["quantity"] for position in positions} == {"1"}
    assert calls == ["query"]


async def test_assets_that_are_not_in_memory_take_one_batch_more(wide_world: World) -> None:
    alice = await holder_of_everything(wide_world)
    await (await wide_world.exchange.market.opened()).checkpoint()
    forget_the_price(wide_world, *(f"A{number:02}" for number in range(10, 30)))
    answer, calls = await wide_world.calls(PORTFOLIO, as_=alice)
    assert answer["portfolio"]["totalValue"] == "10000.00"
    assert calls == ["query", "get", "get_many"]


async def test_an_asset_that_nobody_knows_is_null(world: World) -> None:
    await (await world.exchange.market.opened()).checkpoint()
    answer, calls = await world.calls('{ a: asset(id: "NOPE") { id } b: asset(id: "NADA") { id } }')
    assert answer.data == {"a": None, "b": None}
    assert calls == ["get", "get_many"]


async def test_the_order_of_a_payloads_entry_is_at_hand(world: World) -> None:
    alice = await world.trader()
    answer, calls = await world.calls(
        """
        mutation {
          placeOrder(input: {assetId: "BTC", side: BUY, notional: "10"}) {
            order { id }
            transaction { order { id status } }
          }
        }""",
        as_=alice,
    )
    placed = answer["placeOrder"]
    assert placed["transaction"]["order"] == {"id": placed["order"]["id"], "status": "FILLED"}
    assert calls == ["snapshot", "transact"]


async def test_a_hundred_orders_with_their_assets_are_one_query(wide_world: World) -> None:
    alice = await holder_of_everything(wide_world, 100)
    answer, calls = await wide_world.calls(ORDERS, as_=alice)
    assert len(answer["orders"]["nodes"]) == 100
    assert calls == ["query"]


async def test_a_hundred_transactions_look_their_orders_up_in_one_batch(
    wide_world: World,
) -> None:
    alice = await holder_of_everything(wide_world, 100)
    answer, calls = await wide_world.calls(TRANSACTIONS, as_=alice)
    nodes = answer["transactions"]["nodes"]
    assert len(nodes) == 100
    assert all(node["order"]["asset"]["name"] == f"The {node['asset']['id']}" for node in nodes)
    assert calls == ["query", "get_many"]


async def test_positions_beside_a_list_of_assets_are_one_query(wide_world: World) -> None:
    alice = await holder_of_everything(wide_world)
    answer, calls = await wide_world.calls(LISTED, as_=alice)
    assert {node["position"]["allocationPercent"] for node in answer["assets"]["nodes"]} == {"0.01"}
    assert calls == ["query"]


async def test_positions_beside_a_list_are_nothing_to_strangers(world: World) -> None:
    answer, calls = await world.calls(LISTED)
    assert [node["position"] for node in answer["assets"]["nodes"]] == [None] * 4
    assert calls == []


async def test_user_and_account_are_read_once_whatever_asks_for_them(world: World) -> None:
    alice = await world.trader()
    text = "{ me { username account { cash } } account { cash } again: me { account { id } } }"
    answer, calls = await world.calls(text, as_=alice)
    assert answer.errors == []
    assert sorted(calls) == ["get", "get"]


async def test_the_share_beside_a_payload_is_worked_out_only_when_asked_for(world: World) -> None:
    alice = await world.trader()
    text = """
    mutation {
      placeOrder(input: {assetId: "BTC", side: BUY, quantity: "0.1"}) {
        order { id asset { id } fill { total } }
        transaction { id asset { id } }
        account { cash }
        position { quantity marketValue SHARE }
      }
    }"""
    _, plain = await world.calls(text.replace("SHARE", ""), as_=alice)
    answer, calls = await world.calls(text.replace("SHARE", "allocationPercent"), as_=alice)
    assert plain == ["snapshot", "transact"]
    assert calls == ["snapshot", "transact", "query"]
    assert answer["placeOrder"]["position"] == {
        "quantity": "0.2",
        "marketValue": "10000.00",
        "allocationPercent": "100",
    }


async def test_an_open_order_that_a_reset_left_behind_reads_as_cancelled(world: World) -> None:
    alice = await world.trader()
    order_id = await waiting(world, alice)
    text = """
    query ($id: ID!) {
      order(id: $id) { status statusReason heldCash }
      orders { nodes { status } }
      open: orders(filter: {statuses: [OPEN]}) { nodes { status } pageInfo { endCursor } }
    }"""
    before = await world.run(text, {"id": order_id}, as_=alice)
    assert before["order"] == {"status": "OPEN", "statusReason": None, "heldCash": "400.00"}
    assert before["open"]["nodes"] == [{"status": "OPEN"}]

    await world.run("mutation { resetAccount(input: {}) { errors { code } } }", as_=alice)

    after = await world.run(text, {"id": order_id}, as_=alice)
    assert after["order"] == {
        "status": "CANCELLED",
        "statusReason": "ACCOUNT_RESET",
        "heldCash": "0.00",
    }
    assert after["orders"]["nodes"] == [{"status": "CANCELLED"}]
    assert after["open"]["nodes"] == []


async def test_what_one_mutation_has_loaded_is_loaded_anew_for_the_next(world: World) -> None:
    alice = await world.trader("10000")
    order = 'placeOrder(input: {assetId: "BTC", side: BUY, quantity: "0.1"})'
    shown = "{ position { allocationPercent asset { position { quantity } } } }"
    answer = await world.run(f"mutation {{ one: {order} {shown} two: {order} {shown} }}", as_=alice)
    found = [answer[name]["position"] for name in ("one", "two")]
    assert [one["allocationPercent"] for one in found] == ["50", "100"]
    assert [one["asset"]["position"]["quantity"] for one in found] == ["0.1", "0.2"]


async def test_orders_of_several_pages_are_looked_up_in_one_batch(wide_world: World) -> None:
    alice = await holder_of_everything(wide_world, 150)
    pages = "old: transactions(last: 75) { %s } new: transactions(first: 75) { %s }"
    edges = "edges { node { order { id asset { name } } } }"
    answer, calls = await wide_world.calls(f"{{ {pages % (edges, edges)} }}", as_=alice)
    found = [edge["node"]["order"] for page in answer.data.values() for edge in page["edges"]]
    assert len([order for order in found if order]) == 149
    assert sorted(calls) == ["get_many", "query", "query"]


async def test_the_account_is_read_once_beside_open_orders_however_many(world: World) -> None:
    alice = await world.trader()
    ids = [await waiting(world, alice, quantity="0.001") for _ in range(20)]
    answer, calls = await world.calls(ORDERS, as_=alice)
    assert len(answer["orders"]["nodes"]) == 20
    assert calls == ["query", "get"]
    each = " ".join(
        f'o{n}: order(id: "{one}") {{ status asset {{ id }} }}' for n, one in enumerate(ids[:19])
    )
    answer, calls = await world.calls(f"{{ {each} account {{ cash }} }}", as_=alice)
    assert answer.errors == []
    assert calls == ["get_many", "get"]


async def test_a_batch_of_prices_looks_all_positions_up_at_once(wide_world: World) -> None:
    alice = await holder_of_everything(wide_world)
    text = "subscription { priceUpdates { asset { position { quantity asset { id } } } } }"
    stream = wide_world.listen(text, as_=alice)
    before = len(wide_world.table.calls)
    assert len((await anext(stream))["priceUpdates"]) == 50
    authentication, *calls = wide_world.table.calls[before:]
    assert (authentication, calls) == ("get", ["query"])
    await stream.aclose()
