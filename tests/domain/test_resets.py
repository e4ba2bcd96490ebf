from dataclasses import replace
from datetime import timedelta

from domain.commands import Needs, State
from domain.journal import USD, EntryKind, LedgerAccount
from domain.money import Money, Quantity
from domain.orders import Order, OrderSide, OrderStatus, OrderStatusReason, seen_from
from domain.resets import Reset
from tests.domain.decisions import change_by, having, position, quoted, terms
from tests.domain.ledger_world import ETH, NOW, order


def open_order(epoch: int = 0) -> Order:
    made = change_by(
        order(OrderSide.BUY, quantity="1"), State(account=having("100")), terms(quoted("1"))
    ).order
    assert made is not None
    return replace(made, status=OrderStatus.OPEN, fill=None, held_cash=Money(40_00), epoch=epoch)


def test_a_reset_needs_everything() -> None:
    assert Reset().needs(terms()) == Needs(everything=True)


def test_a_reset_closes_out_cash_positions_and_orders_in_one_entry() -> None:
    resting = open_order()
    state = State(
        account=replace(having("100", held="40", version=7), open_orders=1),
        positions=(position("3", "30", "1"), position("0", asset=ETH)),
        open_orders=(resting,),
    )
    change = change_by(Reset(), state, terms())
    assert (change.account.cash, change.account.held) == (Money(0), Money(0))
    assert (change.account.version, change.account.epoch) == (8, 1)
    assert (change.account.open_orders, change.account.day_baseline) == (0, Money(0))
    assert change.position is None
    assert change.entry.kind is EntryKind.RESET
    assert change.entry.cancelled_orders == (resting.id,)
    assert {(leg.account, leg.unit, str(leg.amount)) for leg in change.entry.legs} == {
        (LedgerAccount.USER_AVAILABLE, USD, "-60.00"),
        (LedgerAccount.USER_HELD, USD, "-40.00"),
        (LedgerAccount.BANK, USD, "100.00"),
        (LedgerAccount.USER_AVAILABLE, "BTC", "-2"),
        (LedgerAccount.USER_HELD, "BTC", "-1"),
        (LedgerAccount.MARKET, "BTC", "3"),
    }


def test_the_days_used_allowances_stay_used() -> None:
    account = replace(having("100"), deposited=Money(5), withdrawn=Money(6))
    change = change_by(Reset(), State(account=account), terms())
    assert (change.account.deposited, change.account.withdrawn) == (Money(5), Money(6))
    tomorrow = terms(now=NOW + timedelta(days=1))
    assert change_by(Reset(), State(account=account), tomorrow).account.deposited == Money(0)


def test_what_an_older_epoch_left_behind_is_not_closed_again() -> None:
    state = State(
        account=having(epoch=1), positions=(position("3"),), open_orders=(open_order(epoch=0),)
    )
    change = change_by(Reset(), state, terms())
    assert change.entry.legs == ()
    assert change.entry.cancelled_orders == ()
    assert change.account.epoch == 2


def test_an_open_order_that_a_reset_left_behind_is_seen_as_cancelled() -> None:
    seen = seen_from(open_order(epoch=0), having(epoch=1))
    assert seen.status is OrderStatus.CANCELLED
    assert seen.status_reason is OrderStatusReason.ACCOUNT_RESET
    assert (seen.held_cash, seen.held_quantity) == (Money(0), Quantity(0))


def test_any_other_order_is_seen_as_it_is() -> None:
    mine = open_order(epoch=1)
    filled = replace(open_order(epoch=0), status=OrderStatus.FILLED)
    assert seen_from(mine, having(epoch=1)) is mine
    assert seen_from(filled, having(epoch=1)) is filled
