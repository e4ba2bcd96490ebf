"""The trading rules: shown to everybody, as they are."""

from datetime import timedelta

from domain.money import Money, Percent
from domain.rules import TradingRules
from tests.api.world import World, opened

RULES = """
{
  tradingRules {
    maxOrderValue minQuantity quantityIncrement maxOpenOrders feePercent slippagePercent
    dailyDepositLimit dailyWithdrawalLimit priceStaleAfterSeconds marketSource
  }
}"""


async def test_everybody_sees_the_rules(world: World) -> None:
    expected = {
        "maxOrderValue": "10000.00",
        "minQuantity": "0.00000001",
        "quantityIncrement": "0.00000001",
        "maxOpenOrders": 100,
        "feePercent": "0",
        "slippagePercent": "0",
        "dailyDepositLimit": "10000.00",
        "dailyWithdrawalLimit": "5000.00",
        "priceStaleAfterSeconds": 600,
        "marketSource": "test",
    }
    assert (await world.run(RULES))["tradingRules"] == expected
    assert (await world.run(RULES, as_=await world.register()))["tradingRules"] == expected


async def test_the_rules_are_those_of_this_server() -> None:
    rules = TradingRules(
        max_order_value=Money(5_00),
        fee=Percent.of("0.1"),
        slippage=Percent.of("0.05"),
        price_stale_after=timedelta(seconds=30),
    )
    async with opened(rules=rules) as world:
        shown = (await world.run(RULES))["tradingRules"]
        assert (shown["maxOrderValue"], shown["feePercent"]) == ("5.00", "0.1")
        assert (shown["slippagePercent"], shown["priceStaleAfterSeconds"]) == ("0.05", 30)
