"""What a user may write into an order, and what makes no sense whatever the account holds."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.ids import AssetId, asset_id
from domain.inputs import Problems, shown
from domain.money import AmountError, Money, Percent, Price, Quantity
from domain.orders import OrderSide, OrderType, TimeInForce

SLIPPAGE_MAX = Percent.of(100)
"""A bound on maxSlippagePercent; more would mean any price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFields:
    """An order as it was sent: numbers exact, nothing checked."""

    asset_id: str
    side: OrderSide
    type: OrderType = OrderType.MARKET
    quantity: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    expires_at: datetime | None = None
    expected_price: Decimal | None = None
    max_slippage_percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A market order that makes sense; exactly one of `quantity` and `notional` is given."""

    asset_id: AssetId
    side: OrderSide
    quantity: Quantity | None = None
    notional: Money | None = None
    expected_price: Price | None = None
    max_slippage: Percent | None = None


def requested(fields: OrderFields) -> OrderRequest:
    """Read an order. Raises Refusal with every INVALID_INPUT there is, each at its field."""
    problems = Problems()
    request = OrderRequest(
        asset_id=_asset(fields, problems),
        side=fields.side,
        quantity=_quantity(fields, problems),
        notional=_notional(fields, problems),
        expected_price=_expected_price(fields, problems),
        max_slippage=_max_slippage(fields, problems),
    )
    _check_type(fields, problems)
    problems.settle()
    return request


def _asset(fields: OrderFields, problems: Problems) -> AssetId:
    found = asset_id(fields.asset_id)
    if found is None:
        problems.add(
            f"{shown(ascii(fields.asset_id))} was given; an asset's id is 1 to 10 letters or "
            "digits, such as BTC.",
            "input",
            "assetId",
        )
    return found or AssetId("?")


def _quantity(fields: OrderFields, problems: Problems) -> Quantity | None:
    if fields.quantity is None:
        if fields.notional is None:
            problems.add(
                "Give one of quantity and notional; neither was given.", "input", "quantity"
            )
        return None
    return problems.amount(Quantity, fields.quantity, "input", "quantity")


def _notional(fields: OrderFields, problems: Problems) -> Money | None:
    if fields.notional is None:
        return None
    if fields.quantity is not None:
        problems.add("Give one of quantity and notional; both were given.", "input", "notional")
    return problems.amount(Money, fields.notional, "input", "notional")


def _expected_price(fields: OrderFields, problems: Problems) -> Price | None:
    if fields.expected_price is None:
        if fields.max_slippage_percent is not None:
            problems.add(
                "maxSlippagePercent needs the price it is measured from.", "input", "expectedPrice"
            )
        return None
    return problems.amount(Price, fields.expected_price, "input", "expectedPrice")


def _max_slippage(fields: OrderFields, problems: Problems) -> Percent | None:
    path = ("input", "maxSlippagePercent")
    number = fields.max_slippage_percent
    if number is None:
        if fields.expected_price is not None:
            problems.add("expectedPrice needs the slippage to allow from it.", *path)
        return None
    try:
        slippage = Percent.of(number)
    except AmountError as error:
        problems.add(f"{shown(number)} was given; it {error}.", *path)
        return None
    if not Percent(0) <= slippage <= SLIPPAGE_MAX:
        problems.add(f"{slippage} was given; 0 to {SLIPPAGE_MAX} is allowed.", *path)
    return slippage


def _check_type(fields: OrderFields, problems: Problems) -> None:
    if fields.type is not OrderType.MARKET:
        problems.add(f"{fields.type} was given; this server takes MARKET orders.", "input", "type")
        return
    for name, given in (
        ("limitPrice", fields.limit_price),
        ("triggerPrice", fields.trigger_price),
        ("timeInForce", fields.time_in_force),
        ("expiresAt", fields.expires_at),
    ):
        if given is not None:
            problems.add("It doesn't belong to a MARKET order; leave it out.", "input", name)
