"""The journal entries of orders: the image of what was decided, and of what it left behind."""

from domain.accounts import Account, Position
from domain.assets import Quote
from domain.commands import Terms
from domain.journal import Entry, EntryKind, Leg
from domain.money import NO_QUANTITY, Quantity
from domain.orders import Order


def order_entry(
    kind: EntryKind,
    legs: tuple[Leg, ...],
    *,
    before: Account,
    after: Account,
    position: Position,
    order: Order,
    terms: Terms,
    moved: Quantity = NO_QUANTITY,
    quote: Quote | None = None,
) -> Entry:
    """Return the entry of an order's change; `moved` is what it did to the quantity."""
    return Entry(
        account_id=after.id,
        version=after.version,
        kind=kind,
        legs=legs,
        at=terms.now,
        command_id=terms.command_id,
        epoch=after.epoch,
        cash_change=after.cash - before.cash,
        cash_after=after.cash,
        held_after=after.held,
        asset_id=order.asset_id,
        quantity_change=moved,
        quantity_after=position.quantity,
        quantity_held_after=position.held,
        cost_basis_after=position.cost_basis,
        realized_gain_after=position.realized_gain,
        order_id=order.id,
        order_status=order.status,
        quote=quote,
    )
