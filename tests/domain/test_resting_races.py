"""Whatever races with a fill: holds add up, and no order fills at a price its owner excluded."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.account_store import AccountTable
from domain.commands import Command
from domain.funds import Withdraw
from domain.ids import OrderId
from domain.ledger import Ledger
from domain.market_clock import PresentTime
from domain.money import Percent
from domain.order_ends import CancelOrder
from domain.orders import Fill, Order, OrderSide, OrderStatus, OrderType, seen_from
from domain.outages import OutageError, OutcomeUnknownError
from domain.pages import EntryFilter, Stretch
from domain.refusals import ErrorCode
from domain.resets import Reset
from domain.rules import TradingRules
from domain.triggers import direction_of, is_met, level_of
from tests.adapters.faulty_table import FaultyTable
from tests.domain.book_world import BookWorld, Process, account_id
from tests.domain.ledger_world import BTC, Turns, order, resting
from tests.domain.market_world import usd

BUY, SELL = OrderSide.BUY, OrderSide.SELL
BEFORE, FARTHEST = 100, 40
"""The price when orders are placed, and how far from it they wait at most."""


@dataclass(frozen=True)
class Wanted:
    """An order that waits `away` dollars from the price, on the side that its type asks for."""

    kind: OrderType
    side: OrderSide
    away: int
    hundredths: int

    def command(self) -> Command:
        is_up = (self.kind is OrderType.STOP_LOSS) is (self.side is BUY)
        level = BEFORE + self.away if is_up else BEFORE - self.away
        return resting(self.kind, self.side, f"{self.hundredths / 100:.2f}", f"{level}")


@dataclass(frozen=True)
class Race:
    """What happens at once; `cancelled` are the orders that their owner takes back."""

    rules: TradingRules
    wanted: list[Wanted]
    prices: list[int]
    cancelled: set[int]
    others: list[Command]
    seed: int


@dataclass
class Raced:
    """What was there before, and what who cancelled an order was told."""

    placed: list[Order] = field(default_factory=list)
    told: dict[OrderId, set[ErrorCode]] = field(default_factory=dict)


percents = st.integers(0, 3 * 10**4).map(Percent)
wanted = st.builds(
    Wanted,
    kind=st.sampled_from([OrderType.LIMIT, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT]),
    side=st.sampled_from(OrderSide),
    away=st.integers(1, FARTHEST),
    hundredths=st.integers(1, 250),
)
others = st.sampled_from(
    [Reset(), Withdraw.of(Decimal(400)), order(SELL, quantity="2"), order(BUY, quantity="1")]
)
races = st.builds(
    Race,
    rules=st.builds(TradingRules, fee=percents, slippage=percents),
    wanted=st.lists(wanted, min_size=1, max_size=6),
    prices=st.lists(
        st.integers(BEFORE - 2 * FARTHEST, BEFORE + 2 * FARTHEST), min_size=1, max_size=3
    ),
    cancelled=st.sets(st.integers(0, 5)),
    others=st.lists(others, max_size=2),
    seed=st.integers(0, 10**6),
)


@given(race=races)
def test_holds_add_up_and_no_order_fills_at_a_price_its_owner_excluded(race: Race) -> None:
    asyncio.run(check(race))


async def check(race: Race) -> None:
    world = await BookWorld(rules=race.rules).open("1000")
    raced = await run(race, world)
    await world.check()
    account = await world.account()
    ends = await ends_of(world)
    for placed in raced.placed:
        now = seen_from(await world.order(placed), account)
        assert ends[placed.id] == (now.status is not OrderStatus.OPEN)
        if now.fill is not None:
            check_fill(now.fill, placed, race.prices)
        if placed.id in raced.told:
            # Nothing but a refusal says that somebody was quicker.
            was_quicker = ErrorCode.ORDER_NOT_OPEN in raced.told[placed.id]
            is_taken_back = now.status is OrderStatus.CANCELLED
            assert is_taken_back or raced.told[placed.id]
            assert now.status is not OrderStatus.OPEN or not was_quicker


async def run(race: Race, world: BookWorld) -> Raced:
    """Let ticks, cancellations and all else race, on a table that fails now and then."""
    await world.tick(BEFORE)
    await world.do(order(BUY, quantity="3"))
    done = [await world.do(one.command()) for one in race.wanted]
    raced = Raced([one.order for one in done if one.order is not None])
    faulty = FaultyTable(world.table, race.seed, faults=0.1, outages=0.05, turns_max=3)
    leader = await world.start(faulty, seed=race.seed)
    elsewhere = another(world, faulty, leader, race.seed)

    async def ask(command: Command, about: OrderId | None = None) -> None:
        try:
            done = await world.do(command, ledger=elsewhere)
        except (OutageError, OutcomeUnknownError):
            return
        if about is not None:
            raced.told[about] = {error.code for error in done.errors}

    taken_back = [one.id for number, one in enumerate(raced.placed) if number in race.cancelled]
    await asyncio.gather(
        ticks(world, leader, race.prices),
        *(ask(CancelOrder(order_id=one, asset_id=BTC), one) for one in taken_back),
        *map(ask, race.others),
    )
    await faulty.settle()
    await (await world.start()).finish()
    return raced


def another(world: BookWorld, table: FaultyTable, leader: Process, seed: int) -> Ledger:
    """Return the ledger of a process that doesn't lead."""
    return Ledger(
        accounts=AccountTable(table),
        quotes=leader.board,
        hints=world.hints,
        rules=world.rules,
        market_clock=PresentTime(world.clock),
        wall_clock=world.clock,
        ids=world.ids,
        pause=Turns(seed, doublings_max=1),
    )


async def ticks(world: BookWorld, leader: Process, prices: list[int]) -> None:
    for price in prices:
        while True:
            try:
                await leader.tick({BTC: price}, world.clock)
                break
            except (OutageError, OutcomeUnknownError):
                continue


async def ends_of(world: BookWorld) -> Counter[OrderId]:
    """Count the entries that ended each order."""
    page = await world.accounts.entries(
        account_id(1), EntryFilter(), Stretch(limit=100, is_ascending=True)
    )
    assert not page.has_more
    ended = [entry.order_id for entry in page.items if entry.order_status is not OrderStatus.OPEN]
    closed = [one for entry in page.items for one in entry.cancelled_orders]
    return Counter([*(one for one in ended if one is not None), *closed])


def check_fill(fill: Fill, placed: Order, prices: list[int]) -> None:
    """Check that a tick set the order off, and that the owner gets no worse than was agreed."""
    assert fill.quoted_price in map(usd, prices)
    assert is_met(direction_of(placed.type, placed.side), level_of(placed), fill.quoted_price)
    if placed.limit_price is None:
        return
    if placed.side is BUY:
        assert fill.price <= placed.limit_price
        assert fill.total <= placed.held_cash
    else:
        assert fill.price >= placed.limit_price
