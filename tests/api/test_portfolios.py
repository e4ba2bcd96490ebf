"""Portfolios: what there is, what it is worth, and what the day has brought."""

import asyncio
from typing import Any

from tests.api.world import GREETING, Session, World

PORTFOLIO = """
{
  portfolio {
    id version asOf cash availableCash heldCash assetValue totalValue
    unrealizedPnl realizedPnl dayChange dayChangePercent
    positions {
      id asset { id price } quantity availableQuantity heldQuantity averageCost costBasis
      marketValue allocationPercent unrealizedPnl unrealizedPnlPercent realizedPnl
    }
  }
}"""
TO_MIDNIGHT_S = 12 * 3600


async def portfolio(world: World, session: Session) -> Any:
    return (await world.run(PORTFOLIO, as_=session))["portfolio"]


async def day(world: World, session: Session) -> tuple[str, str | None]:
    found = await portfolio(world, session)
    return found["dayChange"], found["dayChangePercent"]


async def run(world: World, session: Session, text: str) -> None:
    (payload,) = (await world.run(text, as_=session)).data.values()
    assert payload["errors"] == []


async def test_a_portfolio_values_cash_and_positions_largest_first(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "ETH", "1")
    await world.buy(alice, "BTC", "0.1")
    await world.buy(alice, "LTC", "1")
    await world.sell(alice, "LTC", "1")
    await world.tick({"BTC": "60000", "ETH": "2000"})

    found = await portfolio(world, alice)

    owner = alice.account_id.removeprefix("acc_")
    assert found == {
        "id": alice.account_id,
        "version": 5,
        "asOf": "2026-03-01T12:00:00.000Z",
        "cash": "2500.00",
        "availableCash": "2500.00",
        "heldCash": "0.00",
        "assetValue": "8000.00",
        "totalValue": "10500.00",
        "unrealizedPnl": "500.00",
        "realizedPnl": "0.00",
        "dayChange": "500.00",
        "dayChangePercent": "5",
        "positions": [
            {
                "id": f"pos_{owner}_BTC",
                "asset": {"id": "BTC", "price": "60000"},
                "quantity": "0.1",
                "availableQuantity": "0.1",
                "heldQuantity": "0",
                "averageCost": "50000",
                "costBasis": "5000.00",
                "marketValue": "6000.00",
                "allocationPercent": "57.1429",
                "unrealizedPnl": "1000.00",
                "unrealizedPnlPercent": "20",
                "realizedPnl": "0.00",
            },
            {
                "id": f"pos_{owner}_ETH",
                "asset": {"id": "ETH", "price": "2000"},
                "quantity": "1",
                "availableQuantity": "1",
                "heldQuantity": "0",
                "averageCost": "2500",
                "costBasis": "2500.00",
                "marketValue": "2000.00",
                "allocationPercent": "19.0476",
                "unrealizedPnl": "-500.00",
                "unrealizedPnlPercent": "-20",
                "realizedPnl": "0.00",
            },
        ],
    }


async def test_an_empty_portfolio_has_no_percentages(world: World) -> None:
    alice = await world.register()
    found = await portfolio(world, alice)
    assert (found["totalValue"], found["dayChange"], found["positions"]) == ("0.00", "0.00", [])
    assert found["dayChangePercent"] is None


async def test_what_was_sold_out_still_counts_as_realised(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "BTC", "0.1")
    await world.tick({"BTC": "55000"})
    await world.sell(alice, "BTC", "0.1")
    found = await portfolio(world, alice)
    assert (found["realizedPnl"], found["unrealizedPnl"]) == ("500.00", "0.00")
    assert found["positions"] == []


async def test_the_day_begins_at_midnight_with_what_there_was(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "BTC", "0.1")
    await world.tick({"BTC": "60000"})
    assert await day(world, alice) == ("1000.00", "10")

    alice = await world.later(alice, TO_MIDNIGHT_S - 1)
    await world.tick({"BTC": "62000"})
    assert await day(world, alice) == ("1200.00", "12")

    alice = await world.later(alice, 1)
    assert await day(world, alice) == ("0.00", "0")
    world.clock.advance(1)
    await world.tick({"BTC": "61000"})
    assert await day(world, alice) == ("-100.00", "-0.8929")


