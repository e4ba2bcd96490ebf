"""Market orders: filled at once, whole, at the quoted price made worse by the slippage."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.accounts import Account, Position, current
from domain.assets import Quote
from domain.commands import Needs, State, Terms
from domain.ids import CommandId, OrderId, UserId
from domain.journal import USD, Change, Entry, EntryKind, LedgerAccount, Leg, nonzero, usd
from domain.money import (
    NO_MONEY,
    NO_QUANTITY,
    AmountError,
    Money,
    Quantity,
    cost_of,
    fee_on,
    is_further_than,
    proceeds_of,
    quantity_bought_for,
    quantity_sold_for,
    share_of_basis,
    slipped_down,
    slipped_up,
)
from domain.order_requests import OrderFields, OrderRequest, requested
from domain.orders import Fill, Order, OrderSide, OrderStatus, OrderType
from domain.refusals import (
    ErrorCode,
    InsufficientFundsError,
    LimitExceededError,
    Refusal,
    refuse,
)
from domain.rules import TradingRules

_MS = timedelta(milliseconds=1)
_S = timedelta(seconds=1)


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
        quote = usable_quote(self.request, terms)
        fill, quantity = priced(self.request, quote, terms)
        account = state.account.on(terms.now.date())
        position = current(account, state.position, self.request.asset_id).on(terms.now.date())
        if self.request.side is OrderSide.BUY:
            _afford(account, fill.total)
            after, held = _bought(account, position, quantity, fill)
        else:
            _deliver(position, quantity)
            after, held = _sold(account, position, quantity, fill)
        version = state.account.version + 1
        after = replace(after, version=version, changed_at=terms.now)
        held = replace(held, version=version, epoch=after.epoch)
        order = _filled(self.request, quantity, fill, after, terms)
        entry = _entry(state.account, after, held, order, quote, terms)
        return Change(before=state.account, account=after, entry=entry, position=held, order=order)


def usable_quote(request: OrderRequest, terms: Terms) -> Quote:
    """Return the quote when it can be traded on: known, tradable, fresh, and where expected."""
    quote, path = terms.quote, ("input", "assetId")
    if quote is None:
        raise refuse(ErrorCode.ASSET_NOT_FOUND, f"There is no asset {request.asset_id}.", *path)
    if not quote.is_tradable:
        message = f"{request.asset_id} can't be traded at present."
        raise refuse(ErrorCode.ASSET_NOT_TRADABLE, message, *path)
    age = terms.age_of(quote)
    if age > terms.rules.price_stale_after:
        message = (
            f"The last price of {request.asset_id} is {age // _S} s old; at most "
            f"{terms.rules.price_stale_after // _S} s is allowed. Try again later."
        )
        raise refuse(ErrorCode.PRICE_STALE, message, *path)
    _check_expected(request, quote)
    return quote


def priced(request: OrderRequest, quote: Quote, terms: Terms) -> tuple[Fill, Quantity]:
    """Return the fill that the quote gives, and its quantity, within the rules."""
    path = ("input", "notional" if request.quantity is None else "quantity")
    limit = terms.rules.max_order_value
    try:
        fill, quantity = _fill(request, quote, terms)
    except AmountError as error:
        raise _too_valuable("more than can be counted", limit, path) from error
    if not quantity or fill.total <= NO_MONEY:
        message = (
            f"At ${fill.price} it would come to {quantity} {quote.asset_id} for ${fill.total}."
        )
        raise refuse(ErrorCode.INVALID_INPUT, message, *path)
    if fill.notional > limit:
        raise _too_valuable(f"${fill.notional}", limit, path)
    return fill, quantity


def estimated(
    request: OrderRequest, quote: Quote, rules: TradingRules, now: datetime
) -> tuple[Fill, Quantity] | None:
    """Return the fill that the quote would give, whoever asked; None beyond counting."""
    nobody = Terms(
        now=now,
        rules=rules,
        user_id=UserId(""),
        command_id=CommandId(""),
        order_id=OrderId(""),
    )
    try:
        return _fill(request, quote, nobody)
    except AmountError:
        return None


def _fill(request: OrderRequest, quote: Quote, terms: Terms) -> tuple[Fill, Quantity]:
    is_buy = request.side is OrderSide.BUY
    slip = slipped_up if is_buy else slipped_down
    price = slip(quote.price, terms.rules.slippage)
    quantity = request.quantity
    if quantity is None:
        sized = quantity_bought_for if is_buy else quantity_sold_for
        quantity = sized(request.notional or NO_MONEY, price) if price else NO_QUANTITY
    notional = (cost_of if is_buy else proceeds_of)(quantity, price)
    fee = fee_on(notional, terms.rules.fee)
    fill = Fill(
        price=price,
        notional=notional,
        fee=fee,
        total=notional + fee if is_buy else notional - fee,
        quoted_price=quote.price,
        slippage=terms.rules.slippage,
        price_source=quote.source,
        price_age_ms=terms.age_of(quote) // _MS,
        at=terms.now,
    )
    return fill, quantity


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


def _too_valuable(worth: str, limit: Money, path: tuple[str, ...]) -> Refusal:
    return Refusal(
        LimitExceededError(
            f"The order is worth {worth}; at most ${limit} is allowed.",
            ErrorCode.ORDER_VALUE_EXCEEDED,
            unit=USD,
            limit=limit,
            used=NO_MONEY,
            remaining=limit,
            path=path,
        )
    )


def _afford(account: Account, total: Money) -> None:
    if total > account.available:
        message = f"${total} is needed; ${account.available} is available."
        raise Refusal(InsufficientFundsError(message, USD, total, account.available, ("input",)))


def _deliver(position: Position, quantity: Quantity) -> None:
    if quantity > position.available:
        unit = position.asset_id
        message = f"{quantity} {unit} is needed; {position.available} {unit} is available."
        raise Refusal(
            InsufficientFundsError(message, unit, quantity, position.available, ("input",))
        )


def _bought(
    account: Account, position: Position, quantity: Quantity, fill: Fill
) -> tuple[Account, Position]:
    return replace(account, cash=account.cash - fill.total), replace(
        position,
        quantity=position.quantity + quantity,
        cost_basis=position.cost_basis + fill.total,
    )


def _sold(
    account: Account, position: Position, quantity: Quantity, fill: Fill
) -> tuple[Account, Position]:
    share = share_of_basis(position.cost_basis, quantity, position.quantity)
    return replace(account, cash=account.cash + fill.total), replace(
        position,
        quantity=position.quantity - quantity,
        cost_basis=position.cost_basis - share,
        realized_gain=position.realized_gain + fill.total - share,
    )


def _filled(
    request: OrderRequest, quantity: Quantity, fill: Fill, after: Account, terms: Terms
) -> Order:
    return Order(
        id=terms.order_id,
        account_id=after.id,
        asset_id=request.asset_id,
        side=request.side,
        type=OrderType.MARKET,
        status=OrderStatus.FILLED,
        quantity=quantity,
        held_cash=NO_MONEY,
        held_quantity=NO_QUANTITY,
        version=after.version,
        epoch=after.epoch,
        created_at=terms.now,
        updated_at=terms.now,
        fill=fill,
        idempotency_key=terms.key,
    )


def _entry(  # noqa: PLR0917 - an entry is the image of all that was decided
    before: Account, after: Account, held: Position, order: Order, quote: Quote, terms: Terms
) -> Entry:
    fill = order.fill
    assert fill is not None
    is_buy = order.side is OrderSide.BUY
    moved = order.quantity if is_buy else -order.quantity
    notional = fill.notional if is_buy else -fill.notional
    cash_change = after.cash - before.cash
    legs = nonzero(
        usd(LedgerAccount.USER_AVAILABLE, cash_change),
        usd(LedgerAccount.MARKET, notional),
        usd(LedgerAccount.FEES, fill.fee),
        Leg(LedgerAccount.USER_AVAILABLE, order.asset_id, moved),
        Leg(LedgerAccount.MARKET, order.asset_id, -moved),
    )
    return Entry(
        account_id=after.id,
        version=after.version,
        kind=EntryKind.ORDER_BUY if is_buy else EntryKind.ORDER_SELL,
        legs=legs,
        at=terms.now,
        command_id=terms.command_id,
        epoch=after.epoch,
        cash_change=cash_change,
        cash_after=after.cash,
        held_after=after.held,
        asset_id=order.asset_id,
        quantity_change=moved,
        quantity_after=held.quantity,
        quantity_held_after=held.held,
        cost_basis_after=held.cost_basis,
        realized_gain_after=held.realized_gain,
        order_id=order.id,
        order_status=order.status,
        quote=quote,
    )
