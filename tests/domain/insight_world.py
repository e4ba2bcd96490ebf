"""A portfolio with known figures, and a model and a cache that do what a test tells them."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from domain.accounts import Account, Position
from domain.assets import Asset
from domain.ids import AccountId, AssetId, OrderId, UserId
from domain.insight_prompts import InsightKey, Prompt, prompt_about
from domain.insight_results import (
    InsightsUnavailable,
    InsightsUnavailableReason,
    PortfolioInsights,
)
from domain.insights import Insights
from domain.money import NO_MONEY, NO_QUANTITY, Money, Percent, Price, Quantity
from domain.orders import Fill, Order, OrderSide, OrderStatus, OrderType
from domain.portfolios import Portfolio, portfolio
from tests.domain.identity_world import SetClock

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ALICE, BOB = UserId("usr_1"), UserId("usr_2")
ACCOUNT = AccountId("acc_1")
MODEL = "gemini-test"
GOOD = "Bitcoin is worth $5,000.00 of the total of $10,234.56."


def asset(name: str = "BTC", price: str = "50000", full_name: str = "Bitcoin") -> Asset:
    dollars = Price.of(price)
    return Asset(
        id=AssetId(name),
        symbol=name,
        name=full_name,
        category="Layer 1",
        price=dollars,
        price_at=NOW,
        price_source="test",
        high_24h=dollars,
        low_24h=dollars,
        price_change_24h=Price(0),
        day_open_price=dollars,
    )


def position(name: str = "BTC", quantity: str = "0.1", cost: str = "5120.50") -> Position:
    return Position(
        account_id=ACCOUNT,
        asset_id=AssetId(name),
        quantity=Quantity.of(quantity),
        held=NO_QUANTITY,
        cost_basis=Money.of(cost),
        realized_gain=NO_MONEY,
        day=NOW.date(),
        day_quantity=NO_QUANTITY,
        version=1,
        epoch=0,
    )


def holding(
    positions: Iterable[Position] = (position(),),
    assets: Iterable[Asset] = (asset(),),
    cash: str = "5234.56",
) -> Portfolio:
    account = Account(
        id=ACCOUNT,
        version=2,
        epoch=0,
        cash=Money.of(cash),
        held=NO_MONEY,
        day=NOW.date(),
        deposited=NO_MONEY,
        withdrawn=NO_MONEY,
        day_baseline=NO_MONEY,
        open_orders=0,
        created_at=NOW,
        changed_at=NOW,
    )
    return portfolio(account, tuple(positions), {one.id: one for one in assets}, NOW)


def order(number: int = 1, quantity: str = "0.25") -> Order:
    return Order(
        id=OrderId(f"ord_{number}"),
        account_id=ACCOUNT,
        asset_id=AssetId("BTC"),
        side=OrderSide.BUY,
        type=OrderType.MARKET,
        status=OrderStatus.FILLED,
        quantity=Quantity.of(quantity),
        held_cash=NO_MONEY,
        held_quantity=NO_QUANTITY,
        version=number,
        epoch=0,
        created_at=NOW,
        updated_at=NOW,
        fill=Fill(
            price=Price.of("48000.123"),
            notional=Money.of("12000.03"),
            fee=NO_MONEY,
            total=Money.of("12000.04"),
            quoted_price=Price.of(48000),
            slippage=Percent(0),
            price_source="test",
            price_age_ms=0,
            at=NOW,
        ),
    )


def resting(
    order_type: OrderType, *, limit: str | None = None, trigger: str | None = None
) -> Order:
    return replace(
        order(),
        type=order_type,
        status=OrderStatus.OPEN,
        fill=None,
        limit_price=Price.of(limit) if limit else None,
        trigger_price=Price.of(trigger) if trigger else None,
    )


def prompt() -> Prompt:
    return prompt_about(holding(), [order()], model=MODEL)


class ScriptedModel:
    """An InsightModel that gives what it was told to, once it may."""

    name = MODEL

    def __init__(self, *given: str | Exception) -> None:
        self.given = deque(given)
        self.asked: list[Prompt] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def answer(self, prompt: Prompt) -> str:
        self.asked.append(prompt)
        await self.may_answer.wait()
        following = self.given.popleft()
        if isinstance(following, Exception):
            raise following
        return following


class KeptInsights:
    """An InsightCache in memory, which fails where a test wants it to."""

    def __init__(self) -> None:
        self.entries: dict[InsightKey, PortfolioInsights] = {}
        self.get_error: Exception | None = None
        self.put_error: Exception | None = None

    async def get(self, key: InsightKey) -> PortfolioInsights | None:
        await asyncio.sleep(0)
        if self.get_error:
            raise self.get_error
        return self.entries.get(key)

    async def put(self, key: InsightKey, insights: PortfolioInsights) -> None:
        if self.put_error:
            raise self.put_error
        self.entries[key] = insights


class World:
    """Insights with everything around them in memory."""

    def __init__(self, *given: str | Exception) -> None:
        self.clock = SetClock(NOW)
        self.model = ScriptedModel(*given)
        self.cache = KeptInsights()
        self.insights = Insights(model=self.model, cache=self.cache, clock=self.clock)

    @property
    def calls(self) -> int:
        return len(self.model.asked)


async def turns(count: int = 10) -> None:
    """Let everything that can go on go on."""
    for _ in range(count):
        await asyncio.sleep(0)


def reason_of(found: PortfolioInsights | InsightsUnavailable) -> InsightsUnavailableReason:
    assert isinstance(found, InsightsUnavailable)
    assert found.message
    return found.reason
