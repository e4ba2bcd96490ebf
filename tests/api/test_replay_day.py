"""Whole trading days, minute by minute, agree to the cent with a second bookkeeper."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from adapters.replay_market import ReplayMarket
from domain.money import Percent
from domain.rules import TradingRules
from tests.api.paper_book import FEE, SATOSHI, SLIPPAGE, PaperBook, down
from tests.api.recorded_days import SOURCES, write_days
from tests.api.world import CATALOGUE, Session, World, opened
from tests.domain.identity_world import SetClock

ACT_EVERY = 61
"""Ticks between two operations: some ninety in all, and at another asset and time each."""

LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)

ORDER = """
mutation ($input: OrderInput!) {
  placeOrder(input: $input) {
    account { cash }
    position { quantity costBasis realizedPnl marketValue unrealizedPnl }
    errors { code message }
  }
}"""
MOVE = """
mutation ($amount: Decimal!) {
  OPERATION(input: {amount: $amount}) { account { cash } errors { code message } }
}"""
PORTFOLIO = """
{
  portfolio {
    version cash assetValue totalValue unrealizedPnl realizedPnl dayChange
    positions { asset { id } quantity costBasis marketValue unrealizedPnl realizedPnl }
  }
}"""


@dataclass
class Day:
    """A trader, and the book that is kept beside the server's."""

    world: World
    session: Session
    book: PaperBook
    operations: int = 0

    async def act(self, number: int, asset: str) -> None:
        """Do one operation after the other, as far as cash and position allow."""
        self.session = await self.world.later(self.session, 0)
        held, cash = self.book.of(asset), self.book.cash
        actions: tuple[tuple[bool, Callable[[], Any]], ...] = (
            (cash > 700, lambda: self.buy_for(asset, Fraction("400.01"))),
            (cash > 700, lambda: self.buy(asset, 300 / self.book.prices[asset])),
            (held.quantity > 0, lambda: self.sell(asset, held.quantity / 3)),
            (cash > 1_000, lambda: self.buy_for(asset, Fraction("250.37"))),
            (cash > 100, lambda: self.move("withdraw", Fraction("50.01"))),
            (self.book.value(asset) > 150, lambda: self.sell_for(asset, Fraction(100))),
            (True, lambda: self.move("deposit", Fraction("12.34"))),
            (held.quantity > 0, lambda: self.sell(asset, held.quantity)),
        )
        is_possible, action = actions[number % len(actions)]
        if is_possible:
            await action()
            self.operations += 1

    async def buy(self, asset: str, quantity: Fraction) -> None:
        quantity = down(quantity, SATOSHI)
        self.book.buy(asset, quantity)
        await self.order(asset, "BUY", quantity=plain(quantity, 8))

    async def buy_for(self, asset: str, dollars: Fraction) -> None:
        self.book.buy_for(asset, dollars)
        await self.order(asset, "BUY", notional=plain(dollars, 2))

    async def sell(self, asset: str, quantity: Fraction) -> None:
        quantity = down(quantity, SATOSHI)
        self.book.sell(asset, quantity)
        await self.order(asset, "SELL", quantity=plain(quantity, 8))

    async def sell_for(self, asset: str, dollars: Fraction) -> None:
        self.book.sell_for(asset, dollars)
        await self.order(asset, "SELL", notional=plain(dollars, 2))

    async def order(self, asset: str, side: str, **size: str) -> None:
        typed = {"assetId": asset, "side": side, **size}
        answer = await self.world.run(ORDER, {"input": typed}, as_=self.session)
        payload = answer["placeOrder"]
        assert payload["errors"] == []
        assert payload["account"] == {"cash": plain(self.book.cash, 2)}
        assert payload["position"] == self.expected(asset)

    async def move(self, operation: str, dollars: Fraction) -> None:
        self.book.move(dollars if operation == "deposit" else -dollars)
        text = MOVE.replace("OPERATION", operation)
        answer = await self.world.run(text, {"amount": plain(dollars, 2)}, as_=self.session)
        assert answer[operation] == {"account": {"cash": plain(self.book.cash, 2)}, "errors": []}

    def expected(self, asset: str) -> dict[str, str]:
        held, value = self.book.of(asset), self.book.value(asset)
        return {
            "quantity": plain(held.quantity, 8).rstrip("0").rstrip("."),
            "costBasis": plain(held.basis, 2),
            "realizedPnl": plain(held.realized, 2),
            "marketValue": plain(value, 2),
            "unrealizedPnl": plain(value - held.basis, 2),
        }

    async def check_portfolio(self) -> None:
        found = (await self.world.run(PORTFOLIO, as_=self.session))["portfolio"]
        book = self.book
        assets = sorted(book.held, key=lambda asset: (-book.value(asset), asset))
        value = sum((book.value(asset) for asset in assets), Fraction(0))
        assert found == {
            "version": self.operations,
            "cash": plain(book.cash, 2),
            "assetValue": plain(value, 2),
            "totalValue": plain(book.total, 2),
            "unrealizedPnl": plain(value - sum(held.basis for held in book.held.values()), 2),
            "realizedPnl": plain(sum(held.realized for held in book.held.values()), 2),
            "dayChange": plain(book.total - book.opening, 2),
            "positions": [
                {"asset": {"id": asset}, **self.expected(asset)}
                for asset in assets
                if book.of(asset).quantity
            ],
        }


@pytest.mark.parametrize("source", SOURCES)
async def test_two_days_of_trading_agree_with_a_second_bookkeeper(
    source: str, tmp_path: Path
) -> None:
    write_days(source, tmp_path)
    market = ReplayMarket(tmp_path)
    clock = SetClock(market.now())
    rules = TradingRules(fee=percent(FEE), slippage=percent(SLIPPAGE))
    old = tuple(replace(one, price_at=LONG_AGO) for one in CATALOGUE)
    async with opened(rules=rules, clock=clock, catalogue=old, prices={}) as world:
        day = Day(world, await world.register(), PaperBook())
        ticks, today = 0, clock.at.date()
        await deposit_to_begin_with(day)
        while report := market.step():
            is_midnight = report.at.time() == time(0)
            if report.at.date() > today and not is_midnight:
                clock.at, today = report.at, report.at.date()
                day.book.begin_day()
                await deposit_to_begin_with(day)
            clock.at = report.at
            await (await world.exchange.market.opened()).take(report)
            (move,) = report.moves
            day.book.prices[move.asset_id] = Fraction(str(move.price))
            ticks += 1
            if ticks % ACT_EVERY == 0 and not is_midnight:
                await day.act(ticks // ACT_EVERY, move.asset_id)
                await day.check_portfolio()
        # The last minute ends at midnight: its price is what the next day begins with.
        day.book.begin_day()
        day.session = await world.later(day.session, 0)
        await day.check_portfolio()
        assert ticks > 5_000
        assert day.operations > 50
        assert set(day.book.held) == {"BTC", "ETH", "LTC"}
    market.close()


async def deposit_to_begin_with(day: Day) -> None:
    day.session = await day.world.later(day.session, 0)
    await day.move("deposit", Fraction(4_000))
    day.operations += 1


def percent(share: Fraction) -> Percent:
    return Percent.of(plain(share * 100, 4))


def plain(value: Fraction | int, decimals: int) -> str:
    """Return an exact value in plain notation; one with more decimals would be a mistake."""
    units = Fraction(value) * 10**decimals
    assert units.denominator == 1
    sign, digits = "-" if units < 0 else "", str(abs(units.numerator)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