async def test_a_price_at_midnight_still_belongs_to_the_day_before(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "BTC", "0.1")
    alice = await world.later(alice, TO_MIDNIGHT_S)
    await world.tick({"BTC": "70000"})
    assert await day(world, alice) == ("0.00", "0")


async def test_deposits_and_withdrawals_are_no_gain(world: World) -> None:
    alice = await world.trader("5000")
    await world.buy(alice, "BTC", "0.1")
    alice = await world.later(alice, TO_MIDNIGHT_S + 1)
    await world.tick({"BTC": "51000"})
    assert await day(world, alice) == ("100.00", "2")
    await world.deposit(alice, "5000")
    assert await day(world, alice) == ("100.00", "1")
    await run(world, alice, 'mutation { withdraw(input: {amount: "2500"}) { errors { code } } }')
    assert await day(world, alice) == ("100.00", "1.3333")


async def test_what_was_traded_within_the_day_counts_from_its_own_price(world: World) -> None:
    alice = await world.trader("10000")
    alice = await world.later(alice, TO_MIDNIGHT_S + 1)
    await world.tick({"BTC": "40000"})
    await world.buy(alice, "BTC", "0.1")
    await world.tick({"BTC": "41000"})
    assert await day(world, alice) == ("100.00", "1")
    await world.sell(alice, "BTC", "0.1")
    await world.tick({"BTC": "10000"})
    assert await day(world, alice) == ("100.00", "1")


async def test_a_reset_begins_the_day_anew(world: World) -> None:
    alice = await world.trader("5000")
    await world.buy(alice, "BTC", "0.1")
    await world.tick({"BTC": "60000"})
    await run(world, alice, "mutation { resetAccount(input: {}) { errors { code } } }")
    assert await day(world, alice) == ("0.00", None)
    await world.deposit(alice, "5000")
    await world.buy(alice, "BTC", "0.05")
    await world.tick({"BTC": "66000"})
    assert await day(world, alice) == ("300.00", "6")


async def test_a_reward_is_a_gain(world: World) -> None:
    alice = await world.trader("1000")
    text = 'mutation { claimCnyReward(input: {phrase: "' + GREETING + '"}) { errors { code } } }'
    await run(world, alice, text)
    assert await day(world, alice) == ("88.88", "8.888")


async def test_a_portfolio_is_of_one_set_of_prices_while_they_move(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "BTC", "0.1")
    await world.buy(alice, "ETH", "1")
    text = """
    {
      asset(id: "BTC") { position { marketValue } }
      portfolio { assetValue positions { marketValue quantity asset { price } } }
    }"""

    async def move() -> None:
        for number in range(50):
            await world.tick({"BTC": str(50_000 + number), "ETH": str(2_500 + number)})

    moving = asyncio.create_task(move())
    while not moving.done():
        found = (await world.run(text, as_=alice))["portfolio"]
        btc, eth = (float(held["asset"]["price"]) for held in found["positions"])
        assert btc - 50_000 == eth - 2_500
        assert float(found["assetValue"]) == btc / 10 + eth


async def test_portfolios_are_each_users_own(world: World) -> None:
    alice, bob = await world.trader("10000"), await world.trader("1", "bobby_02")
    await world.buy(alice, "BTC", "0.1")
    found = await portfolio(world, bob)
    assert (found["id"], found["totalValue"], found["positions"]) == (bob.account_id, "1.00", [])


async def test_a_stranger_has_no_portfolio(world: World) -> None:
    answer = await world.run(PORTFOLIO)
    assert answer.data == {"portfolio": None}
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_what_was_sold_out_is_no_position_beside_an_asset_either(world: World) -> None:
    alice = await world.trader("10000")
    await world.buy(alice, "BTC", "0.1")
    await world.sell(alice, "BTC", "0.1")
    answer = await world.run('{ asset(id: "BTC") { position { quantity } } }', as_=alice)
    assert answer["asset"] == {"position": None}
