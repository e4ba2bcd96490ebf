"""What sets a resting order off: the price it waits for, and the way the price must move to it."""

from enum import StrEnum

from domain.money import Price
from domain.orders import Order, OrderSide, OrderType


class Direction(StrEnum):
    """The way the price must move from where it was when an order began to wait."""

    UP = "UP"
    """Set off at the level or above it."""
    DOWN = "DOWN"
    """Set off at the level or below it."""


_DIRECTIONS = {
    (OrderType.LIMIT, OrderSide.BUY): Direction.DOWN,
    (OrderType.LIMIT, OrderSide.SELL): Direction.UP,
    (OrderType.STOP_LOSS, OrderSide.BUY): Direction.UP,
    (OrderType.STOP_LOSS, OrderSide.SELL): Direction.DOWN,
    (OrderType.TAKE_PROFIT, OrderSide.BUY): Direction.DOWN,
    (OrderType.TAKE_PROFIT, OrderSide.SELL): Direction.UP,
}


def direction_of(kind: OrderType, side: OrderSide) -> Direction:
    """Return the way the price must move; a market order waits for none and has none."""
    return _DIRECTIONS[kind, side]


def level_of(order: Order) -> Price:
    """Return the price that a resting order waits for. Raises ValueError when it has none."""
    level = order.limit_price if order.type is OrderType.LIMIT else order.trigger_price
    if level is None:
        raise ValueError(f"{order.id} is a {order.type} order and waits for no price")
    return level


def is_met(direction: Direction, level: Price, price: Price) -> bool:
    """Tell whether a price sets off what waits at a level."""
    return price >= level if direction is Direction.UP else price <= level
