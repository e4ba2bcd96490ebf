"""Entities: what a gateway asks for by key, in one batch, and never anybody else's."""

from typing import Any

import pytest

from tests.api.world import Answer, Session, World, many_assets, opened

ENTITIES = """
query ($keys: [_Any!]!) {
  _entities(representations: $keys) {
    __typename
    ... on Asset { id price position { quantity } }
    ... on User { id email }
    ... on Account { id cash }
    ... on Order { id quantity asset { id } }
  }
}"""


async def entities(world: World, session: Session | None, *keys: Any) -> Answer:
    return await world.run(ENTITIES, {"keys": list(keys)}, as_=session)


def key(kind: str, id_: Any) -> dict[str, Any]:
    return {"__typename": kind, "id": id_}


async def own_keys(world: World, session: Session) -> list[dict[str, Any]]:
    order_id = await world.buy(session, "BTC", "0.01")
    return [
        key("User", session.user_id),
        key("Account", session.account_id),
        key("Order", order_id),
    ]


async def test_the_owner_gets_everything_in_the_order_asked_for(world: World) -> None:
    alice = await world.trader("1000")
    answer = await entities(world, alice, key("Asset", "btc"), *await own_keys(world, alice))
    asset, user, account, order = answer["_entities"]
    assert asset == {
        "__typename": "Asset",
        "id": "BTC",
        "price": "50000",
        "position": {"quantity": "0.01"},
    }
    assert user == {"__typename": "User", "id": alice.user_id, "email": "alice_01@example.com"}
    assert account == {"__typename": "Account", "id": alice.account_id, "cash": "500.00"}
    assert (order["__typename"], order["asset"]) == ("Order", {"id": "BTC"})


async def test_what_is_somebody_elses_looks_like_what_is_not_there(world: World) -> None:
    alice, bob = await world.trader("1000"), await world.register("bobby_02")
    keys = await own_keys(world, alice)
    for session in (bob, None):
        answer = await entities(world, session, *keys, key("Asset", "NOPE"))
        assert answer["_entities"] == [None] * 4


async def test_somebody_elses_beside_ones_own_is_not_there_either(world: World) -> None:
    alice, bob = await world.trader("1000"), await world.trader("500", "bobby_02")
    hers, his = await own_keys(world, alice), await own_keys(world, bob)
    found = (await entities(world, alice, *his, *hers))["_entities"]
    assert found[:3] == [None] * 3
    assert [one["id"] for one in found[3:]] == [one["id"] for one in hers]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (key("Nothing", "1"), "An entity's __typename is one of Asset, Account, Order, User."),
        (key("Query", "1"), "An entity's __typename is one of"),
        (key("Portfolio", "1"), "An entity's __typename is one of"),
        ({"id": "BTC"}, "An entity's __typename is one of"),
        ({"__typename": ["Asset"], "id": "BTC"}, "An entity's __typename is one of"),
        ("Asset", "An entity's __typename is one of"),
        ([], "An entity's __typename is one of"),
        (7, "An entity's __typename is one of"),
        ({"__typename": "Asset"}, "An entity is asked for by its `id`, a string."),
        (key("Asset", None), "An entity is asked for by its `id`, a string."),
        (key("Order", 7), "An entity is asked for by its `id`, a string."),
        (key("User", {"x": 1}), "An entity is asked for by its `id`, a string."),
    ],
)
async def test_one_that_can_not_be_read_fails_alone(world: World, bad: Any, told: str) -> None:
    answer = await entities(world, None, key("Asset", "BTC"), bad, key("Asset", "ETH"))
    found = answer.data["_entities"]
    assert [one and one["id"] for one in found] == ["BTC", None, "ETH"]
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["path"] == ["_entities", 1]
    assert told in answer.message


@pytest.mark.parametrize("id_", ["", "\x00", "x" * 10_000, "ord_", "../..", "BTC#"])
async def test_an_odd_key_is_one_of_nothing(world: World, id_: str) -> None:
    alice = await world.register()
    keys = [key(kind, id_) for kind in ("Asset", "User", "Account", "Order")]
    assert (await entities(world, alice, *keys))["_entities"] == [None] * 4


async def test_a_hundred_of_each_kind_cost_one_call_each() -> None:
    assets = many_assets(60)
    async with opened(catalogue=assets, prices={one.facts.id: "1" for one in assets}) as world:
        alice = await world.trader("1000")
        orders = [await world.buy(alice, "A01", "1") for _ in range(30)]
        keys = [
            *(key("Asset", one.facts.id) for one in assets),
            *(key("Order", order_id) for order_id in orders),
            *[key("User", alice.user_id)] * 5,
            *[key("Account", alice.account_id)] * 5,
        ]
        answer, calls = await world.calls(ENTITIES, {"keys": keys}, as_=alice)
        assert None not in answer["_entities"]
        assert sorted(calls) == ["get", "get", "get_many", "query"]


async def test_a_hundred_are_the_most(world: World) -> None:
    assert len((await entities(world, None, *[key("Asset", "BTC")] * 100))["_entities"]) == 100
    answer = await entities(world, None, *[key("Asset", "BTC")] * 101)
    assert answer.data is None
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.message == "101 entities were asked for; at most 100."


async def test_no_entities_are_none(world: World) -> None:
    assert (await entities(world, None))["_entities"] == []


async def test_keys_may_stand_in_the_document(world: World) -> None:
    text = """
    {
      _entities(representations: [{__typename: "Asset", id: "BTC"}, {__typename: "User", id: 5}]) {
        ... on Asset { id }
      }
    }"""
    answer = await world.run(text)
    assert answer.data == {"_entities": [{"id": "BTC"}, None]}


async def test_the_schema_explains_itself_to_a_gateway(world: World) -> None:
    sdl = (await world.run("{ _service { sdl } }"))["_service"]["sdl"]
    assert 'type Asset @key(fields: "id")' in sdl
    assert "type PageInfo @shareable" in sdl
    assert "@authenticated" in sdl


async def test_the_schema_is_printed_for_gateways_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await world.run("{ _service { sdl } }")
    monkeypatch.delattr("schema.api.print_schema")
    assert await world.run("{ a: _service { sdl } }") == Answer({"a": first["_service"]})
