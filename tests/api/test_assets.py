"""Assets: one, and lists of them, filtered and sorted; public, with what the viewer has."""

from typing import Any

import pytest

from tests.api.world import World

FULL = """
query ($id: ID!) {
  asset(id: $id) {
    id symbol name description category imageUrl isTradable price priceUpdatedAt isPriceStale
    marketCap marketCapRank volume24h high24h low24h priceChange24h
    priceChangePercent24h priceChangePercent7d priceChangePercent30d
    circulatingSupply totalSupply maxSupply
    allTimeHigh { price changePercent at } allTimeLow { price changePercent at }
    position { quantity }
  }
}"""
LIST = """
query ($filter: AssetFilter, $orderBy: AssetOrder) {
  assets(first: 100, filter: $filter, orderBy: $orderBy) { nodes { id } }
}"""


async def ids(world: World, **variables: Any) -> list[str]:
    return [node["id"] for node in (await world.run(LIST, variables))["assets"]["nodes"]]


async def test_an_asset_tells_all_its_figures(world: World) -> None:
    await world.tick({"BTC": "51000"})
    asset = (await world.run(FULL, {"id": "BTC"}))["asset"]
    assert asset == {
        "id": "BTC",
        "symbol": "BTC",
        "name": "The BTC",
        "description": None,
        "category": "Layer 1",
        "imageUrl": None,
        "isTradable": True,
        "price": "51000",
        "priceUpdatedAt": "2026-03-01T12:00:00.000Z",
        "isPriceStale": False,
        "marketCap": "1020000.00",
        "marketCapRank": 1,
        "volume24h": None,
        "high24h": "51000",
        "low24h": "1000",
        "priceChange24h": "50000",
        "priceChangePercent24h": "5000",
        "priceChangePercent7d": None,
        "priceChangePercent30d": None,
        "circulatingSupply": "20",
        "totalSupply": None,
        "maxSupply": None,
        "allTimeHigh": None,
        "allTimeLow": None,
        "position": None,
    }


@pytest.mark.parametrize("asset_id", ["btc", "Btc", "BTC"])
async def test_an_id_may_be_given_in_any_letter_case(world: World, asset_id: str) -> None:
    assert (await world.run(FULL, {"id": asset_id}))["asset"]["id"] == "BTC"


@pytest.mark.parametrize(
    "asset_id",
    ["NOPE", "", " BTC", "BTC\x00", "B" * 10_000, "ВТС", "ʙᴛᴄ", "USD", "usd", "../BTC"],  # noqa: RUF001
)
async def test_what_nobody_knows_is_null(world: World, asset_id: str) -> None:
    assert (await world.run(FULL, {"id": asset_id})).data == {"asset": None}


async def test_the_viewers_position_stands_beside_the_asset(world: World) -> None:
    alice, bob = await world.trader(), await world.register("bobby_02")
    await world.buy(alice, "BTC", "0.1")
    for session, position in ((alice, {"quantity": "0.1"}), (bob, None), (None, None)):
        answer = await world.run(FULL, {"id": "BTC"}, as_=session)
        assert answer["asset"]["position"] == position


async def test_a_position_that_can_not_be_asked_for_is_null_without_an_error(
    world: World,
) -> None:
    answer = await world.run(FULL, {"id": "BTC"}, as_="a token of nobody's")
    assert answer["asset"]["position"] is None


async def test_assets_come_by_rank_and_those_without_one_last(world: World) -> None:
    assert await ids(world) == ["BTC", "ETH", "DOGE", "LTC"]


@pytest.mark.parametrize(
    ("field", "direction", "expected"),
    [
        ("PRICE", "ASC", ["DOGE", "LTC", "ETH", "BTC"]),
        ("PRICE", "DESC", ["BTC", "ETH", "LTC", "DOGE"]),
        ("NAME", "ASC", ["BTC", "DOGE", "ETH", "LTC"]),
        ("NAME", "DESC", ["LTC", "ETH", "DOGE", "BTC"]),
        ("MARKET_CAP_RANK", "ASC", ["BTC", "ETH", "DOGE", "LTC"]),
        ("MARKET_CAP_RANK", "DESC", ["DOGE", "ETH", "BTC", "LTC"]),
        ("PRICE_CHANGE_24H", "DESC", ["BTC", "ETH", "LTC", "DOGE"]),
        ("VOLUME_24H", "ASC", ["BTC", "DOGE", "ETH", "LTC"]),
    ],
)
async def test_assets_come_in_the_order_asked_for(
    world: World, field: str, direction: str, expected: list[str]
) -> None:
    order = {"field": field, "direction": direction}
    assert await ids(world, orderBy=order) == expected


async def test_the_smallest_comes_first_unless_said_otherwise(world: World) -> None:
    assert await ids(world, orderBy={"field": "PRICE"}) == ["DOGE", "LTC", "ETH", "BTC"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["BTC", "ETH", "DOGE", "LTC"]),
        ({"ids": ["ltc", "BTC", "btc", "NOPE"]}, ["BTC", "LTC"]),
        ({"ids": []}, []),
        ({"search": "the e"}, ["ETH"]),
        ({"search": " tc "}, ["BTC", "LTC"]),
        ({"search": "\x00"}, []),
        ({"search": "the", "ids": ["DOGE"]}, ["DOGE"]),
        ({"isTradable": True}, ["BTC", "ETH", "DOGE", "LTC"]),
        ({"isTradable": False}, []),
        ({"category": "layer 1"}, ["BTC", "ETH", "DOGE", "LTC"]),
        ({"category": "Meme"}, []),
        (
            {"ids": None, "search": None, "isTradable": None, "category": None},
            ["BTC", "ETH", "DOGE", "LTC"],
        ),
    ],
)
async def test_only_what_the_filter_takes_is_listed(
    world: World, where: dict[str, Any], expected: list[str]
) -> None:
    assert await ids(world, filter=where) == expected


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"ids": [f"A{number}" for number in range(101)]}, "101 ids were given; at most 100"),
        ({"ids": ["BTC", "B/C"]}, "`ids` has 'B/C' in it"),
        ({"ids": ["x" * 10_000]}, "`ids` has 'xxxxxxxxxx"),
        ({"search": "x" * 101}, "`search`: 101 characters were given; at most 100"),
        ({"category": "x" * 10_000}, "10000 characters were given; at most 100"),
    ],
)
async def test_a_filter_has_bounds(world: World, where: dict[str, Any], told: str) -> None:
    answer = await world.run(LIST, {"filter": where})
    assert answer.data == {"assets": None}
    assert answer.codes == ["BAD_USER_INPUT"]
    assert told in answer.message
    assert len(answer.message) < 200


async def test_a_price_is_stale_from_the_moment_on_that_nobody_can_trade_on_it(
    world: World,
) -> None:
    alice = await world.trader("10000")
    shown = '{ asset(id: "BTC") { isPriceStale } }'
    order = """
    mutation {
      placeOrder(input: {assetId: "BTC", side: BUY, quantity: "0.01"}) { errors { code } }
    }"""
    world.clock.advance(600)
    assert (await world.run(shown))["asset"]["isPriceStale"] is False
    assert (await world.run(order, as_=alice))["placeOrder"]["errors"] == []
    world.clock.advance(0.001)
    assert (await world.run(shown))["asset"]["isPriceStale"] is True
    assert (await world.run(order, as_=alice))["placeOrder"]["errors"] == [{"code": "PRICE_STALE"}]
