"""Holds: what an open order keeps from being spent, each taken and let go of by an entry."""

from dataclasses import replace

from domain.accounts import Account, Position
from domain.commands import Terms
from domain.fills import afford, deliver
from domain.journal import Change, EntryKind, LedgerAccount, Leg, nonzero, usd
from domain.money import NO_MONEY, NO_QUANTITY, Money
from domain.order_entries import order_entry
from domain.orders import Order, OrderSide, OrderStatus


def held(before: Account, position: Position, order: Order, cost: Money, terms: Terms) -> Change:
    """Open an order: hold cash for a buy, as much as it costs at its own price; a sale's quantity.

    Raises Refusal with INSUFFICIENT_FUNDS.
    """
    cash, quantity = NO_MONEY, NO_QUANTITY
    if order.side is OrderSide.BUY:
        afford(before, cost)
        cash = cost
    else:
        deliver(position, order.quantity)
        quantity = order.quantity
    opened = replace(order, status=OrderStatus.OPEN, held_cash=cash, held_quantity=quantity)
    after = replace(before, held=before.held + cash, open_orders=before.open_orders + 1)
    kept = replace(position, held=position.held + quantity)
    return _change(EntryKind.ORDER_HOLD, _legs(opened), before, after, kept, opened, terms)


def released(before: Account, position: Position, order: Order, terms: Terms) -> Change:
    """End an order that was open, and has its last status already: let go of what it holds."""
    after = replace(before, held=before.held - order.held_cash, open_orders=before.open_orders - 1)
    left = replace(position, held=position.held - order.held_quantity)
    legs = tuple(Leg(leg.account, leg.unit, -leg.amount) for leg in _legs(order))
    ended = replace(order, held_cash=NO_MONEY, held_quantity=NO_QUANTITY)
    return _change(EntryKind.ORDER_RELEASE, legs, before, after, left, ended, terms)


def _change(  # noqa: PLR0917 - a change is made of all of these
    kind: EntryKind,
    legs: tuple[Leg, ...],
    before: Account,
    after: Account,
    position: Position,
    order: Order,
    terms: Terms,
) -> Change:
    """Give a hold or a release its version, its time and its entry."""
    after = after.on(terms.now.date()).changed(terms.now, order.asset_id)
    position = replace(position, version=after.version)
    order = replace(order, version=after.version, updated_at=terms.now)
    entry = order_entry(
        kind, legs, before=before, after=after, position=position, order=order, terms=terms
    )
    return Change(
        before=before,
        account=after,
        entry=entry,
        position=position,
        order=order,
        was_resting=kind is EntryKind.ORDER_RELEASE,
    )


def _legs(order: Order) -> tuple[Leg, ...]:
    """Return the legs that hold what an order needs; turned round, they let go of it."""
    available, kept = LedgerAccount.USER_AVAILABLE, LedgerAccount.USER_HELD
    return nonzero(
        usd(available, -order.held_cash),
        usd(kept, order.held_cash),
        Leg(available, order.asset_id, -order.held_quantity),
        Leg(kept, order.asset_id, order.held_quantity),
    )
