"""Markets with resting orders: processes that come and go on one table, and people who trade."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from adapters.account_items import account_item
from adapters.account_store import AccountTable
from adapters.asset_store import AssetTable
from adapters.book_store import BookTable
from adapters.identity_items import (
    claim_item,
    email_claim_key,
    user_account_item,
    user_item,
    username_claim_key,
)
from adapters.lease_store import LeaseTable
from adapters.local_bus import LocalTickBus
from adapters.table import Put, Table
from adapters.tick_store import TickTable
from domain.accounts import Account, opened
from domain.catalogue import CatalogueEntry
from domain.commands import Command
from domain.funds import Deposit
from domain.ids import AccountId, AssetId, OrderId, UserId
from domain.leadership import Leadership
from domain.ledger import Ledger, Outcome, Wish
from domain.market_clock import PresentTime
from domain.market_feed import MarketFeed
from domain.order_expiry import OrderExpiry
from domain.orders import Order
from domain.ports.leases import Lease
from domain.price_board import PriceBoard
from domain.reset_sweeps import ResetSweeps
from domain.rules import TradingRules
from domain.ticks import PriceReport
from domain.trigger_engine import TriggerEngine
from domain.unattended import Unattended
from domain.warm_start import catch_up, warm_start
from tests.adapters.memory_table import MemoryTable
from tests.domain.ledger_world import ALICE, CountingIds, NotedHints, SetClock, Turns, findings_of
from tests.domain.market_world import BTC, ETH, ListedSource, entry, moves

CATALOGUE = (entry(BTC, 100), entry(ETH, 10))
LEASE = "market"


def account_id(number: int) -> AccountId:
    return AccountId(f"acc_{number:026}")


def user_id(number: int) -> UserId:
    return UserId(f"usr_{number:026}")


@dataclass
class Process:
    """One server: its own memory, and the common table."""

    board: PriceBoard
    ledger: Ledger
    engine: TriggerEngine
    expiry: OrderExpiry
    sweeps: ResetSweeps
    feed: MarketFeed

    async def tick(self, prices: Mapping[AssetId, int | str], clock: SetClock) -> None:
        """Make a tick, and do its work."""
        report = PriceReport(at=clock.now(), source="test", moves=moves(prices))
        await self.feed.take(report)

    async def finish(self) -> None:
        """Do what a new leader does first; its source has nothing to say."""
        await self.feed.run()


class BookWorld:
    """A table, a clock, and whoever works on them."""

    def __init__(self, table: MemoryTable | None = None, rules: TradingRules | None = None) -> None:
        self.clock = SetClock()
        self.table = table or MemoryTable(self.clock.now_s)
        self.rules = rules or TradingRules()
        self.ids = CountingIds()
        self.hints = NotedHints()
        self.accounts = AccountTable(self.table)
        self.catalogue: tuple[CatalogueEntry, ...] = CATALOGUE
        self.fence = 0
        self.process: Process

    async def open(self, *cash: str) -> "BookWorld":
        """Start a process, and open an account for each amount."""
        for number, _ in enumerate(cash, 1):
            await self.register(number)
        self.process = await self.start()
        for number, amount in enumerate(cash, 1):
            if Decimal(amount):
                await self.do(Deposit.of(Decimal(amount)), number)
        return self

    async def register(self, number: int) -> None:
        name = f"user_{number:04}"
        user = ALICE.__class__(
            **{
                field: getattr(ALICE, field)
                for field in ALICE.__dataclass_fields__
                if field not in {"id", "username", "email"}
            },
            id=user_id(number),
            username=name,
            email=f"{name}@example.com",
        )
        items = (
            user_item(user),
            claim_item(username_claim_key(user.username_key), user.id),
            claim_item(email_claim_key(user.email_key), user.id),
            user_account_item(user.id, account_id(number)),
            account_item(opened(account_id(number), self.clock.now())),
        )
        await self.table.transact([Put(item) for item in items], token=name)

    async def start(self, table: Table | None = None, *, seed: int = 0) -> Process:
        """Begin a new process that leads; `table` is what it sees of the common one."""
        seen = table or self.table
        self.fence += 1
        leases = LeaseTable(self.table)
        lease = Lease(name=LEASE, owner=f"process {self.fence}", fence=self.fence, beat=0)
        await leases.write(lease, was=await leases.read(LEASE))
        leadership = Leadership(
            name=LEASE, owner=lease.owner, leases=LeaseTable(seen), monotonic=self.clock.now_s
        )
        leadership._fence = self.fence
        board = PriceBoard()
        ticks = TickTable(seen, clock=self.clock, lease=LEASE)
        await warm_start(
            board,
            self.catalogue,
            assets=AssetTable(self.table),
            ticks=TickTable(self.table, clock=self.clock),
        )
        await catch_up(board, TickTable(self.table, clock=self.clock))
        accounts = AccountTable(seen)
        ledger = Ledger(
            accounts=accounts,
            quotes=board,
            hints=self.hints,
            rules=self.rules,
            market_clock=PresentTime(self.clock),
            wall_clock=self.clock,
            ids=self.ids,
            pause=Turns(seed, doublings_max=1),
        )
        sweeps = ResetSweeps(ledger, accounts)
        unattended = Unattended(ledger, sweeps)
        books = BookTable(seen, ids=self.ids)
        engine = TriggerEngine(
            books=books,
            unattended=unattended,
            quotes=board,
            clock=self.clock,
            confirm=leadership.confirm,
        )
        engine.begin(board.quotes())
        feed = MarketFeed(
            source=ListedSource(()),
            board=board,
            ticks=ticks,
            assets=AssetTable(seen, lease=LEASE),
            bus=LocalTickBus(),
            clock=self.clock,
            sleep=_at_once,
            fence=self.fence,
            works=(engine.work,),
        )
        return Process(
            board=board,
            ledger=ledger,
            engine=engine,
            expiry=OrderExpiry(
                books=books, unattended=unattended, market_clock=PresentTime(self.clock)
            ),
            sweeps=sweeps,
            feed=feed,
        )

    async def tick(self, btc: int | str | None = None, **others: int | str) -> None:
        prices = {AssetId(name): price for name, price in others.items()}
        if btc is not None:
            prices[BTC] = btc
        await self.process.tick(prices, self.clock)

    async def do(self, command: Command, number: int = 1, ledger: Ledger | None = None) -> Outcome:
        wish = Wish(user_id=user_id(number), account_id=account_id(number), command=command)
        return await (ledger or self.process.ledger).carry_out(wish)

    async def placed(self, command: Command, number: int = 1) -> Order:
        """Place an order that must be taken."""
        done = await self.do(command, number)
        assert done.errors == (), done.errors
        assert done.order is not None
        return done.order

    async def order(self, order: Order) -> Order:
        """Return an order as it is stored now."""
        return (await self.accounts.orders(order.account_id, [order.id]))[order.id]

    async def account(self, number: int = 1) -> Account:
        found = await self.accounts.account(account_id(number))
        assert found is not None
        return found

    async def check(self) -> None:
        """Audit everything."""
        assert await findings_of(self.table) == []

    def places(self) -> list[OrderId]:
        """Return the orders that have a place in the book."""
        return [
            OrderId(str(item.attributes["order"]))
            for key, item in self.table._items.items()
            if key.pk.startswith("BOOK#")
        ]


async def _at_once(_seconds: float) -> None:
    await asyncio.sleep(0)
