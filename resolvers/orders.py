"""The viewer's orders: one, a list of them, and taking one back."""

from dataclasses import replace

from domain.idempotency import fingerprint
from domain.ids import OrderId, order_id
from domain.inputs import shown
from domain.ledger import Outcome
from domain.order_ends import CancelOrder
from domain.orders import Order
from domain.pages import OrderFilter
from domain.portfolios import ValuedPosition, valued
from domain.refusals import ErrorCode, refuse
from resolvers.commands import carry_out
from resolvers.context import Request
from resolvers.cursors import Cursors
from resolvers.pages import Connection, PageArgs, Paging


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
    request.rows_passed_over += found.passed_over
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


async def cancel(request: Request, text: str) -> Outcome:
    """Cancel an order of the viewer's; somebody else's looks like a missing one."""
    account_id = request.signed_in().account_id
    wanted = order_id(text)
    found = await request.services.accounts.orders(account_id, [wanted]) if wanted else {}

    def build() -> CancelOrder:
        for order in found.values():
            return CancelOrder(order_id=order.id, asset_id=order.asset_id)
        message = f"There is no order {shown(ascii(text))}."
        raise refuse(ErrorCode.ORDER_NOT_FOUND, message, "input", "orderId")

    return await carry_out(request, build, None)


async def position_of(request: Request, outcome: Outcome) -> ValuedPosition | None:
    """Return the position that an outcome left, valued; None when there is none to show."""
    if outcome.order is None or outcome.position is None:
        return None
    asset = await request.loaders.assets.load(outcome.position.asset_id)
    return valued(outcome.position, asset) if asset else None
