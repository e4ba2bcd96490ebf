"""How open orders end, and what comes of the account."""

from datetime import timedelta

import pytest

from adapters.table import TableUnavailableError
from domain.ids import OrderId
from domain.journal import EntryKind
from domain.money import Money
from domain.order_ends import CancelOrder, ExpireOrder, FillOrder
from domain.order_expiry import HOUR, hour_of
from domain.orders import OrderSide, OrderStatus, OrderStatusReason, OrderType, TimeInForce
from domain.refusals import ErrorCode
from domain.reset_sweeps import SweepOrder
from domain.resets import Reset
from domain.triggers import level_of
from tests.domain.book_world import BookWorld
from tests.domain.ledger_world import BTC, codes, order, resting
from tests.domain.market_world import usd

BUY, SELL = OrderSide.BUY, OrderSide.SELL
LIMIT, STOP, TAKE = OrderType.LIMIT, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT
NOBODYS = OrderId("ord_00000000000000000000000009")


async def market(*cash: str) -> BookWorld:
    world = await BookWorld().open(*cash)
    await world.tick(100)
    return world


async def test_cancelling_gives_back_what_was_held_and_leaves_the_book() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "2", "90"))
    done = await world.do(CancelOrder(order_id=placed.id, asset_id=BTC))
    assert done.order is not None
    assert done.entry is not None
    assert (done.order.status, done.order.status_reason) == (
        OrderStatus.CANCELLED,
        OrderStatusReason.USER_CANCELLED,
    )
    assert (done.entry.kind, done.entry.order_status) == (
        EntryKind.ORDER_RELEASE,
        OrderStatus.CANCELLED,
    )
    assert (done.account.held, done.account.available) == (Money(0), Money(1000_00))
    assert world.places() == []
    await world.check()


async def test_a_sale_that_is_cancelled_gives_its_quantity_back() -> None:
    world = await market("1000")
    await world.do(order(BUY, quantity="2"))
    placed = await world.placed(resting(TAKE, SELL, "2", "110"))
    assert codes([await world.do(order(SELL, quantity="1"))]) == [ErrorCode.INSUFFICIENT_FUNDS]
    await world.do(CancelOrder(order_id=placed.id, asset_id=BTC))
    assert codes([await world.do(order(SELL, quantity="2"))]) == []
    await world.check()


async def test_only_an_open_order_can_be_cancelled() -> None:
    world = await market("1000")
    filled = await world.placed(order(BUY, quantity="1"))
    reset_away = await world.placed(resting(LIMIT, BUY, "1", "90"))
    missing = await world.do(CancelOrder(order_id=NOBODYS, asset_id=BTC))
    late = await world.do(CancelOrder(order_id=filled.id, asset_id=BTC))
    await world.do(Reset())
    after_reset = await world.do(CancelOrder(order_id=reset_away.id, asset_id=BTC))
    assert codes([missing, late, after_reset]) == [
        ErrorCode.ORDER_NOT_FOUND,
        ErrorCode.ORDER_NOT_OPEN,
        ErrorCode.ORDER_NOT_OPEN,
    ]


async def test_an_order_does_not_expire_before_its_time() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    done = await world.do(ExpireOrder(order_id=placed.id, asset_id=BTC))
    assert codes([done]) == [ErrorCode.CONFLICT]


async def test_a_fill_at_a_price_that_its_owner_excluded_is_refused() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    quote = world.process.board.quote(BTC)
    assert quote is not None
    done = await world.do(FillOrder(order_id=placed.id, quote=quote))
    assert codes([done]) == [ErrorCode.INVALID_INPUT]


@pytest.mark.parametrize("days", [0, 1, 40])
async def test_what_has_ended_is_swept_whenever_the_sweep_comes(days: int) -> None:
    # Given orders that end at different times
    world = await market("1000")
    now = world.clock.now()
    await world.process.expiry.sweep()
    soon = await world.placed(resting(LIMIT, BUY, "1", "90", ends=now + timedelta(minutes=5)))
    today = await world.placed(resting(STOP, BUY, "1", "190", force=TimeInForce.DAY))
    later = await world.placed(resting(TAKE, BUY, "1", "90"))
    # When nobody sweeps for a while, and then another process does
    world.clock.at = now + timedelta(days=days, minutes=5)
    await (await world.start()).expiry.sweep()
    # Then
    statuses = [(await world.order(one)).status for one in (soon, today, later)]
    over, open_ = OrderStatus.EXPIRED, OrderStatus.OPEN
    assert statuses == {0: [over, open_, open_], 1: [over, over, open_], 40: [over] * 3}[days]
    assert (await world.account()).open_orders == statuses.count(open_)
    await world.check()


async def test_an_order_that_ended_while_its_store_was_moved_is_swept_there() -> None:
    # Given a store that nobody has swept, as an import leaves it
    world = await market("1000")
    ends = world.clock.now() + timedelta(minutes=5)
    placed = await world.placed(resting(LIMIT, BUY, "1", "90", ends=ends))
    world.clock.advance(timedelta(days=29))
    # When
    await world.process.expiry.sweep()
    # Then
    assert (await world.order(placed)).status is OrderStatus.EXPIRED


