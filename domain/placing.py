"""Placing an order of any type."""

from domain.market_orders import PlaceOrder
from domain.order_requests import OrderFields
from domain.orders import OrderType
from domain.resting_orders import PlaceRestingOrder

Placing = PlaceOrder | PlaceRestingOrder


def placing(fields: OrderFields) -> Placing:
    """Return the command that places an order. Raises Refusal for what makes no sense."""
    if fields.type is OrderType.MARKET:
        return PlaceOrder.of(fields)
    return PlaceRestingOrder.of(fields)
