"""The journal: every movement of money, newest first, filtered by kind, asset and time."""

from typing import Any

import pytest

from tests.api.world import GREETING, Session, World

TRANSACTIONS = """
query ($filter: TransactionFilter) {
  transactions(first: 100, filter: $filter) { nodes { version kind asset { id } } }
}"""
CLAIM = "mutation ($phrase: String!) { claimCnyReward(input: {phrase: $phrase}) { replayed } }"


async def versions(world: World, session: Session | None, **where: Any) -> list[int]:
    answer = await world.run(TRANSACTIONS, {"filter": where}, as_=session)
    return [node["version"] for node in answer["transactions"]["nodes"]]


async def busy_trader(world: World) -> Session:
    """Move money five times, a minute apart from 12:00 on."""
    alice = await world.trader("1000")
    world.clock.advance(60)
    await world.buy(alice, "BTC", "0.01")
    world.clock.advance(60)
    await world.buy(alice, "ETH", "0.1")
    world.clock.advance(60)
    await world.sell(alice, "BTC", "0.01")
    world.clock.advance(60)
    await world.run(CLAIM, {"phrase": GREETING}, as_=alice)
    return alice


async def test_every_movement_is_there_newest_first(world: World) -> None:
    alice = await busy_trader(world)
    answer = await world.run(TRANSACTIONS, as_=alice)
    assert answer["transactions"]["nodes"] == [
        {"version": 5, "kind": "CNY_REWARD", "asset": None},
        {"version": 4, "kind": "ORDER_SELL", "asset": {"id": "BTC"}},
        {"version": 3, "kind": "ORDER_BUY", "asset": {"id": "ETH"}},
        {"version": 2, "kind": "ORDER_BUY", "asset": {"id": "BTC"}},
        {"version": 1, "kind": "DEPOSIT", "asset": None},
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"kinds": ["ORDER_BUY"]}, [3, 2]),
        ({"kinds": ["DEPOSIT", "CNY_REWARD"]}, [5, 1]),
        ({"kinds": ["RESET"]}, []),
        ({"kinds": []}, [5, 4, 3, 2, 1]),
        ({"assetId": "btc"}, [4, 2]),
        ({"assetId": "btc", "kinds": ["ORDER_SELL"]}, [4]),
        ({"assetId": "LTC"}, []),
        ({"from": "2026-03-01T12:02:00Z"}, [5, 4, 3]),
        ({"from": "2026-03-01T12:02:00.001Z"}, [5, 4]),
        ({"to": "2026-03-01T12:02:00Z"}, [2, 1]),
        ({"to": "2026-03-01T14:02:00+02:00"}, [2, 1]),
        ({"from": "2026-03-01T12:01:00Z", "to": "2026-03-01T12:03:00Z"}, [3, 2]),
        ({"from": "2026-03-01T12:03:00Z", "to": "2026-03-01T12:01:00Z"}, []),
        ({"from": "2026-03-01T12:01:00Z", "assetId": "BTC", "kinds": ["ORDER_BUY"]}, [2]),
        ({"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}, [5, 4, 3, 2, 1]),
        ({"kinds": None, "assetId": None, "from": None, "to": None}, [5, 4, 3, 2, 1]),
    ],
)
async def test_only_what_the_filter_takes_is_listed(
    world: World, where: dict[str, Any], expected: list[int]
) -> None:
    alice = await busy_trader(world)
    assert await versions(world, alice, **where) == expected


@pytest.mark.parametrize("asset_id", ["", "B/C", "USD", "A" * 10_000, "BTC\x00", "BTC#1"])
async def test_a_filter_by_what_is_no_asset_id_is_refused(world: World, asset_id: str) -> None:
    alice = await world.register()
    answer = await world.run(TRANSACTIONS, {"filter": {"assetId": asset_id}}, as_=alice)
    assert answer.data == {"transactions": None}
    assert answer.codes == ["BAD_USER_INPUT"]
    assert "`assetId`" in answer.message


@pytest.mark.parametrize(
    "at",
    [
        "",
        "yesterday",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        7,
    ],
)
async def test_what_is_no_instant_is_refused(world: World, at: object) -> None:
    alice = await world.register()
    answer = await world.run(TRANSACTIONS, {"filter": {"from": at}}, as_=alice)
    assert answer.data is None
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_an_empty_journal_can_be_filtered_by_time(world: World) -> None:
    alice = await world.register()
    assert await versions(world, alice, **{"from": "2026-03-01T12:00:00Z"}) == []


async def test_the_journal_is_each_users_own(world: World) -> None:
    await busy_trader(world)
    assert await versions(world, await world.register("bobby_02")) == []


async def test_a_stranger_has_no_journal(world: World) -> None:
    answer = await world.run("{ transactions { nodes { id } } }")
    assert answer.data == {"transactions": None}
    assert answer.codes == ["UNAUTHENTICATED"]
