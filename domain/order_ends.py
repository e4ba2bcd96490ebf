"""How an open order ends: filled, cancelled, expired or rejected; what it holds is let go of."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.accounts import Position, current
from domain.assets import Quote
from domain.commands import Needs, State, Terms
from domain.fills import afford, filled
from domain.holds import released
from domain.ids import AssetId, OrderId
from domain.journal import Change
from domain.money import NO_MONEY, AmountError
from domain.orders import (
    Order,
    OrderSide,
    OrderStatus,
    OrderStatusReason,
    OrderType,
    seen_from,
)
from domain.pricing import filled_at
from domain.refusals import ErrorCode, Refusal, refuse
from domain.triggers import direction_of, is_met, level_of

_PATH = ("input", "orderId")


@dataclass(frozen=True, slots=True, kw_only=True)
class _OrderEnd:
    """What ends an open order, whatever its price."""

    order_id: OrderId
    asset_id: AssetId

    def needs(self, terms: Terms) -> Needs:  # noqa: ARG002 - the port's signature
        """Need the order and the position in its asset."""
        return Needs(order_id=self.order_id, asset_id=self.asset_id)


class CancelOrder(_OrderEnd):
    """Take back an open order, as its owner."""

    __slots__ = ()

    def decide(self, state: State, terms: Terms) -> Change:
        """Release what it holds. Refused with ORDER_NOT_FOUND or ORDER_NOT_OPEN."""
        order = _open(state, self.order_id)
        return _released(
            state, order, OrderStatus.CANCELLED, OrderStatusReason.USER_CANCELLED, terms
        )


class ExpireOrder(_OrderEnd):
    """End an open order whose time has run out."""

    __slots__ = ()

    def decide(self, state: State, terms: Terms) -> Change:
        """Release what it holds. Refused with ORDER_NOT_OPEN; with CONFLICT while it has time."""
        order = _open(state, self.order_id)
        if not _is_over(order, terms.now):
            raise refuse(ErrorCode.CONFLICT, f"Order {order.id} has time left.", *_PATH)
        return _released(state, order, OrderStatus.EXPIRED, OrderStatusReason.EXPIRED, terms)


class WithdrawOrder(_OrderEnd):
    """End an open order in an asset that can't be traded any more."""

    __slots__ = ()

    def decide(self, state: State, terms: Terms) -> Change:
        """Release what it holds. Refused with ORDER_NOT_OPEN."""
        order = _open(state, self.order_id)
        reason = OrderStatusReason.ASSET_NOT_TRADABLE
        return _released(state, order, OrderStatus.CANCELLED, reason, terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class FillOrder:
    """Fill an open order whose price has come, at that price."""

    order_id: OrderId
    quote: Quote

    def needs(self, terms: Terms) -> Needs:  # noqa: ARG002 - the port's signature
        """Need the order and the position in its asset."""
        return Needs(order_id=self.order_id, asset_id=self.quote.asset_id)

    def decide(self, state: State, terms: Terms) -> Change:
        """Fill it; expire it when its time is over, reject it when it can't be paid or counted.

        Refused with ORDER_NOT_OPEN, and at a price that its owner has excluded.
        """
        order = _open(state, self.order_id)
        direction, level = direction_of(order.type, order.side), level_of(order)
        if not is_met(direction, level, self.quote.price):
            message = f"${self.quote.price} doesn't set off order {order.id}."
            raise refuse(ErrorCode.INVALID_INPUT, message, *_PATH)
        if _is_over(order, terms.now):
            return _released(state, order, OrderStatus.EXPIRED, OrderStatusReason.EXPIRED, terms)
        reason = OrderStatusReason.UNFILLABLE
        try:
            return self._filled(state, order, terms)
        except Refusal:
            reason = OrderStatusReason.INSUFFICIENT_FUNDS
        except AmountError:
            pass
        return _released(state, order, OrderStatus.REJECTED, reason, terms)

    def _filled(self, state: State, order: Order, terms: Terms) -> Change:
        """Raise Refusal when it can't be paid, AmountError when it can't be counted or is 0."""
        limit = order.limit_price if order.type is OrderType.LIMIT else None
        fill = filled_at(order.side, order.quantity, self.quote, terms, limit=limit)
        if fill.total <= NO_MONEY:
            raise AmountError("must be a cent at least")
        if order.side is OrderSide.BUY:
            afford(state.account, fill.total, held=order.held_cash)
        return filled(state.account, _position(state, order, terms), order, fill, self.quote, terms)


def _open(state: State, order_id: OrderId) -> Order:
    if state.order is None:
        raise refuse(ErrorCode.ORDER_NOT_FOUND, f"There is no order {order_id}.", *_PATH)
    order = seen_from(state.order, state.account)
    if order.status is not OrderStatus.OPEN:
        message = f"Order {order.id} is {order.status}; only open orders can change."
        raise refuse(ErrorCode.ORDER_NOT_OPEN, message, *_PATH)
    return order


def _is_over(order: Order, now: datetime) -> bool:
    return order.expires_at is not None and now >= order.expires_at


def _position(state: State, order: Order, terms: Terms) -> Position:
    return current(state.account, state.position, order.asset_id).on(terms.now.date())


def _released(
    state: State, order: Order, status: OrderStatus, reason: OrderStatusReason, terms: Terms
) -> Change:
    ended = replace(order, status=status, status_reason=reason)
    return released(state.account, _position(state, order, terms), ended, terms)
