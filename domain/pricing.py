"""What a trade comes to: a usable quote, and the fill it gives, slippage and fee included."""

from datetime import timedelta

from domain.assets import Quote
from domain.commands import Terms
from domain.ids import AssetId
from domain.journal import USD
from domain.money import (
    NO_MONEY,
    Money,
    Percent,
    Price,
    Quantity,
    cost_of,
    fee_on,
    percent_of,
    proceeds_of,
    slipped_down,
    slipped_up,
)
from domain.orders import Fill, OrderSide
from domain.refusals import ErrorCode, LimitExceededError, Path, Refusal, refuse
from domain.rules import TradingRules

_MS = timedelta(milliseconds=1)
_S = timedelta(seconds=1)


def usable_quote(asset_id: AssetId, terms: Terms) -> Quote:
    """Return the quote when an order can be placed on it: known, tradable and fresh."""
    quote, path = terms.quote, ("input", "assetId")
    if quote is None:
        raise refuse(ErrorCode.ASSET_NOT_FOUND, f"There is no asset {asset_id}.", *path)
    if not quote.is_tradable:
        message = f"{asset_id} can't be traded at present."
        raise refuse(ErrorCode.ASSET_NOT_TRADABLE, message, *path)
    age = terms.age_of(quote)
    if age > terms.rules.price_stale_after:
        message = (
            f"The last price of {asset_id} is {age // _S} s old; at most "
            f"{terms.rules.price_stale_after // _S} s is allowed. Try again later."
        )
        raise refuse(ErrorCode.PRICE_STALE, message, *path)
    return quote


def slipped(side: OrderSide, price: Price, rules: TradingRules) -> Price:
    """Return a price made worse by the slippage."""
    slip = slipped_up if side is OrderSide.BUY else slipped_down
    return slip(price, rules.slippage)


def notional_of(side: OrderSide, quantity: Quantity, price: Price) -> Money:
    """Return what a quantity is worth at a price: rounded up for a buy, down for a sale."""
    return (cost_of if side is OrderSide.BUY else proceeds_of)(quantity, price)


def total_of(side: OrderSide, notional: Money, fee: Money) -> Money:
    """Return what a trade costs or brings in all."""
    return notional + fee if side is OrderSide.BUY else notional - fee


def filled_at(
    side: OrderSide, quantity: Quantity, quote: Quote, terms: Terms, *, limit: Price | None = None
) -> Fill:
    """Return the fill that a quote gives; slippage takes it to its limit at worst.

    Raises AmountError when a figure is beyond what can be counted.
    """
    price, slippage = slipped(side, quote.price, terms.rules), terms.rules.slippage
    if limit is not None and _is_worse(side, price, limit):
        price, slippage = limit, _slippage_between(quote.price, limit)
    notional = notional_of(side, quantity, price)
    fee = fee_on(notional, terms.rules.fee)
    return Fill(
        price=price,
        notional=notional,
        fee=fee,
        total=total_of(side, notional, fee),
        quoted_price=quote.price,
        slippage=slippage,
        price_source=quote.source,
        price_age_ms=terms.age_of(quote) // _MS,
        at=terms.now,
    )


def check_worth(worth: Money, terms: Terms, path: Path) -> None:
    """Refuse an order that is worth more than one may be."""
    if worth > terms.rules.max_order_value:
        raise too_valuable(f"${worth}", terms, path)


def check_something(
    quantity: Quantity, asset_id: AssetId, price: Price, total: Money, path: Path
) -> None:
    """Refuse an order that would come to nothing."""
    if not quantity or total <= NO_MONEY:
        message = f"At ${price} it would come to {quantity} {asset_id} for ${total}."
        raise refuse(ErrorCode.INVALID_INPUT, message, *path)


def too_valuable(worth: str, terms: Terms, path: Path) -> Refusal:
    """Return the refusal of an order for its worth."""
    limit = terms.rules.max_order_value
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


def _is_worse(side: OrderSide, price: Price, limit: Price) -> bool:
    return price > limit if side is OrderSide.BUY else price < limit


def _slippage_between(quoted: Price, paid: Price) -> Percent:
    """Return how much worse than quoted a limit let it become."""
    apart = Price(abs(paid.units - quoted.units))
    return percent_of(apart, quoted) or Percent(0)
