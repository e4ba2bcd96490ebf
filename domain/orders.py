"""Orders: what a user asked the exchange to do, and what came of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.accounts import Account
from domain.ids import AccountId, AssetId, IdempotencyKey, OrderId
from domain.money import NO_MONEY, NO_QUANTITY, Money, Percent, Price, Quantity


class OrderSide(StrEnum):
    """Which way it trades."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """When and at what price it trades."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_LOSS = "STOP_LOSS"
    TAKE_PROFIT = "TAKE_PROFIT"


class TimeInForce(StrEnum):
    """How long a resting order may wait."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    DAY = "DAY"


class OrderStatus(StrEnum):
    """What became of it; only OPEN may change."""

    OPEN = "OPEN"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


class OrderStatusReason(StrEnum):
    """Why it was cancelled, rejected or expired."""

    USER_CANCELLED = "USER_CANCELLED"
    UNFILLABLE = "UNFILLABLE"
    EXPIRED = "EXPIRED"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    ACCOUNT_RESET = "ACCOUNT_RESET"
    ASSET_NOT_TRADABLE = "ASSET_NOT_TRADABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """How an order came to be filled, so that nobody has to guess."""

    price: Price
    notional: Money
    fee: Money
    total: Money
    quoted_price: Price
    slippage: Percent
    price_source: str
    price_age_ms: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as of account version `version`, when it last changed."""

    id: OrderId
    account_id: AccountId
    asset_id: AssetId
    side: OrderSide
    type: OrderType
    status: OrderStatus
    quantity: Quantity
    held_cash: Money
    held_quantity: Quantity
    version: int
    epoch: int
    created_at: datetime
    updated_at: datetime
    fill: Fill | None = None
    limit_price: Price | None = None
    trigger_price: Price | None = None
    time_in_force: TimeInForce | None = None
    expires_at: datetime | None = None
    status_reason: OrderStatusReason | None = None
    idempotency_key: IdempotencyKey | None = None


def seen_from(order: Order, account: Account) -> Order:
    """Return an order as its account sees it now: one that a reset left behind is cancelled."""
    if order.status is not OrderStatus.OPEN or order.epoch >= account.epoch:
        return order
    return cancelled_by_reset(order)


def cancelled_by_reset(order: Order) -> Order:
    """Return an open order as a reset leaves it."""
    return replace(
        order,
        status=OrderStatus.CANCELLED,
        status_reason=OrderStatusReason.ACCOUNT_RESET,
        held_cash=NO_MONEY,
        held_quantity=NO_QUANTITY,
    )