async def test_a_sweep_with_nothing_to_do_costs_one_query() -> None:
    world = await market("1000")
    await world.process.expiry.sweep()
    for minutes, calls in ((15, ["query"]), (50, ["query", "query"]), (6, ["query", "query"])):
        world.clock.advance(timedelta(minutes=minutes))
        before = len(world.table.calls)
        await world.process.expiry.sweep()
        assert world.table.calls[before:][: len(calls)] == calls
    before = len(world.table.calls)
    await world.process.expiry.sweep()
    assert world.table.calls[before:] == ["query"]


async def test_what_cannot_be_ended_now_is_ended_by_a_later_sweep() -> None:
    world = await market("1000", "1000")
    now = world.clock.now()
    ends = now + timedelta(minutes=5)
    orders = [await world.placed(resting(LIMIT, BUY, "1", "90", ends=ends), n) for n in (1, 2)]
    await world.process.expiry.sweep()
    world.clock.at = hour_of(now) + 3 * HOUR
    query = world.table.query

    async def then_away(*args: object, **kwargs: object) -> object:
        found = await query(*args, **kwargs)  # type: ignore[arg-type]
        if found.items:
            world.table.fail_next(TableUnavailableError("away"))
        return found

    world.table.query = then_away  # type: ignore[method-assign, assignment]
    await world.process.expiry.sweep()
    world.table.query = query  # type: ignore[method-assign]
    assert {(await world.order(one)).status for one in orders} == {
        OrderStatus.OPEN,
        OrderStatus.EXPIRED,
    }
    await world.process.expiry.sweep()
    assert {(await world.order(one)).status for one in orders} == {OrderStatus.EXPIRED}
    await world.check()


async def test_a_clock_that_is_set_back_leaves_nothing_unswept() -> None:
    world = await market("1000")
    now = world.clock.now()
    world.clock.at = now + timedelta(days=2)
    await world.process.expiry.sweep()
    world.clock.at = now
    await world.process.expiry.sweep()
    ends = now + timedelta(minutes=5)
    placed = await world.placed(resting(LIMIT, BUY, "1", "90", ends=ends))
    world.clock.at = ends
    await world.process.expiry.sweep()
    assert (await world.order(placed)).status is OrderStatus.EXPIRED


async def test_the_orders_that_a_reset_ends_are_written_down_and_leave_the_book() -> None:
    world = await market("1000")
    placed = [await world.placed(resting(LIMIT, BUY, "1", str(n))) for n in (50, 60, 70)]
    reset = await world.do(Reset())
    assert reset.entry is not None
    world.process.sweeps.begin(reset)
    await world.process.sweeps.close()
    orders = [await world.order(one) for one in placed]
    assert {one.status_reason for one in orders} == {OrderStatusReason.ACCOUNT_RESET}
    assert {(one.version, one.updated_at) for one in orders} == {
        (reset.entry.version, reset.entry.at)
    }
    assert world.places() == []
    await world.check()
    await world.process.sweeps.sweep(placed[0].account_id, placed[0].id)
    await world.process.sweeps.close()


async def test_a_sweep_that_fails_leaves_orders_that_still_never_fill() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    reset = await world.do(Reset())
    world.table.fail_next(TableUnavailableError("away"))
    world.process.sweeps.begin(reset)
    await world.process.sweeps.close()
    assert world.places() == [placed.id]
    await world.check()
    await world.tick(80)
    assert world.places() == []


async def test_a_reset_without_open_orders_or_repeated_begins_no_sweep() -> None:
    world = await market("1000")
    before = len(world.table.calls)
    world.process.sweeps.begin(await world.do(Reset()))
    await world.process.sweeps.close()
    assert world.table.calls[before:].count("transact") == 1


async def test_only_an_order_that_a_reset_has_left_is_swept() -> None:
    world = await market("1000")
    placed = await world.placed(resting(LIMIT, BUY, "1", "90"))
    await world.process.sweeps.sweep(placed.account_id, placed.id)
    for order_id in (placed.id, NOBODYS):
        command = SweepOrder(order_id=order_id, reset_version=1, reset_at=world.clock.now())
        assert codes([await world.do(command)]) == [ErrorCode.ORDER_NOT_OPEN]
    assert (await world.order(placed)).status is OrderStatus.OPEN


async def test_a_market_order_waits_for_no_price() -> None:
    world = await market("1000")
    filled = await world.placed(order(BUY, quantity="1"))
    with pytest.raises(ValueError, match="waits for no price"):
        level_of(filled)


async def test_a_reset_gives_everything_back_but_what_is_open_never_fills() -> None:
    world = await market("1000")
    placed = await world.placed(resting(STOP, BUY, "1", "110"))
    await world.do(Reset())
    account = await world.account()
    assert (account.cash, account.held, account.open_orders) == (Money(0), Money(0), 0)
    await world.tick(120)
    assert (await world.order(placed)).fill is None
    assert usd(120) > level_of(placed)
    await world.check()
