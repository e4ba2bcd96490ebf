"""Orders that wait, under ids that a test knows, and the changes that place and cancel them."""

from dataclasses import replace
from datetime import datetime

from domain.accounts import Account, Position
from domain.commands import Terms
from domain.holds import held, released
from domain.ids import CommandId, IdempotencyKey, OrderId
from domain.journal import Change
from domain.money import NO_MONEY, NO_QUANTITY, Money, Price, Quantity
from domain.orders import (
    Order,
    OrderSide,
    OrderStatus,
    OrderStatusReason,
    OrderType,
    TimeInForce,
)
from tests.domain.decisions import terms
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
    return held(account, position, order, order.held_cash, _terms(account, order.created_at))


def cancelled(account: Account, position: Position, order: Order, at: datetime) -> Change:
    """Return the change that gives back what an open order holds."""
    reason = OrderStatusReason.USER_CANCELLED
    ended = replace(order, status=OrderStatus.CANCELLED, status_reason=reason)
    return released(account, position, ended, _terms(account, at))


def _terms(account: Account, at: datetime) -> Terms:
    return replace(terms(now=at), command_id=CommandId(f"resting-{account.version + 1}"))
