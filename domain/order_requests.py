"""What a user may write into an order, and what makes no sense whatever the account holds."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.ids import AssetId, asset_id
from domain.inputs import Problems, shown
from domain.instants import to_ms
from domain.money import QUANTITY_STEP, AmountError, Money, Percent, Price, Quantity
from domain.orders import OrderSide, OrderType, TimeInForce

SLIPPAGE_MAX = Percent.of(100)
"""A bound on maxSlippagePercent; more would mean any price."""

AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
"""What is filled on arrival, or not at all."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingRequest:
    """An order that waits for its price and makes sense; one of the prices is given, by its type.

    `expires_at` is None for the longest time that its `time_in_force` allows.
    """

    asset_id: AssetId
    side: OrderSide
    type: OrderType
    quantity: Quantity
    time_in_force: TimeInForce
    limit_price: Price | None = None
    trigger_price: Price | None = None
    expires_at: datetime | None = None

    @property
    def level(self) -> Price:
        """The price that it waits for."""
        level = self.limit_price or self.trigger_price
        assert level is not None, "each type has its price"
        return level


def requested(fields: OrderFields) -> OrderRequest:
    """Read a market order. Raises Refusal with every INVALID_INPUT there is, each at its field."""
    problems = Problems()
    request = OrderRequest(
        asset_id=_asset(fields, problems),
        side=fields.side,
        quantity=_quantity(fields, problems),
        notional=_notional(fields, problems),
        expected_price=_expected_price(fields, problems),
        max_slippage=_max_slippage(fields, problems),
    )
    _check_belonging(
        "a MARKET order",
        problems,
        limitPrice=fields.limit_price,
        triggerPrice=fields.trigger_price,
        timeInForce=fields.time_in_force,
        expiresAt=fields.expires_at,
    )
    problems.settle()
    return request


def resting_requested(fields: OrderFields) -> RestingRequest:
    """Read an order of any other type. Raises Refusal as `requested` does."""
    problems = Problems()
    is_limit = fields.type is OrderType.LIMIT
    limit = _price(is_limit, fields.limit_price, fields.type, "limitPrice", problems)
    trigger = _price(not is_limit, fields.trigger_price, fields.type, "triggerPrice", problems)
    force = fields.time_in_force or TimeInForce.GTC
    request = RestingRequest(
        asset_id=_asset(fields, problems),
        side=fields.side,
        type=fields.type,
        quantity=_needed_quantity(fields, problems),
        time_in_force=force,
        limit_price=limit,
        trigger_price=trigger,
        expires_at=to_ms(fields.expires_at) if fields.expires_at else None,
    )
    _check_belonging(
        f"a {fields.type} order",
        problems,
        notional=fields.notional,
        expectedPrice=fields.expected_price,
        maxSlippagePercent=fields.max_slippage_percent,
        limitPrice=None if is_limit else fields.limit_price,
        triggerPrice=fields.trigger_price if is_limit else None,
        timeInForce=None if is_limit or force not in AT_ONCE else force,
    )
    if force is not TimeInForce.GTC:
        _check_belonging(f"{force}, which ends by itself", problems, expiresAt=fields.expires_at)
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


def _needed_quantity(fields: OrderFields, problems: Problems) -> Quantity:
    if fields.quantity is None:
        problems.add(f"A {fields.type} order needs a quantity.", "input", "quantity")
        return QUANTITY_STEP
    return problems.amount(Quantity, fields.quantity, "input", "quantity")


def _price(
    is_needed: bool,  # noqa: FBT001 - whether the type has this price
    number: Decimal | None,
    kind: OrderType,
    name: str,
    problems: Problems,
) -> Price | None:
    if not is_needed:
        return None
    if number is None:
        problems.add(f"A {kind} order needs {name}.", "input", name)
        return Price(1)
    return problems.amount(Price, number, "input", name)


def _check_belonging(what: str, problems: Problems, **given: object) -> None:
    """Note each argument that was given and has no place there."""
    for name, value in given.items():
        if value is not None:
            problems.add(f"{name} doesn't belong to {what}; leave it out.", "input", name)
