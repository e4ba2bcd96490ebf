"""A ledger with everything around it in memory: a clock to set, prices to move, faults to meet."""

import asyncio
import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from adapters.account_items import account_item
from adapters.account_store import AccountTable
from adapters.audit_reader import Progress, audit_store
from adapters.identity_items import (
    claim_item,
    email_claim_key,
    user_account_item,
    user_item,
    username_claim_key,
)
from adapters.table import Put, Table
from domain.accounts import Account, opened
from domain.assets import Quote
from domain.audit import Finding
from domain.commands import Command
from domain.funds import Deposit, Withdraw
from domain.ids import AccountId, AssetId, IdempotencyKey, UserId, ulid_text
from domain.instants import ms_of
from domain.ledger import Ledger, Outcome, Wish
from domain.market_clock import PresentTime
from domain.market_orders import PlaceOrder
from domain.money import Money, Price
from domain.order_requests import OrderFields
from domain.orders import OrderSide, OrderType, TimeInForce
from domain.refusals import ErrorCode
from domain.resets import Reset
from domain.resting_orders import PlaceRestingOrder
from domain.rewards import ClaimReward
from domain.rules import RewardBook, TradingRules
from domain.users import User
from tests.adapters.memory_table import MemoryTable
from tests.domain.noted_audit import NotedAudit

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
USER = UserId("usr_00000000000000000000000001")
ACCOUNT = AccountId("acc_00000000000000000000000001")
BTC, ETH = AssetId("BTC"), AssetId("ETH")
GREETING = "恭喜发财"
RULES = TradingRules(rewards=RewardBook({GREETING: Money(88_88)}))


class SetClock:
    """A Clock that stands still until it is set."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def now_s(self) -> float:
        return self.at.timestamp()

    def advance(self, step: timedelta) -> None:
        self.at += step


class CountingIds:
    """Ids that count up."""

    def __init__(self) -> None:
        self._made = 0

    def ulid(self, at: datetime) -> str:
        self._made += 1
        return ulid_text(ms_of(at), self._made)

    def token(self) -> str:
        self._made += 1
        return f"{self._made:032}"


class SetPrices:
    """Quotes that stand still until they are set."""

    def __init__(self) -> None:
        self._quotes: dict[AssetId, Quote] = {}

    def set(
        self, asset: AssetId, price: str, *, at: datetime = NOW, is_tradable: bool = True
    ) -> Quote:
        quote = Quote(
            asset_id=asset, price=Price.of(price), source="test", at=at, is_tradable=is_tradable
        )
        self._quotes[asset] = quote
        return quote

    def quote(self, asset_id: AssetId) -> Quote | None:
        return self._quotes.get(asset_id)


class NotedHints:
    """Hints, noted."""

    def __init__(self) -> None:
        self.versions: list[int] = []

    def changed(self, account_id: AccountId, version: int) -> None:
        self.versions.append(version)


class Turns:
    """A pause in turns of the event loop instead of seconds.

    Jittered and growing as in `web`: about one transaction at first, a hundred of them at most.
    """

    def __init__(self, seed: int = 0, *, doublings_max: int = 6) -> None:
        self._chance = random.Random(seed)
        self._doublings_max = doublings_max

    async def __call__(self, attempt: int) -> None:
        for _ in range(self._chance.randint(0, 8 * 2 ** min(attempt, self._doublings_max))):
            await asyncio.sleep(0)


class World:
    """One user with one account, and any number of ledgers on one table."""

    def __init__(self, table: Table | None = None, rules: TradingRules = RULES) -> None:
        self.clock = SetClock()
        self.table: Table = table or MemoryTable(self.clock.now_s)
        self.rules = rules
        self.ids = CountingIds()
        self.prices = SetPrices()
        self.hints = NotedHints()
        self.audit = NotedAudit()
        self.accounts = AccountTable(self.table)
        self.ledger = self.another_ledger()
        self.prices.set(BTC, "50000")
        self.prices.set(ETH, "2500")

    def another_ledger(
        self,
        table: Table | None = None,
        seed: int = 0,
        *,
        wall_clock: SetClock | None = None,
    ) -> Ledger:
        """Return a ledger as another process would have it: it shares the store, and no lock."""
        return Ledger(
            accounts=AccountTable(table or self.table),
            quotes=self.prices,
            hints=self.hints,
            rules=self.rules,
            market_clock=PresentTime(self.clock),
            wall_clock=wall_clock or self.clock,
            ids=self.ids,
            pause=Turns(seed),
            audit=self.audit,
        )

    async def open(self, cash: str = "0", table: Table | None = None) -> "World":
        """Register the user, and put money in, day by day where it is more than a day's limit."""
        items = (
            user_item(ALICE),
            claim_item(username_claim_key(ALICE.username_key), USER),
            claim_item(email_claim_key(ALICE.email_key), USER),
            user_account_item(USER, ACCOUNT),
            account_item(opened(ACCOUNT, self.clock.now())),
        )
        await (table or self.table).transact([Put(item) for item in items], token="open")
        if Decimal(cash):
            done = await self.deposit(cash)
            assert not done.errors, done.errors
        return self

    async def do(
        self, command: Command, key: str | None = None, *, ledger: Ledger | None = None
    ) -> Outcome:
        wish = Wish(
            user_id=USER,
            account_id=ACCOUNT,
            command=command,
            key=IdempotencyKey(key) if key else None,
        )
        return await (ledger or self.ledger).carry_out(wish)

    async def deposit(self, amount: str, key: str | None = None) -> Outcome:
        return await self.do(Deposit.of(Decimal(amount)), key)

    async def withdraw(self, amount: str, key: str | None = None) -> Outcome:
        return await self.do(Withdraw.of(Decimal(amount)), key)

    async def buy(self, quantity: str, asset: AssetId = BTC, key: str | None = None) -> Outcome:
        return await self.do(order(OrderSide.BUY, asset, quantity=quantity), key)

    async def sell(self, quantity: str, asset: AssetId = BTC, key: str | None = None) -> Outcome:
        return await self.do(order(OrderSide.SELL, asset, quantity=quantity), key)

    async def claim(self, phrase: str = GREETING, key: str | None = None) -> Outcome:
        return await self.do(ClaimReward.of(phrase), key)

    async def reset(self, key: str | None = None) -> Outcome:
        return await self.do(Reset(), key)

    async def account(self) -> Account:
        found = await self.accounts.account(ACCOUNT)
        assert found is not None
        return found

    async def findings(self) -> list[Finding]:
        return await findings_of(self.table)


