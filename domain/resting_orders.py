"""Orders that wait for a price: filled at once where it is there already, held for otherwise."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.accounts import Account, Position, current
from domain.assets import Quote
from domain.commands import Needs, State, Terms
from domain.fills import afford, deliver, filled
from domain.holds import held
from domain.instants import day_end
from domain.journal import Change, OrderNote
from domain.money import NO_MONEY, NO_QUANTITY, AmountError, Money, Quantity, fee_on
from domain.order_requests import AT_ONCE, OrderFields, RestingRequest, resting_requested
from domain.orders import (
    Order,
    OrderSide,
    OrderStatus,
    OrderStatusReason,
    OrderType,
    TimeInForce,
)
from domain.pricing import (
    check_something,
    check_worth,
    filled_at,
    notional_of,
    too_valuable,
    total_of,
    usable_quote,
)
from domain.refusals import ErrorCode, LimitExceededError, Refusal, refuse
from domain.rules import ORDER_LIFETIME, TradingRules
from domain.triggers import direction_of, is_met

_QUANTITY_PATH = ("input", "quantity")


@dataclass(frozen=True, slots=True)
class PlaceRestingOrder:
    """Buy or sell once the price is right: LIMIT, STOP_LOSS or TAKE_PROFIT."""

    request: RestingRequest

    @classmethod
    def of(cls, fields: OrderFields) -> "PlaceRestingOrder":
        """Read the input. Raises Refusal for what makes no sense."""
        return cls(resting_requested(fields))

    def needs(self, terms: Terms) -> Needs:  # noqa: ARG002 - the port's signature
        """Need the position in the asset."""
        return Needs(asset_id=self.request.asset_id)

    def decide(self, state: State, terms: Terms) -> Change | OrderNote:
        """Fill a limit order that can be filled at once; hold what any other needs, or refuse it.

        Refused, in this order, with ASSET_NOT_FOUND, ASSET_NOT_TRADABLE, PRICE_STALE,
        INVALID_INPUT (of `expiresAt`, of a trigger that is met already, of what would come to
        nothing), ORDER_VALUE_EXCEEDED, TOO_MANY_OPEN_ORDERS, INSUFFICIENT_FUNDS.
        """
        request = self.request
        quote = usable_quote(request.asset_id, terms)
        expires_at = _end_of(request, terms.now)
        met = is_met(direction_of(request.type, request.side), request.level, quote.price)
        if met and request.type is not OrderType.LIMIT:
            message = f"{request.asset_id} is at ${quote.price}; ${request.level} is met already."
            raise refuse(ErrorCode.INVALID_INPUT, message, "input", "triggerPrice")
        worth = estimated_at_level(request, terms.rules)
        if worth is None:
            raise too_valuable("more than can be counted", terms, _QUANTITY_PATH)
        check_something(
            request.quantity, request.asset_id, request.level, worth.total, _QUANTITY_PATH
        )
        check_worth(worth.notional, terms, _QUANTITY_PATH)
        account = state.account.on(terms.now.date())
        position = current(account, state.position, request.asset_id).on(terms.now.date())
        order = _new(request, account, expires_at, terms)
        if met:
            return _filled_at_once(state.account, position, order, quote, terms)
        if request.time_in_force in AT_ONCE:
            return OrderNote(account=state.account, order=_unfillable(order, state.account))
        if state.account.open_orders >= terms.rules.max_open_orders:
            raise _too_many(state.account.open_orders, terms.rules.max_open_orders)
        return held(state.account, position, order, worth.total, terms)


@dataclass(frozen=True, slots=True)
class Worth:
    """What an order comes to at the price that it waits for."""

    notional: Money
    fee: Money
    total: Money


def estimated_at_level(request: RestingRequest, rules: TradingRules) -> Worth | None:
    """Return what an order comes to at its own price; None beyond counting."""
    try:
        notional = notional_of(request.side, request.quantity, request.level)
        fee = fee_on(notional, rules.fee)
        return Worth(notional, fee, total_of(request.side, notional, fee))
    except AmountError:
        return None


def _end_of(request: RestingRequest, now: datetime) -> datetime | None:
    """Return when it ends at the latest; None for what never waits."""
    if request.time_in_force in AT_ONCE:
        return None
    if request.time_in_force is TimeInForce.DAY:
        return day_end(now.date())
    latest, wanted = now + ORDER_LIFETIME, request.expires_at
    if wanted is None:
        return latest
    if not now < wanted <= latest:
        message = (
            f"{wanted:%Y-%m-%d %H:%M:%S} UTC was given; it must lie ahead, by at most "
            f"{ORDER_LIFETIME // timedelta(days=1)} days."
        )
        raise refuse(ErrorCode.INVALID_INPUT, message, "input", "expiresAt")
    return wanted


def _new(
    request: RestingRequest, account: Account, expires_at: datetime | None, terms: Terms
) -> Order:
    return Order(
        id=terms.order_id,
        account_id=account.id,
        asset_id=request.asset_id,
        side=request.side,
        type=request.type,
        status=OrderStatus.FILLED,
        quantity=request.quantity,
        held_cash=NO_MONEY,
        held_quantity=NO_QUANTITY,
        version=account.version + 1,
        epoch=account.epoch,
        created_at=terms.now,
        updated_at=terms.now,
        limit_price=request.limit_price,
        trigger_price=request.trigger_price,
        time_in_force=request.time_in_force,
        expires_at=expires_at,
        idempotency_key=terms.key,
    )


def _filled_at_once(
    account: Account, position: Position, order: Order, quote: Quote, terms: Terms
) -> Change:
    try:
        fill = filled_at(order.side, order.quantity, quote, terms, limit=order.limit_price)
    except AmountError as error:
        raise too_valuable("more than can be counted", terms, _QUANTITY_PATH) from error
    check_worth(fill.notional, terms, _QUANTITY_PATH)
    if order.side is OrderSide.BUY:
        afford(account, fill.total)
    else:
        deliver(position, order.quantity)
    return filled(account, position, order, fill, quote, terms)


def _unfillable(order: Order, account: Account) -> Order:
    """Return an order that ended on arrival; it makes no version, and has that of the account."""
    return replace(
        order,
        status=OrderStatus.CANCELLED,
        status_reason=OrderStatusReason.UNFILLABLE,
        version=account.version,
    )


def _too_many(used: int, most: int) -> Refusal:
    limit, taken = Quantity.of(most), Quantity.of(used)
    return Refusal(
        LimitExceededError(
            f"{used} orders are open; at most {most} are allowed. Cancel one first.",
            ErrorCode.TOO_MANY_OPEN_ORDERS,
            unit="orders",
            limit=limit,
            used=taken,
            remaining=max(limit - taken, NO_QUANTITY),
            path=("input",),
        )
    )
