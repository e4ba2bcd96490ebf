"""Market orders: filled at once, whole, at the quoted price made worse by the slippage."""

from dataclasses import dataclass
from datetime import datetime

from domain.accounts import Account, current
from domain.assets import Quote
from domain.commands import NOBODY, Needs, State, Terms
from domain.fills import afford, deliver, filled
from domain.ids import CommandId, OrderId
from domain.journal import Change
from domain.money import (
    NO_MONEY,
    NO_QUANTITY,
    AmountError,
    Price,
    Quantity,
    is_further_than,
    quantity_bought_for,
    quantity_sold_for,
)
from domain.order_requests import OrderFields, OrderRequest, requested
from domain.orders import Fill, Order, OrderSide, OrderStatus, OrderType
from domain.pricing import (
    check_something,
    check_worth,
    filled_at,
    slipped,
    too_valuable,
    usable_quote,
)
from domain.refusals import ErrorCode, refuse
from domain.rules import TradingRules


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Buy or sell at the market, by quantity or by notional."""

    request: OrderRequest

    @classmethod
    def of(cls, fields: OrderFields) -> "PlaceOrder":
        """Read the input. Raises Refusal for what makes no sense."""
        return cls(requested(fields))

    def needs(self, terms: Terms) -> Needs:  # noqa: ARG002 - the port's signature
        """Need the position in the asset."""
        return Needs(asset_id=self.request.asset_id)

    def decide(self, state: State, terms: Terms) -> Change:
        """Fill the order whole, or refuse it.

        Refused, in this order, with ASSET_NOT_FOUND, ASSET_NOT_TRADABLE, PRICE_STALE, PRICE_MOVED,
        INVALID_INPUT (it would come to nothing), ORDER_VALUE_EXCEEDED, INSUFFICIENT_FUNDS.
        """
        quote = usable_quote(self.request.asset_id, terms)
        _check_expected(self.request, quote)
        fill, quantity = priced(self.request, quote, terms)
        account = state.account.on(terms.now.date())
        position = current(account, state.position, self.request.asset_id).on(terms.now.date())
        if self.request.side is OrderSide.BUY:
            afford(account, fill.total)
        else:
            deliver(position, quantity)
        order = _placed(self.request, quantity, state.account, terms)
        return filled(state.account, position, order, fill, quote, terms)


def priced(request: OrderRequest, quote: Quote, terms: Terms) -> tuple[Fill, Quantity]:
    """Return the fill that the quote gives, and its quantity, within the rules."""
    path = ("input", "notional" if request.quantity is None else "quantity")
    try:
        fill, quantity = _fill(request, quote, terms)
    except AmountError as error:
        raise too_valuable("more than can be counted", terms, path) from error
    check_something(quantity, quote.asset_id, fill.price, fill.total, path)
    check_worth(fill.notional, terms, path)
    return fill, quantity


def estimated(
    request: OrderRequest, quote: Quote, rules: TradingRules, now: datetime
) -> tuple[Fill, Quantity] | None:
    """Return the fill that the quote would give, whoever asked; None beyond counting."""
    nobodys = Terms(
        now=now,
        rules=rules,
        user_id=NOBODY,
        command_id=CommandId(""),
        order_id=OrderId(""),
    )
    try:
        return _fill(request, quote, nobodys)
    except AmountError:
        return None


def _fill(request: OrderRequest, quote: Quote, terms: Terms) -> tuple[Fill, Quantity]:
    quantity = request.quantity
    if quantity is None:
        quantity = _sized(request, slipped(request.side, quote.price, terms.rules))
    return filled_at(request.side, quantity, quote, terms), quantity


def _sized(request: OrderRequest, price: Price) -> Quantity:
    if not price:
        return NO_QUANTITY
    sized = quantity_bought_for if request.side is OrderSide.BUY else quantity_sold_for
    return sized(request.notional or NO_MONEY, price)


def _check_expected(request: OrderRequest, quote: Quote) -> None:
    expected, allowed = request.expected_price, request.max_slippage
    if expected is None or allowed is None:
        return
    is_buy = request.side is OrderSide.BUY
    worse = quote.price > expected if is_buy else quote.price < expected
    if worse and is_further_than(quote.price, expected, allowed):
        message = (
            f"{request.asset_id} is at ${quote.price}; ${expected} was expected, and at most "
            f"{allowed} % worse allowed."
        )
        raise refuse(ErrorCode.PRICE_MOVED, message, "input", "expectedPrice")


def _placed(request: OrderRequest, quantity: Quantity, account: Account, terms: Terms) -> Order:
    return Order(
        id=terms.order_id,
        account_id=account.id,
        asset_id=request.asset_id,
        side=request.side,
        type=OrderType.MARKET,
        status=OrderStatus.FILLED,
        quantity=quantity,
        held_cash=NO_MONEY,
        held_quantity=NO_QUANTITY,
        version=account.version + 1,
        epoch=account.epoch,
        created_at=terms.now,
        updated_at=terms.now,
        idempotency_key=terms.key,
    )
