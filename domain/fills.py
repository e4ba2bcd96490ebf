"""Fills: what a trade does to an account, whether its order held something or not."""

from dataclasses import replace

from domain.accounts import Account, Position
from domain.assets import Quote
from domain.commands import Terms
from domain.journal import Change, EntryKind, LedgerAccount, Leg, nonzero, usd
from domain.money import NO_MONEY, NO_QUANTITY, Money, Quantity, share_of_basis
from domain.order_entries import order_entry
from domain.orders import Fill, Order, OrderSide, OrderStatus
from domain.refusals import InsufficientFundsError, Refusal


def afford(account: Account, total: Money, *, held: Money = NO_MONEY) -> None:
    """Refuse what costs more than is available; what the order holds itself may be used."""
    available = account.available + held
    if total > available:
        message = f"${total} is needed; ${available} is available."
        raise Refusal(InsufficientFundsError(message, "USD", total, available, ("input",)))


def deliver(position: Position, quantity: Quantity) -> None:
    """Refuse to sell more than is available."""
    if quantity > position.available:
        unit = position.asset_id
        message = f"{quantity} {unit} is needed; {position.available} {unit} is available."
        raise Refusal(
            InsufficientFundsError(message, unit, quantity, position.available, ("input",))
        )


def filled(  # noqa: PLR0917 - a fill is made of all of these
    before: Account, position: Position, order: Order, fill: Fill, quote: Quote, terms: Terms
) -> Change:
    """Return what the fill of an order changes.

    What an open order holds is used up first, and what it doesn't need is available again. The
    account must be able to afford it. Raises AmountError for what is beyond counting.
    """
    is_open = order.status is OrderStatus.OPEN
    after = replace(
        before.on(terms.now.date()).changed(terms.now, order.asset_id),
        held=before.held - order.held_cash,
        open_orders=before.open_orders - is_open,
    )
    held = replace(position, held=position.held - order.held_quantity)
    traded = _bought if order.side is OrderSide.BUY else _sold
    after, held = traded(after, held, order.quantity, fill)
    held = replace(held, version=after.version)
    done = replace(
        order,
        status=OrderStatus.FILLED,
        fill=fill,
        held_cash=NO_MONEY,
        held_quantity=NO_QUANTITY,
        version=after.version,
        updated_at=terms.now,
    )
    return Change(
        before=before,
        account=after,
        position=held,
        order=done,
        was_resting=is_open,
        entry=order_entry(
            EntryKind.ORDER_BUY if order.side is OrderSide.BUY else EntryKind.ORDER_SELL,
            _legs(order, fill),
            before=before,
            after=after,
            position=held,
            order=done,
            moved=order.quantity if order.side is OrderSide.BUY else -order.quantity,
            quote=quote,
            terms=terms,
        ),
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


def _legs(order: Order, fill: Fill) -> tuple[Leg, ...]:
    """Return at most six legs: cash available and held, the market, the fee, the asset."""
    available, held = LedgerAccount.USER_AVAILABLE, LedgerAccount.USER_HELD
    if order.side is OrderSide.BUY:
        return nonzero(
            usd(available, order.held_cash - fill.total),
            usd(held, -order.held_cash),
            usd(LedgerAccount.MARKET, fill.notional),
            usd(LedgerAccount.FEES, fill.fee),
            Leg(available, order.asset_id, order.quantity),
            Leg(LedgerAccount.MARKET, order.asset_id, -order.quantity),
        )
    return nonzero(
        usd(available, fill.total),
        usd(LedgerAccount.MARKET, -fill.notional),
        usd(LedgerAccount.FEES, fill.fee),
        Leg(available, order.asset_id, order.held_quantity - order.quantity),
        Leg(held, order.asset_id, -order.held_quantity),
        Leg(LedgerAccount.MARKET, order.asset_id, order.quantity),
    )
