"""Whatever is asked for, in whatever order, the ledger and a naive model agree to the cent."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from adapters.book_store import BookTable
from adapters.sqlite_table import SqliteTable
from adapters.table import Table
from domain.commands import Command
from domain.funds import Deposit, Withdraw
from domain.ids import AssetId, OrderId
from domain.instants import day_end
from domain.ledger import Outcome
from domain.market_clock import PresentTime
from domain.money import Percent, Price
from domain.order_ends import CancelOrder
from domain.order_expiry import OrderExpiry, hour_of
from domain.orders import OrderSide, OrderStatus, OrderType, TimeInForce
from domain.refusals import UNRECORDED
from domain.reset_sweeps import ResetSweeps
from domain.resets import Reset
from domain.rewards import ClaimReward
from domain.rules import ORDER_LIFETIME, RewardBook, TradingRules
from domain.ticks import PriceMove, Tick
from domain.trigger_engine import TriggerEngine
from domain.unattended import Unattended
from tests.domain.ledger_model import Model, No, Rest
from tests.domain.ledger_world import (
    ACCOUNT,
    BTC,
    ETH,
    GREETING,
    RULES,
    World,
    order,
    resting,
)

assets = st.sampled_from([BTC, ETH])
keys = st.sampled_from([None, None, None, "one", "two", "three"])
cents = st.one_of(st.integers(1, 10_00), st.integers(1, 9_000_00)).map(lambda n: Decimal(n) / 100)
quantities = st.one_of(st.integers(1, 10**4), st.integers(1, 10**8)).map(
    lambda n: Decimal(n).scaleb(-8)
)
prices = st.integers(1, 10**17).map(lambda n: Decimal(n).scaleb(-12))
steps = st.one_of(
    st.sampled_from([timedelta(days=1), timedelta(days=-1), timedelta(days=7)]),
    st.integers(-40 * 3_600_000, 40 * 3_600_000).map(lambda ms: timedelta(milliseconds=ms)),
)


class Trading(RuleBasedStateMachine):
    """One user who tries everything, on a table in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()

    async def table(self, world: World) -> Table:
        return world.table

    @initialize(
        fee=st.sampled_from(["0", "0.25"]),
        slippage=st.sampled_from(["0", "1.5"]),
        cash=st.sampled_from(["0.01", "5000"]),
    )
    def begin(self, fee: str, slippage: str, cash: str) -> None:
        rewards: RewardBook = RULES.rewards
        rules = TradingRules(fee=Percent.of(fee), slippage=Percent.of(slippage), rewards=rewards)
        self.world = World(rules=rules)
        self.model = Model(self.world.clock.at, Decimal(fee), Decimal(slippage))
        self.now: dict[AssetId, Decimal] = {}
        self.expired: set[str] = set()
        self.runner.run(self._open())
        self.price(BTC, Decimal(50000))
        self.price(ETH, Decimal("2500.123456789"))
        self.deposit(Decimal(cash), None)

    async def _open(self) -> None:
        table = await self.table(self.world)
        if table is not self.world.table:
            self.world = _moved_to(self.world, table)
        await self.world.open()

    @rule(asset=assets, price=prices)
    def price(self, asset: AssetId, price: Decimal) -> None:
        """Move a price, and let the tick set off what waits for it."""
        self.now[asset] = price
        self.quote(asset)
        tick = Tick(
            number=1,
            fence=1,
            at=self.world.clock.at,
            source="test",
            moves=(PriceMove(asset, Price.of(price)),),
        )
        ended = self.model.tick(asset, price)
        self.runner.run(self.engine().work(tick))
        self.compare_ends(ended)

    def quote(self, asset: AssetId) -> None:
        self.world.prices.set(asset, f"{self.now[asset]:f}", at=self.world.clock.at)

    def engine(self) -> TriggerEngine:
        """Return a new leader's engine."""

        async def confirm() -> None:
            return

        return TriggerEngine(
            books=BookTable(self.world.table, ids=self.world.ids),
            unattended=self.unattended(),
            quotes=self.world.prices,
            clock=self.world.clock,
            confirm=confirm,
        )

    def unattended(self) -> Unattended:
        return Unattended(self.world.ledger, ResetSweeps(self.world.ledger, self.world.accounts))

    def compare_ends(self, ended: dict[str, str]) -> None:
        ids = [OrderId(name) for name in ended]
        found = self.runner.run(self.world.accounts.orders(ACCOUNT, ids))
        assert {name: order.status.value for name, order in found.items()} == ended

    @rule(step=steps)
    def step_the_clock(self, step: timedelta) -> None:
        self.world.clock.advance(step)
        self.model.now += step
        self.expired |= {key for key in self.model.keys if not self.model.remembered(key)}
        for asset in self.now:
            self.quote(asset)

    @rule()
    def sweep(self) -> None:
        """End what is over by the clock."""
        over = [name for name, rest in self.model.resting.items() if rest.ends <= self.model.now]
        for name in over:
            self.model.end(name)
        books = BookTable(self.world.table, ids=self.world.ids)
        expiry = OrderExpiry(
            books=books,
            unattended=self.unattended(),
            market_clock=PresentTime(self.world.clock),
        )
        expiry._from = hour_of(self.world.clock.at - timedelta(days=40))
        self.runner.run(expiry.sweep())
        self.compare_ends(dict.fromkeys(over, "EXPIRED"))

    @rule(
        asset=assets,
        side=st.sampled_from(OrderSide),
        kind=st.sampled_from([OrderType.LIMIT, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT]),
        force=st.sampled_from([None, None, TimeInForce.DAY, TimeInForce.IOC]),
        quantity=quantities,
        away=st.sampled_from(["0.5", "0.99", "1", "1.01", "2"]),
        key=keys,
    )
    def wait(  # noqa: PLR0917 - what an order is made of
        self,
        asset: AssetId,
        side: OrderSide,
        kind: OrderType,
        force: TimeInForce | None,
        quantity: Decimal,
        away: str,
        key: str | None,
    ) -> None:
        """Place an order at a level near the price, or try to."""
        self.wait_at(asset, side, kind, force, quantity, away, key)

    def wait_at(  # noqa: PLR0917 - what an order is made of
        self,
        asset: AssetId,
        side: OrderSide,
        kind: OrderType,
        force: TimeInForce | None,
        quantity: Decimal,
        away: str,
        key: str | None,
    ) -> None:
        level = max(self.now[asset] * Decimal(away), Decimal("0.000000000001"))
        level = level.quantize(Decimal("0.000000000001"))
        is_limit = kind is OrderType.LIMIT
        force = force if is_limit or force is not TimeInForce.IOC else None
        now = max(self.model.now, self.model.last)
        rest = Rest(
            asset=asset,
            is_buy=side is OrderSide.BUY,
            is_up=(kind is OrderType.STOP_LOSS) is (side is OrderSide.BUY),
            quantity=quantity,
            level=level,
            ends=day_end(now.date()) if force is TimeInForce.DAY else now + ORDER_LIFETIME,
            cash=Decimal(0),
            is_limit=is_limit,
        )
        waits = False

        def place() -> None:
            nonlocal waits
            may_wait = force is not TimeInForce.IOC
            waits = self.model.place(rest, self.now[asset], may_wait=may_wait)

        done = self.ask(
            resting(kind, side, f"{quantity:f}", f"{level:f}", asset, force), key, place
        )
        if waits:
            assert done is not None
            assert done.order is not None
            assert done.order.status is OrderStatus.OPEN
            self.model.resting[done.order.id] = rest

    @rule(
        asset=assets,
        side=st.sampled_from(OrderSide),
        kind=st.sampled_from([OrderType.LIMIT, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT]),
        part=st.sampled_from(["0.1", "0.3", "0.9", "1"]),
        away=st.sampled_from(["0.01", "0.1", "0.6"]),
    )
    def wait_with_a_part(
        self, asset: AssetId, side: OrderSide, kind: OrderType, part: str, away: str
    ) -> None:
        """Place an order for a part of what there is, where the price hasn't come yet."""
        if self.model.available() < 100:
            self.deposit(Decimal(2000), None)
        if side is OrderSide.SELL and not self.model.deliverable(asset):
            self.trade_a_notional(asset, OrderSide.BUY, Decimal(50), None)
        is_buy, step = side is OrderSide.BUY, Decimal("0.00000001")
        is_up = (kind is OrderType.STOP_LOSS) is is_buy
        moved = Decimal(1) + Decimal(away) * (1 if is_up else -1)
        level = self.now[asset] * moved
        most = min(self.model.available(), Decimal(9000)) / level
        quantity = most if is_buy else self.model.deliverable(asset)
        quantity = max((quantity * Decimal(part)).quantize(step, ROUND_DOWN), step)
        self.wait_at(asset, side, kind, None, quantity, f"{moved}", None)

    @precondition(lambda self: self.model.resting)
    @rule(which=st.integers(0, 99), past=st.sampled_from(["0", "0.05", "0.6"]))
    def come_to_where_somebody_waits(self, which: int, past: str) -> None:
        """Move a price to a level, or past it."""
        name = sorted(self.model.resting)[which % len(self.model.resting)]
        rest = self.model.resting[name]
        price = rest.level * (Decimal(1) + Decimal(past) * (1 if rest.is_up else -1))
        least = Decimal("0.000000000001")
        self.price(AssetId(rest.asset), max(price.quantize(least), least))

    @precondition(lambda self: self.model.resting)
    @rule(which=st.integers(0, 99))
    def cancel(self, which: int) -> None:
        name = sorted(self.model.resting)[which % len(self.model.resting)]
        asset = AssetId(self.model.resting[name].asset)
        command = CancelOrder(order_id=OrderId(name), asset_id=asset)
        self.ask(command, None, lambda: self.model.end(name))

    @rule(amount=cents, key=keys)
    def deposit(self, amount: Decimal, key: str | None) -> None:
        self.ask(Deposit.of(amount), key, lambda: self.model.deposit(amount))

    @rule(amount=cents, key=keys)
    def withdraw(self, amount: Decimal, key: str | None) -> None:
        self.ask(Withdraw.of(amount), key, lambda: self.model.withdraw(amount))

    @rule(asset=assets, side=st.sampled_from(OrderSide), quantity=quantities, key=keys)
    def trade_a_quantity(
        self, asset: AssetId, side: OrderSide, quantity: Decimal, key: str | None
    ) -> None:
        trade = self.model.buy if side is OrderSide.BUY else self.model.sell
        price = self.now[asset]
        self.ask(
            order(side, asset, quantity=f"{quantity:f}"),
            key,
            lambda: trade(asset, price, quantity, Decimal(0)),
        )

    @rule(asset=assets, side=st.sampled_from(OrderSide), notional=cents, key=keys)
    def trade_a_notional(
        self, asset: AssetId, side: OrderSide, notional: Decimal, key: str | None
    ) -> None:
        trade = self.model.buy if side is OrderSide.BUY else self.model.sell
        price = self.now[asset]
        self.ask(
            order(side, asset, notional=f"{notional:f}"),
            key,
            lambda: trade(asset, price, None, notional),
        )

    @precondition(lambda self: any(held.quantity for held in self.model.held.values()))
    @rule(asset=assets)
    def sell_out(self, asset: AssetId) -> None:
        held = self.model.held.get(asset)
        if held and held.quantity:
            self.trade_a_quantity(asset, OrderSide.SELL, held.quantity, None)

    @rule(phrase=st.sampled_from([GREETING, "hello"]), key=keys)
    def claim(self, phrase: str, key: str | None) -> None:
        is_red_pocket = phrase == GREETING
        self.ask(ClaimReward.of(phrase), key, lambda: self.model.claim(is_red_pocket=is_red_pocket))

    @rule(key=keys)
    def reset(self, key: str | None) -> None:
        self.ask(Reset(), key, self.model.reset)

    def ask(
        self, command: Command, key: str | None, expected: Callable[[], None]
    ) -> Outcome | None:
        """Ask both, and compare what they say."""
        if key in self.expired and self.model.remembered(key):
            # The clock went past its end and back: an engine may have deleted it, or may not.
            return None
        done = self.runner.run(self.world.do(command, key))
        said = [error.code.value for error in done.errors]
        known = self.model.remembered(key) if key else None
        if known is not None:
            self.compare_replay(command, done, known)
            return done
        assert said == _refusals_of(expected)
        assert not done.is_replay
        if key and not {error.code for error in done.errors} & UNRECORDED:
            answer = (done.entry, done.errors)
            self.model.keys[key] = (self.model.now, command, answer)
            self.expired.discard(key)
        return done

    def compare_replay(self, command: Command, done: Outcome, known: tuple[object, object]) -> None:
        if known[0] == command:
            assert done.is_replay
            assert (done.entry, done.errors) == known[1]
        else:
            assert [error.code.value for error in done.errors] == ["IDEMPOTENCY_MISMATCH"]

    @invariant()
    def both_have_the_same(self) -> None:
        holdings = self.runner.run(self.world.accounts.holdings(ACCOUNT))
        account, model = holdings.account, self.model
        assert Decimal(str(account.cash)) == model.cash
        assert (account.version, account.day) == (model.version, model.day)
        assert Decimal(str(account.available)) == model.available()
        assert account.open_orders == len(model.resting)
        assert Decimal(str(account.deposited)) == model.deposited
        assert Decimal(str(account.withdrawn)) == model.withdrawn
        found = {
            held.asset_id: (
                Decimal(str(held.quantity)),
                Decimal(str(held.cost_basis)),
                Decimal(str(held.realized_gain)),
                Decimal(str(held.held)),
            )
            for held in holdings.positions
        }
        assert found == {
            asset: (held.quantity, held.basis, held.gain, model.kept(asset))
            for asset, held in model.held.items()
        }

    @invariant()
    def an_audit_finds_nothing(self) -> None:
        assert self.runner.run(self.world.findings()) == []

    def teardown(self) -> None:
        self.runner.close()


class TradingOnSqlite(Trading):
    """The same on a file."""

    async def table(self, world: World) -> Table:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "store.db"
        self.sqlite = await SqliteTable.open(path, wall_clock_s=world.clock.now_s)
        return self.sqlite

    def teardown(self) -> None:
        self.runner.run(self.sqlite.close())
        self.folder.cleanup()
        super().teardown()


def _refusals_of(attempt: Callable[[], None]) -> list[str]:
    try:
        attempt()
    except No as no:
        return [str(no)]
    return []


def _moved_to(world: World, table: Table) -> World:
    moved = World(table, world.rules)
    moved.clock = world.clock
    moved.ledger = moved.another_ledger()
    return moved


EXAMPLES = settings.default.max_examples if settings.default else 100

TestTradingInMemory = Trading.TestCase
TestTradingInMemory.settings = settings(
    max_examples=max(1, EXAMPLES * 3 // 10), stateful_step_count=40
)
TestTradingOnSqlite = TradingOnSqlite.TestCase
TestTradingOnSqlite.settings = settings(max_examples=max(1, EXAMPLES // 20), stateful_step_count=40)
