"""The trigger engine: who is filled, in which order, and at what cost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.account_items import order_key
from adapters.book_items import waiting_item
from adapters.journal_items import entry_item
from adapters.lease_store import lease_key
from adapters.table import (
    ACTIONS_MAX,
    ConditionFailedError,
    Put,
    TableUnavailableError,
    Update,
    Write,
)
from domain.assets import Quote
from domain.money import Money, Percent
from domain.order_ends import CancelOrder
from domain.orders import OrderSide, OrderStatus, OrderStatusReason, OrderType
from domain.outages import OutageError
from domain.ports.leases import NotLeaderError
from domain.resets import Reset
from domain.rules import TradingRules
from domain.ticks import PriceReport, Tick
from domain.trigger_engine import LOOKED_AGAIN_AFTER, RECENT
from tests.domain.book_world import LEASE, BookWorld, account_id
from tests.domain.ledger_world import BTC, order, resting
from tests.domain.market_world import ETH, moves, usd
from tests.domain.resting_orders import buy_order

BUY, SELL = OrderSide.BUY, OrderSide.SELL
LIMIT, STOP, TAKE = OrderType.LIMIT, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT


async def market(*cash: str, rules: TradingRules | None = None) -> BookWorld:
    world = await BookWorld(rules=rules).open(*cash)
    await world.tick(100, ETH=10)
    return world


async def test_a_fill_gives_back_what_its_hold_does_not_need() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "2", "90"))
    assert (await world.account()).available == Money(820_00)
    await world.tick(80)
    account = await world.account()
    assert (account.cash, account.held, account.open_orders) == (Money(840_00), Money(0), 0)
    assert (await world.order(placed)).held_cash == Money(0)
    await world.check()


async def test_a_triggered_buy_takes_what_its_hold_lacks_from_available_cash() -> None:
    world = await market("300")
    placed = await world.placed(resting(STOP, BUY, "2", "110"))
    await world.tick(150)
    assert (await world.order(placed)).status is OrderStatus.FILLED
    assert (await world.account()).cash == Money(0)
    await world.check()


async def test_a_triggered_buy_that_cannot_be_paid_is_rejected_and_lets_go_of_its_hold() -> None:
    world = await market("300")
    placed = await world.placed(resting(STOP, BUY, "2", "110"))
    await world.tick("150.01")
    now = await world.order(placed)
    assert (now.status, now.status_reason) == (
        OrderStatus.REJECTED,
        OrderStatusReason.INSUFFICIENT_FUNDS,
    )
    assert (await world.account()).available == Money(300_00)
    assert world.places() == []
    await world.check()


async def test_a_sale_whose_gap_leaves_less_than_a_cent_is_rejected() -> None:
    world = await market("1000")
    await world.do(order(BUY, quantity="1"))
    placed = await world.placed(resting(STOP, SELL, "1", "90"))
    await world.tick("0.001")
    now = await world.order(placed)
    assert (now.status, now.status_reason) == (OrderStatus.REJECTED, OrderStatusReason.UNFILLABLE)
    await world.check()


async def test_a_fill_beyond_what_can_be_counted_is_rejected() -> None:
    world = await market("1000")
    placed = await world.placed(resting(STOP, BUY, "1", "110"))
    enormous = await world.placed(resting(STOP, BUY, "0.5", "111"))
    await world.tick("999999999999")
    assert (await world.order(placed)).status is OrderStatus.REJECTED
    assert (await world.order(enormous)).status is OrderStatus.REJECTED
    await world.check()


async def test_slippage_never_takes_a_limit_order_past_its_limit() -> None:
    world = await market("1000", rules=TradingRules(slippage=Percent.of(5), fee=Percent.of(1)))
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    await world.tick("88")
    fill = (await world.order(placed)).fill
    assert fill is not None
    assert (fill.price, fill.quoted_price) == (usd(90), usd(88))
    assert fill.slippage == Percent.of("2.2727")
    assert (fill.notional, fill.fee) == (Money(90_00), Money(90))
    await world.check()


async def test_those_whose_price_was_passed_first_come_first_and_then_the_oldest() -> None:
    # Given cash for two of three buys that one tick sets off
    world = await market("1000")
    low = await world.placed(resting(STOP, BUY, "1", "120"))
    early = await world.placed(resting(STOP, BUY, "1", "110"))
    late = await world.placed(resting(STOP, BUY, "1", "110"))
    # When
    await world.tick("500")
    # Then
    first, second, third = [await world.order(one) for one in (early, late, low)]
    assert first.version < second.version < third.version
    filled, rejected = OrderStatus.FILLED, OrderStatus.REJECTED
    assert [one.status for one in (first, second, third)] == [filled, rejected, filled]
    await world.check()


async def test_accounts_are_filled_side_by_side_and_a_damaged_one_stops_nobody() -> None:
    # Given three accounts, of which one has an order that can't be read
    world = await market("1000", "1000", "1000")
    orders = [await world.placed(resting(LIMIT, BUY, "1", "90"), n) for n in (1, 2, 3)]
    key = order_key(account_id(2), orders[1].id)
    await world.table.transact([Update(key, {"status": "LOST"})], token="damage")
    # When
    await world.tick(90)
    # Then
    statuses = [(await world.order(orders[n])).status for n in (0, 2)]
    assert statuses == [OrderStatus.FILLED, OrderStatus.FILLED]
    assert world.places() == [orders[1].id]


async def test_an_account_that_nothing_can_be_written_to_stops_nobody() -> None:
    # Given an account whose journal is ahead of it, as after a bad import
    world = await market("1000", "1000")
    orders = [await world.placed(resting(LIMIT, BUY, "1", "90"), n) for n in (1, 2)]
    last = await world.accounts.entry(account_id(1), 2)
    assert last is not None
    beyond = replace(last, version=3)
    await world.table.transact([Put(entry_item(beyond))], token="damage")
    # When
    tick = Tick(number=9, fence=1, at=world.clock.now(), source="test", moves=moves({BTC: 90}))
    await world.process.engine.work(tick)
    # Then
    statuses = [(await world.order(one)).status for one in orders]
    assert statuses == [OrderStatus.OPEN, OrderStatus.FILLED]


@pytest.mark.parametrize("failures", range(1, 8))
async def test_what_an_outage_leaves_is_tried_until_the_tick_is_done(failures: int) -> None:
    world = await market("1000", "1000")
    orders = [await world.placed(resting(LIMIT, BUY, "1", "90"), n) for n in (1, 2)]
    feed, ticks = world.process.feed, world.process.feed._ticks

    class ThenAway:
        """Stores the tick, and is away for so many calls from then on."""

        async def put(self, tick: Tick) -> None:
            await ticks.put(tick)
            for _ in range(failures):
                world.table.fail_next(TableUnavailableError("away"))

    feed._ticks = ThenAway()  # type: ignore[assignment]
    await world.tick(90)
    assert [(await world.order(one)).status for one in orders] == [OrderStatus.FILLED] * 2
    await world.check()


async def test_an_account_that_is_always_overtaken_is_tried_again() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    unlucky = [ConditionFailedError([order_key(account_id(1), placed.id)])] * 30
    tick = Tick(number=9, fence=1, at=world.clock.now(), source="test", moves=moves({BTC: 90}))
    transact = world.table.transact

    async def overtaken(writes: Sequence[Write], *, token: str) -> None:
        if unlucky:
            raise unlucky.pop()
        await transact(writes, token=token)

    world.table.transact = overtaken  # type: ignore[method-assign]
    with pytest.raises(OutageError, match="1 orders of tick 9 are left"):
        await world.process.engine.work(tick)
    await world.process.engine.work(tick)
    assert (await world.order(placed)).status is OrderStatus.FILLED


async def test_an_order_that_another_has_ended_meanwhile_is_left_alone() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    waiting = await world.process.engine._books.met(BTC, usd(80))
    done = await world.do(CancelOrder(order_id=placed.id, asset_id=BTC))
    assert done.errors == ()
    assert [one.order_id for one in waiting] == [placed.id]
    await world.tick(80)
    now = await world.order(placed)
    assert now.status_reason is OrderStatusReason.USER_CANCELLED
    await world.check()


async def test_an_order_that_a_reset_left_behind_never_fills_and_is_swept_instead() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    reset = await world.do(Reset())
    assert reset.entry is not None
    await world.tick(80)
    now = await world.order(placed)
    assert (now.status, now.status_reason, now.version) == (
        OrderStatus.CANCELLED,
        OrderStatusReason.ACCOUNT_RESET,
        reset.entry.version,
    )
    assert world.places() == []
    await world.check()


async def test_an_order_in_an_asset_that_is_gone_is_cancelled_and_lets_go() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    report = PriceReport(at=world.clock.now(), source="test", moves=moves({ETH: 11}), gone=(BTC,))
    await world.process.feed.take(report)
    now = await world.order(placed)
    assert now.status_reason is OrderStatusReason.ASSET_NOT_TRADABLE
    assert (await world.account()).held == Money(0)
    await world.check()


async def test_a_price_of_an_asset_that_cannot_be_traded_cancels_what_it_would_set_off() -> None:
    world = await market("1000")
    met = await world.placed(resting(LIMIT, BUY, "1", "90"))
    other = await world.placed(resting(LIMIT, BUY, "1", "50"))
    quote = world.process.board.quote(BTC)
    assert quote is not None
    halted = replace(quote, is_tradable=False)

    class Halted:
        def quote(self, _asset_id: object) -> Quote:
            return halted

    world.process.engine._quotes = Halted()
    await world.tick(80)
    assert (await world.order(met)).status_reason is OrderStatusReason.ASSET_NOT_TRADABLE
    assert (await world.order(other)).status is OrderStatus.OPEN
    await world.check()


async def test_nothing_fills_at_or_after_its_end() -> None:
    world = await market("1000")
    ends = world.clock.now() + timedelta(minutes=1)
    placed = await world.placed(resting(LIMIT, BUY, "1", "90", ends=ends))
    world.clock.at = ends
    await world.tick(80)
    assert (await world.order(placed)).status is OrderStatus.EXPIRED
    await world.check()


async def test_it_fills_until_the_last_millisecond_before_its_end() -> None:
    world = await market("1000")
    ends = world.clock.now() + timedelta(minutes=1)
    placed = await world.placed(resting(LIMIT, BUY, "1", "90", ends=ends))
    world.clock.at = ends - timedelta(milliseconds=1)
    await world.tick(80)
    assert (await world.order(placed)).status is OrderStatus.FILLED


async def test_an_order_that_was_committed_beside_its_tick_is_found_at_a_second_look() -> None:
    # Given an order that was decided on the price before a tick, and came after the tick's look
    world = await market("1000")
    behind = await world.start()
    world.process = await world.start()
    await world.process.tick({BTC: 80}, world.clock)
    done = await world.do(resting(LIMIT, BUY, "1", "90"), ledger=behind.ledger)
    assert done.order is not None
    assert done.order.status is OrderStatus.OPEN
    # When
    await world.process.engine.look_again()
    assert (await world.order(done.order)).status is OrderStatus.OPEN
    world.clock.advance(LOOKED_AGAIN_AFTER)
    await world.process.engine.look_again()
    # Then
    fill = (await world.order(done.order)).fill
    assert fill is not None
    assert fill.price == usd(80)
    before = len(world.table.calls)
    await world.process.engine.look_again()
    assert len(world.table.calls) == before


async def test_who_leads_again_much_later_looks_again_at_no_old_price() -> None:
    world = await market("1000")
    behind = await world.start()
    world.process = await world.start()
    await world.process.tick({BTC: 80}, world.clock)
    done = await world.do(resting(LIMIT, BUY, "1", "90"), ledger=behind.ledger)
    assert done.order is not None
    world.clock.advance(RECENT * 2)
    world.process.engine.begin(world.process.board.quotes())
    world.clock.advance(LOOKED_AGAIN_AFTER)
    await world.process.engine.look_again()
    assert (await world.order(done.order)).status is OrderStatus.OPEN


async def test_a_second_look_that_a_tick_has_overtaken_fills_nothing() -> None:
    world = await market("1000")
    behind = await world.start()
    world.process = await world.start()
    await world.process.tick({BTC: 80}, world.clock)
    done = await world.do(resting(LIMIT, BUY, "1", "90"), ledger=behind.ledger)
    assert done.order is not None
    world.clock.advance(LOOKED_AGAIN_AFTER)
    engine = world.process.engine
    books = engine._books

    class Overtaken:
        async def met(self, asset_id: object, price: object) -> object:
            found = await books.met(asset_id, price)  # type: ignore[arg-type]
            await world.process.feed._ticks.last()
            tick = PriceReport(at=world.clock.now(), source="test", moves=moves({BTC: 200}))
            engine._books = books
            await world.process.feed.take(tick)
            return found

    engine._books = Overtaken()  # type: ignore[assignment]
    await engine.look_again()
    assert (await world.order(done.order)).status is OrderStatus.OPEN


async def test_a_second_look_uses_no_price_that_is_not_shown_any_more() -> None:
    # Given a leader whose board has moved on by the tick of another
    world = await market("1000")
    behind = await world.start()
    world.process = await world.start()
    await world.process.tick({BTC: 80}, world.clock)
    done = await world.do(resting(LIMIT, BUY, "1", "90"), ledger=behind.ledger)
    assert done.order is not None
    board = world.process.board
    number, fence = board.next_number, board.fence + 1
    moved = moves({BTC: 200})
    board.apply(Tick(number=number, fence=fence, at=world.clock.now(), source="test", moves=moved))
    # When
    world.clock.advance(LOOKED_AGAIN_AFTER)
    await world.process.engine.look_again()
    # Then
    assert (await world.order(done.order)).status is OrderStatus.OPEN


async def test_a_leader_that_was_overtaken_fills_nothing_more() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    tick = await world.process.feed._ticks.last()
    assert tick is not None
    await world.start()
    old = Tick(number=9, fence=1, at=tick.at, source="test", moves=moves({BTC: 80}))
    with pytest.raises(NotLeaderError):
        await world.process.engine.work(old)
    assert (await world.order(placed)).status is OrderStatus.OPEN
    await world.table.transact([Update(lease_key(LEASE), {"fence": 99})], token="other")
    with pytest.raises(NotLeaderError):
        await world.process.engine.work(old)


async def test_ten_thousand_resting_orders_cost_a_tick_no_more_than_none() -> None:
    # Given
    world = await market("0")
    few = await calls_of_a_tick(world, "101")
    account, items = await world.account(), []
    for number in range(10_000):
        resting_order = replace(
            buy_order(account, number, world.clock.now(), cash=Money(1)),
            limit_price=usd(f"{1 + number / 200:.3f}"),
        )
        items.append(waiting_item(resting_order))
    for start in range(0, len(items), ACTIONS_MAX):
        puts = [Put(item) for item in items[start : start + ACTIONS_MAX]]
        await world.table.transact(puts, token=str(start))
    # When, Then
    for price in range(20):
        assert await calls_of_a_tick(world, str(100 + price)) == few
    assert few == ["transact", "query", "query"]


async def calls_of_a_tick(world: BookWorld, price: str) -> list[str]:
    before = len(world.table.calls)
    await world.tick(price)
    return world.table.calls[before:]
