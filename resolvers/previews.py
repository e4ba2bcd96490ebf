"""What placing an order would do."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from domain.ids import AssetId
from domain.journal import Change, OrderNote
from domain.ledger import Wish
from domain.market_orders import PlaceOrder, estimated
from domain.money import NO_QUANTITY, Money, Price, Quantity
from domain.order_requests import OrderRequest, RestingRequest
from domain.orders import Fill, OrderStatus
from domain.placing import Placing
from domain.refusals import Refusal, UserError
from domain.resting_orders import estimated_at_level
from resolvers.commands import read
from resolvers.context import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an order would do, as far as that can be told, and what it would be refused for."""

    status: OrderStatus | None = None
    quantity: Quantity | None = None
    price: Price | None = None
    notional: Money | None = None
    fee: Money | None = None
    total: Money | None = None
    cash_after: Money | None = None
    available_cash_after: Money | None = None
    position_after: Quantity | None = None
    errors: tuple[UserError, ...] = ()


async def preview(request: Request, build: Callable[[], Placing], key: str | None) -> Preview:
    """Return what placing an order now would do, without doing it and without using up the key.

    What it would cost is told even when it would be refused, as long as there is a price: that of
    the fill, or for an order that would wait, its own.
    """
    viewer = request.signed_in()
    command, _, errors = read(build, key)
    if command is None or errors:
        return Preview(errors=errors)
    wish = Wish(user_id=viewer.user_id, account_id=viewer.account_id, command=command)
    try:
        made = await request.services.ledger.preview(wish)
    except Refusal as refusal:
        return replace(_estimate(request, command), errors=refusal.errors)
    order = made.order
    assert order is not None, "an order was decided"
    figures = _filled(order.fill, order.quantity) if order.fill else _estimate(request, command)
    return replace(
        figures,
        status=order.status,
        cash_after=made.account.cash,
        available_cash_after=made.account.available,
        position_after=await _position_after(request, made, order.asset_id),
    )


async def _position_after(
    request: Request, made: Change | OrderNote, asset_id: AssetId
) -> Quantity:
    if isinstance(made, Change) and made.position is not None:
        return made.position.quantity
    held = await request.loaders.positions.load(asset_id)
    return held.quantity if held else NO_QUANTITY


def _estimate(request: Request, command: Placing) -> Preview:
    if isinstance(command, PlaceOrder):
        return _at_market(request, command.request)
    return _at_level(request, command.request)


def _at_market(request: Request, wanted: OrderRequest) -> Preview:
    quote = request.services.board.quote(wanted.asset_id)
    if quote is None:
        return Preview()
    estimate = estimated(wanted, quote, request.services.rules, request.market_now())
    return _filled(*estimate) if estimate else Preview()


def _at_level(request: Request, wanted: RestingRequest) -> Preview:
    worth = estimated_at_level(wanted, request.services.rules)
    if worth is None:
        return Preview()
    return Preview(
        quantity=wanted.quantity,
        price=wanted.level,
        notional=worth.notional,
        fee=worth.fee,
        total=worth.total,
    )


def _filled(fill: Fill, quantity: Quantity) -> Preview:
    return Preview(
        quantity=quantity,
        price=fill.price,
        notional=fill.notional,
        fee=fill.fee,
        total=fill.total,
    )
