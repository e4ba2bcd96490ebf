"""Places in the book and in the list of ends as items of the table, and back.

Both are written and deleted with the order itself, in its transaction.
"""

from datetime import datetime

from adapters.fields import Fields, StoredWronglyError
from adapters.table import Item, Key
from domain.ids import AccountId, AssetId, OrderId
from domain.instants import ms_of
from domain.money import Price
from domain.orders import Order
from domain.ports.books import Ending, Waiting
from domain.triggers import Direction, direction_of, level_of

BOOK, EXPIRY = "BOOK#", "EXPIRY#"

SWEPT = Key(f"{EXPIRY}SWEPT", "SWEPT")
"""Where it is noted how far the list of ends has been swept."""

PRICE_DIGITS = 24
"""Of a level in its sort key: as many as the greatest price has in its smallest units."""

MS_DIGITS = 15
"""Of an instant in its sort key, in Unix milliseconds: enough for the year 9999."""


def book_pk(asset_id: AssetId, direction: Direction) -> str:
    """Return the partition of all orders in an asset that wait for a price from one side."""
    return f"{BOOK}{asset_id}#{direction}"


def price_sk(price: Price) -> str:
    """Return how a sort key in the book begins."""
    return str(price.units).zfill(PRICE_DIGITS)


def expiry_pk(at: datetime) -> str:
    """Return the partition of all orders that end within the hour of an instant."""
    return f"{EXPIRY}{at:%Y-%m-%dT%H}"


def expiry_sk(at: datetime) -> str:
    """Return how a sort key in the list of ends begins."""
    return str(ms_of(at)).zfill(MS_DIGITS)


def waiting_item(order: Order) -> Item:
    """Return the item by which ticks find an open order."""
    level = level_of(order)
    return Item(
        Key(
            book_pk(order.asset_id, direction_of(order.type, order.side)),
            f"{price_sk(level)}#{order.id}",
        ),
        {
            "account": order.account_id,
            "order": order.id,
            "asset": order.asset_id,
            "level": level.units,
        },
    )


def waiting_of(item: Item) -> Waiting:
    """Read the item of an order in the book."""
    fields = Fields(item)
    return Waiting(
        account_id=AccountId(fields.text("account")),
        order_id=OrderId(fields.text("order")),
        asset_id=AssetId(fields.text("asset")),
        level=fields.amount(Price, "level"),
    )


def ending_item(order: Order) -> Item:
    """Return the item by which the sweep of ends finds an open order."""
    if order.expires_at is None:
        raise StoredWronglyError(f"open order {order.id} should have an end")
    return Item(
        Key(expiry_pk(order.expires_at), f"{expiry_sk(order.expires_at)}#{order.id}"),
        {"account": order.account_id, "order": order.id, "asset": order.asset_id},
    )


def ending_of(item: Item) -> Ending:
    """Read the item of an order in the list of ends."""
    fields = Fields(item)
    return Ending(
        account_id=AccountId(fields.text("account")),
        order_id=OrderId(fields.text("order")),
        asset_id=AssetId(fields.text("asset")),
    )
