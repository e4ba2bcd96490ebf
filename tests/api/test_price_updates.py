"""Live prices: a snapshot, then a batch with each tick, for everybody."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.api.world import Answer, World, many_assets, opened

PRICES = """
subscription ($ids: [ID!]) {
  priceUpdates(assetIds: $ids) {
    asset { id price position { quantity } }
    price previousPrice priceChangePercent24h at sequence
  }
}"""


async def batch(stream: AsyncGenerator[Answer, None]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await anext(stream))["priceUpdates"]
    return found


def prices(updates: list[dict[str, Any]]) -> dict[str, str]:
    assert all(update["asset"]["price"] == update["price"] for update in updates)
    return {update["asset"]["id"]: update["price"] for update in updates}


async def test_first_comes_every_price_then_what_each_tick_changed(world: World) -> None:
    stream = world.listen(PRICES)
    assert prices(await batch(stream)) == {
        "BTC": "50000",
        "ETH": "2500",
        "LTC": "80",
        "DOGE": "0.1",
    }
    world.clock.advance(1)
    await world.tick({"BTC": "50001", "ETH": "2500", "LTC": "81"})
    updates = await batch(stream)
    assert prices(updates) == {"BTC": "50001", "LTC": "81"}
    assert updates[0] == {
        "asset": {"id": "BTC", "price": "50001", "position": None},
        "price": "50001",
        "previousPrice": "50000",
        "priceChangePercent24h": "4900.1",
        "at": "2026-03-01T12:00:01.000Z",
        "sequence": 2,
    }
    await stream.aclose()


async def test_only_the_assets_asked_for_come_in_any_letter_case(world: World) -> None:
    stream = world.listen(PRICES, {"ids": ["btc", "BTC", "Ltc"]})
    assert prices(await batch(stream)) == {"BTC": "50000", "LTC": "80"}
    await world.tick({"ETH": "2600"})
    await world.tick({"LTC": "82"})
    assert prices(await batch(stream)) == {"LTC": "82"}
    await stream.aclose()


async def test_a_slow_reader_gets_the_newest_price_and_a_jump_in_the_sequence(
    world: World,
) -> None:
    stream = world.listen(PRICES, {"ids": ["BTC"]})
    (first,) = await batch(stream)
    for price in ("50001", "50002", "50003"):
        await world.tick({"BTC": price})
    (last,) = await batch(stream)
    assert (last["price"], last["sequence"] - first["sequence"]) == ("50003", 3)
    await stream.aclose()


async def test_the_viewers_position_is_that_of_each_update(world: World) -> None:
    alice = await world.trader()
    stream = world.listen(PRICES, {"ids": ["BTC"]}, as_=alice)
    (first,) = await batch(stream)
    assert first["asset"]["position"] is None
    await world.buy(alice, "BTC", "0.1")
    await world.tick({"BTC": "50001"})
    (second,) = await batch(stream)
    assert second["asset"]["position"] == {"quantity": "0.1"}
    await stream.aclose()


async def test_two_hundred_and_fifty_come_at_most_in_one_batch() -> None:
    assets = many_assets(260)
    async with opened(catalogue=assets, prices={one.facts.id: "1" for one in assets}) as world:
        stream = world.listen(PRICES)
        first, rest = await batch(stream), await batch(stream)
        assert (len(first), len(rest)) == (250, 10)
        assert len(prices(first) | prices(rest)) == 260
        await stream.aclose()


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (["NOPE"], "There is no asset NOPE."),
        (["BTC", "NOPE"], "There is no asset NOPE."),
        ([], "0 assets were given; 1 to 250 are allowed."),
        ([f"A{number:03}" for number in range(251)], "251 assets were given"),
        (["B/C"], "`assetIds` has 'B/C' in it"),
        (["x" * 10_000], "`assetIds` has 'xxxxxxxx"),
        (["\x00\n"], "`assetIds` has '\\x00\\n' in it"),
    ],
)
async def test_a_subscription_to_what_is_not_there_is_refused(
    world: World, ids: list[str], told: str
) -> None:
    answers = [answer async for answer in world.listen(PRICES, {"ids": ids})]
    assert [answer.codes for answer in answers] == [["BAD_USER_INPUT"]]
    assert told in answers[0].message
    assert len(answers[0].message) < 200


async def test_a_closed_subscription_leaves_nothing_behind(world: World) -> None:
    before = asyncio.all_tasks()
    streams = [world.listen(PRICES) for _ in range(5)]
    for stream in streams:
        await batch(stream)
    assert world.exchange.prices.readers == 5
    for stream in streams:
        await stream.aclose()
    assert world.exchange.prices.readers == 0
    assert asyncio.all_tasks() == before


async def test_a_subscription_that_is_cut_off_while_it_waits_leaves_nothing_behind(
    world: World,
) -> None:
    stream = world.listen(PRICES)
    await batch(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert world.exchange.prices.readers == 0


async def test_streams_end_when_the_server_stops(world: World) -> None:
    stream = world.listen(PRICES)
    await batch(stream)
    world.exchange.prices.close()
    assert [answer async for answer in stream] == []