def order(
    side: OrderSide,
    asset: AssetId = BTC,
    *,
    quantity: str | None = None,
    notional: str | None = None,
    expected: str | None = None,
    slippage: str | None = None,
) -> PlaceOrder:
    """Return a market order."""
    return PlaceOrder.of(
        OrderFields(
            asset_id=asset,
            side=side,
            quantity=_number(quantity),
            notional=_number(notional),
            expected_price=_number(expected),
            max_slippage_percent=_number(slippage),
        )
    )


def resting(  # noqa: PLR0917 - what an order is made of
    kind: OrderType,
    side: OrderSide,
    quantity: str,
    level: str,
    asset: AssetId = BTC,
    force: TimeInForce | None = None,
    ends: datetime | None = None,
) -> PlaceRestingOrder:
    """Return an order that waits for a price."""
    is_limit = kind is OrderType.LIMIT
    return PlaceRestingOrder.of(
        OrderFields(
            asset_id=asset,
            side=side,
            type=kind,
            quantity=Decimal(quantity),
            limit_price=Decimal(level) if is_limit else None,
            trigger_price=None if is_limit else Decimal(level),
            time_in_force=force,
            expires_at=ends,
        )
    )


async def findings_of(table: Table) -> list[Finding]:
    """Return all that an audit of the table finds."""
    return [told async for told in audit_store(table) if not isinstance(told, Progress)]


def codes(outcomes: Iterable[Outcome]) -> list[ErrorCode]:
    """Return the codes of all refusals."""
    return [error.code for outcome in outcomes for error in outcome.errors]


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


ALICE = User(
    id=USER,
    username="Alice_01",
    email="Alice@Example.com",
    first_name="Alice",
    last_name="Liddell",
    phone=None,
    date_of_birth=date(1990, 5, 4),
    marketing_consent=False,
    password_hash="none",
    credential_version=1,
    version=1,
    created_at=NOW,
    updated_at=NOW,
)
