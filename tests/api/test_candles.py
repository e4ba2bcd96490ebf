"""Candles through the whole schema."""

from datetime import timedelta
from typing import Any

import pytest

from domain.ids import AssetId
from domain.money import Price, Quantity
from domain.ticks import PriceMove, Tick
from tests.api.world import World, opened

CANDLES = """
query ($interval: CandleInterval! = ONE_HOUR, $from: DateTime, $to: DateTime, $limit: Int = 24) {
  asset(id: "BTC") {
    candles(interval: $interval, from: $from, to: $to, limit: $limit) {
      start open high low close volume
    }
  }
}"""
MINUTE = timedelta(minutes=1)


async def traded(world: World, *prices: int, apart: timedelta = MINUTE) -> None:
    """Move the price of BTC, with a volume of a half each time."""
    board = world.exchange.services.board
    for price in prices:
        move = PriceMove(AssetId("BTC"), Price.of(price), Quantity.of("0.5"))
        board.apply(
            Tick(
                number=board.next_number,
                fence=board.fence,
                at=world.clock.now(),
                source="test",
                moves=(move,),
            )
        )
        world.clock.advance(apart.total_seconds())


async def candles(world: World, **variables: Any) -> Any:
    return (await world.run(CANDLES, variables))["asset"]["candles"]


async def test_candles_are_exact_oldest_first_and_the_last_one_is_open() -> None:
    async with opened(prices={}) as world:
        await traded(world, 100, 130, 90, 110, apart=20 * MINUTE)

        assert await candles(world) == [
            {
                "start": "2026-03-01T12:00:00.000Z",
                "open": "100",
                "high": "130",
                "low": "90",
                "close": "90",
                "volume": "1.5",
            },
            {
                "start": "2026-03-01T13:00:00.000Z",
                "open": "110",
                "high": "110",
                "low": "110",
                "close": "110",
                "volume": "0.5",
            },
        ]


@pytest.mark.parametrize(
    ("variables", "closes"),
    [
        ({"limit": 2}, ["4", "5"]),
        ({"limit": None}, ["1", "2", "3", "4", "5"]),
        ({"from": "2026-03-01T12:01:00Z", "limit": 2}, ["2", "3"]),
        ({"to": "2026-03-01T12:02:00Z"}, ["1", "2"]),
        ({"from": "2026-03-01T12:01:30Z", "to": "2026-03-01T12:04:00Z"}, ["3", "4"]),
        ({"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z", "limit": 1}, ["1"]),
        ({"to": "0001-01-01T00:00:00Z"}, []),
    ],
)
async def test_a_range_is_of_beginnings(variables: dict[str, Any], closes: list[str]) -> None:
    async with opened(prices={}) as world:
        await traded(world, 1, 2, 3, 4, 5)

        found = await candles(world, interval="ONE_MINUTE", **variables)

        assert [candle["close"] for candle in found] == closes


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"limit": 0}, "`limit` is 0; 1 to 500 is allowed."),
        ({"limit": 501}, "`limit` is 501; 1 to 500 is allowed."),
        (
            {"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
            "`from` must not be after `to`.",
        ),
    ],
)
async def test_what_cannot_be_asked_for_is_told(variables: dict[str, Any], message: str) -> None:
    async with opened() as world:
        answer = await world.run(CANDLES, variables)

        assert answer.codes == ["BAD_USER_INPUT"]
        assert message in answer.message


async def test_candles_of_a_list_take_one_range_query_for_each_asset() -> None:
    async with opened() as world:
        text = "{ assets(first: 4) { nodes { id candles(limit: 3) { close } } } }"
        world.table.calls.clear()

        found = (await world.run(text))["assets"]["nodes"]

        assert [len(node["candles"]) for node in found] == [1, 1, 1, 1]
        assert len(world.table.calls) == 4


async def test_candles_outlive_a_restart() -> None:
    async with opened() as world:
        before = await candles(world, interval="ONE_MINUTE")
        async with opened(table=world.table, clock=world.clock, prices={}) as again:
            assert await candles(again, interval="ONE_MINUTE") == before != []


async def test_closed_candles_are_written_down_by_who_makes_the_ticks() -> None:
    async with opened() as world:
        for price in ("51000", "52000", "53000"):
            world.clock.advance(60)
            await world.tick({"BTC": price})

        stored = [key for key in world.stored() if key.pk == "CANDLES#BTC#ONE_MINUTE"]

        assert len(stored) == 3
        assert await candles(world, interval="ONE_MINUTE", limit=2) != []
