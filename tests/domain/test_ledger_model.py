"""Whatever is asked for, in whatever order, the ledger and a naive model agree to the cent."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from adapters.sqlite_table import SqliteTable
from adapters.table import Table
from domain.commands import Command
from domain.funds import Deposit, Withdraw
from domain.ids import AssetId
from domain.ledger import Outcome
from domain.money import Percent
from domain.orders import OrderSide
from domain.refusals import UNRECORDED
from domain.resets import Reset
from domain.rewards import ClaimReward
from domain.rules import RewardBook, TradingRules
from tests.domain.ledger_model import Model, No
from tests.domain.ledger_world import ACCOUNT, BTC, ETH, GREETING, RULES, World, order

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

    @initialize(fee=st.sampled_from(["0", "0.25"]), cash=st.sampled_from(["0.01", "5000"]))
    def begin(self, fee: str, cash: str) -> None:
        rewards: RewardBook = RULES.rewards
        self.world = World(rules=TradingRules(fee=Percent.of(fee), rewards=rewards))
        self.model = Model(self.world.clock.at, Decimal(fee))
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
        self.now[asset] = price
        self.world.prices.set(asset, f"{price:f}", at=self.world.clock.at)

    @rule(step=steps)
    def step_the_clock(self, step: timedelta) -> None:
        self.world.clock.advance(step)
        self.model.now += step
        self.expired |= {key for key in self.model.keys if not self.model.remembered(key)}
        for asset, price in self.now.items():
            self.price(asset, price)

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

    def ask(self, command: Command, key: str | None, expected: Callable[[], None]) -> None:
        """Ask both, and compare what they say."""
        if key in self.expired and self.model.remembered(key):
            # The clock went past its end and back: an engine may have deleted it, or may not.
            return
        done = self.runner.run(self.world.do(command, key))
        said = [error.code.value for error in done.errors]
        known = self.model.remembered(key) if key else None
        if known is not None:
            self.compare_replay(command, done, known)
            return
        assert said == _refusals_of(expected)
        assert not done.is_replay
        if key and not {error.code for error in done.errors} & UNRECORDED:
            answer = (done.entry, done.errors)
            self.model.keys[key] = (self.model.now, command, answer)
            self.expired.discard(key)

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
        assert Decimal(str(account.deposited)) == model.deposited
        assert Decimal(str(account.withdrawn)) == model.withdrawn
        found = {
            held.asset_id: (
                Decimal(str(held.quantity)),
                Decimal(str(held.cost_basis)),
                Decimal(str(held.realized_gain)),
            )
            for held in holdings.positions
        }
        assert found == {
            asset: (held.quantity, held.basis, held.gain) for asset, held in model.held.items()
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
