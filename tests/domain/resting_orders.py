"""Orders that wait, as changes of an account: a hold when placed, a release when cancelled."""

from dataclasses import replace
from datetime import datetime

from domain.accounts import Account, Position
from domain.ids import CommandId, IdempotencyKey, OrderId
from domain.journal import Change, Entry, EntryKind, LedgerAccount, Leg, nonzero, usd
from domain.money import NO_MONEY, NO_QUANTITY, Money, Price, Quantity
from domain.orders import (
    Order,
    OrderSide,
    OrderStatus,
    OrderStatusReason,
    OrderType,
    TimeInForce,
)
from tests.domain.ledger_world import BTC


def buy_order(
    account: Account, number: int, at: datetime, *, cash: Money, key: str | None = None
) -> Order:
    """Return an open buy of BTC that holds cash."""
    return Order(
        id=OrderId(f"ord_{number:026}"),
        account_id=account.id,
        asset_id=BTC,
        side=OrderSide.BUY,
        type=OrderType.LIMIT,
        status=OrderStatus.OPEN,
        quantity=Quantity.of(1),
        held_cash=cash,
        held_quantity=NO_QUANTITY,
        version=account.version + 1,
        epoch=account.epoch,
        created_at=at,
        updated_at=at,
        limit_price=Price.of(1),
        trigger_price=Price.of(2),
        time_in_force=TimeInForce.GTC,
        expires_at=at,
        idempotency_key=IdempotencyKey(key) if key else None,
    )


def sell_order(account: Account, number: int, at: datetime, *, quantity: Quantity) -> Order:
    """Return an open sale of BTC that holds a quantity."""
    return replace(
        buy_order(account, number, at, cash=NO_MONEY),
        side=OrderSide.SELL,
        quantity=quantity,
        held_quantity=quantity,
    )


def placed(account: Account, position: Position, order: Order) -> Change:
    """Return the change that holds what an order needs."""
    kept = replace(
        account,
        held=account.held + order.held_cash,
        open_orders=account.open_orders + 1,
    )
    held = replace(position, held=position.held + order.held_quantity)
    return _change(account, position, kept, held, order)


def cancelled(account: Account, position: Position, order: Order, at: datetime) -> Change:
    """Return the change that gives back what an open order holds."""
    kept = replace(
        account,
        held=account.held - order.held_cash,
        open_orders=account.open_orders - 1,
    )
    held = replace(position, held=position.held - order.held_quantity)
    ended = replace(
        order,
        status=OrderStatus.CANCELLED,
        status_reason=OrderStatusReason.USER_CANCELLED,
        held_cash=NO_MONEY,
        held_quantity=NO_QUANTITY,
        version=account.version + 1,
        updated_at=at,
    )
    return replace(_change(account, position, kept, held, ended), was_resting=True)


def _change(before: Account, had: Position, after: Account, held: Position, order: Order) -> Change:
    version, at = before.version + 1, order.updated_at
    after = after.changed(at, order.asset_id)
    position = replace(held, version=version, epoch=after.epoch)
    cash, quantity = after.held - before.held, held.held - had.held
    entry = Entry(
        account_id=after.id,
        version=version,
        kind=EntryKind.ORDER_HOLD if order.status is OrderStatus.OPEN else EntryKind.ORDER_RELEASE,
        legs=nonzero(
            usd(LedgerAccount.USER_AVAILABLE, -cash),
            usd(LedgerAccount.USER_HELD, cash),
            Leg(LedgerAccount.USER_AVAILABLE, order.asset_id, -quantity),
            Leg(LedgerAccount.USER_HELD, order.asset_id, quantity),
        ),
        at=at,
        command_id=CommandId(f"resting-{version}"),
        epoch=after.epoch,
        cash_change=NO_MONEY,
        cash_after=after.cash,
        held_after=after.held,
        asset_id=order.asset_id,
        quantity_change=NO_QUANTITY,
        quantity_after=position.quantity,
        quantity_held_after=position.held,
        cost_basis_after=position.cost_basis,
        realized_gain_after=position.realized_gain,
        order_id=order.id,
        order_status=order.status,
    )
    return Change(before=before, account=after, entry=entry, position=position, order=order)
