"""The viewer's orders: one, a list of them, and what placing one would do."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from domain.idempotency import fingerprint
from domain.ids import OrderId, order_id
from domain.ledger import Outcome, Wish
from domain.market_orders import PlaceOrder, estimated
from domain.money import Money, Price, Quantity
from domain.order_requests import OrderRequest
from domain.orders import Fill, Order
from domain.pages import OrderFilter
from domain.portfolios import ValuedPosition, valued
from domain.refusals import Refusal, UserError
from resolvers.commands import read
from resolvers.context import Request
from resolvers.cursors import Cursors
from resolvers.pages import Connection, PageArgs, Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an order would do, as far as that can be told, and what it would be refused for."""

    quantity: Quantity | None = None
    price: Price | None = None
    notional: Money | None = None
    fee: Money | None = None
    total: Money | None = None
    cash_after: Money | None = None
    available_cash_after: Money | None = None
    position_after: Quantity | None = None
    errors: tuple[UserError, ...] = ()


async def order(request: Request, text: str) -> Order | None:
    """Return an order of the viewer's; somebody else's looks like a missing one."""
    request.signed_in()
    return await own_order(request, text)


async def own_order(request: Request, text: str) -> Order | None:
    """Return an order of the viewer's; to strangers every order looks missing."""
    wanted = order_id(text)
    return await request.loaders.orders.load(wanted) if wanted else None


async def orders(request: Request, args: PageArgs, where: OrderFilter) -> Connection[Order]:
    """Return a page of the viewer's orders, newest first."""
    account_id = request.signed_in().account_id
    cursors = Cursors[OrderId](
        f"orders {account_id} {fingerprint(where)}", spell=str, parse=_order_id
    )
    paging = Paging[Order, OrderId](args, cursors)
    found = await request.services.accounts.orders_where(account_id, where, paging.stretch)
    seen = [
        order
        for order in await request.loaders.seen_now(found.items)
        if not where.statuses or order.status in where.statuses
    ]
    return paging.connection(replace(found, items=tuple(seen)), lambda order: order.id)


def _order_id(text: str) -> OrderId:
    found = order_id(text)
    if found is None:
        raise ValueError("no order's id")
    return found


async def preview(request: Request, build: Callable[[], PlaceOrder], key: str | None) -> Preview:
    """Return what placing an order now would do, without doing it and without using up the key.

    What it would cost is told even when it would be refused, as long as there is a price.
    """
    viewer = request.signed_in()
    command, _, errors = read(build, key)
    if command is None or errors:
        return Preview(errors=errors)
    wish = Wish(user_id=viewer.user_id, account_id=viewer.account_id, command=command)
    try:
        change = await request.services.ledger.preview(wish)
    except Refusal as refusal:
        return replace(_estimate(request, command.request), errors=refusal.errors)
    order, position = change.order, change.position
    assert order is not None, "an order was decided"
    assert order.fill is not None, "a market order is filled at once"
    assert position is not None, "a fill moves the position"
    return replace(
        _priced(order.fill, order.quantity),
        cash_after=change.account.cash,
        available_cash_after=change.account.available,
        position_after=position.quantity,
    )


def _estimate(request: Request, wanted: OrderRequest) -> Preview:
    quote = request.services.board.quote(wanted.asset_id)
    if quote is None:
        return Preview()
    estimate = estimated(wanted, quote, request.services.rules, request.now())
    return _priced(*estimate) if estimate else Preview()


def _priced(fill: Fill, quantity: Quantity) -> Preview:
    return Preview(
        quantity=quantity,
        price=fill.price,
        notional=fill.notional,
        fee=fill.fee,
        total=fill.total,
    )


async def position_of(request: Request, outcome: Outcome) -> ValuedPosition | None:
    """Return the position that an outcome left, valued; None when there is none to show."""
    if outcome.order is None or outcome.position is None:
        return None
    asset = await request.loaders.assets.load(outcome.position.asset_id)
    return valued(outcome.position, asset) if asset else None
