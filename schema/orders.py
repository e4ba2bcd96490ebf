"""Orders: what was asked for and what came of it."""

from typing import Annotated

import strawberry

from domain import assets
from domain import orders as domain
from domain.orders import OrderSide, OrderStatus, OrderStatusReason, OrderType, TimeInForce
from domain.pages import OrderFilter as DomainOrderFilter
from resolvers import orders as resolve
from resolvers.asset_ids import typed_asset_id
from resolvers.pages import Connection
from schema.assets import Asset
from schema.context import Info, given
from schema.descriptions import described_enum
from schema.pages import After, Before, First, Last, PageInfo, page_args
from schema.scalars import DateTime, Decimal
from schema.views import view_of

described_enum(
    OrderSide,
    "Which way an order trades.",
    {"BUY": "Dollars for the asset.", "SELL": "The asset for dollars."},
)

described_enum(
    OrderType,
    "When and at what price an order trades.",
    {
        "MARKET": "At once, at the market price.",
        "LIMIT": "At its limit price or better.",
        "STOP_LOSS": "At market, once the price has moved against the position to its trigger.",
        "TAKE_PROFIT": "At market, once the price has moved in its favour to its trigger.",
    },
)

described_enum(
    TimeInForce,
    "How long an order may wait.",
    {
        "GTC": "Until it is filled or cancelled, or `expiresAt` has come.",
        "IOC": "Not at all: what can't be filled at once is cancelled.",
        "FOK": "Not at all: it is filled whole at once, or cancelled.",
        "DAY": "Until 00:00 UTC.",
    },
)

described_enum(
    OrderStatus,
    "What became of an order; only OPEN may change.",
    {
        "OPEN": "It waits for its price.",
        "FILLED": "It was filled, whole.",
        "CANCELLED": "It was taken back; `statusReason` says why.",
        "EXPIRED": "Its time ran out.",
        "REJECTED": "Its price came, but it could not be filled; `statusReason` says why.",
    },
)

described_enum(
    OrderStatusReason,
    "Why an order was rejected, cancelled or expired.",
    {
        "USER_CANCELLED": "Its owner cancelled it.",
        "UNFILLABLE": (
            "It could not be filled at once and was not to wait; or, when its price came, it would "
            "have come to nothing."
        ),
        "EXPIRED": "Its time ran out.",
        "INSUFFICIENT_FUNDS": "When its price came, there was too little to fill it.",
        "ACCOUNT_RESET": "Its owner reset the account.",
        "ASSET_NOT_TRADABLE": "The asset can't be traded any more.",
    },
)


@strawberry.type(
    description=(
        "How a fill came about, so that nobody has to guess. For client caches: `merge: true`, it "
        "has no id."
    )
)
class Fill:
    """A view of domain.orders.Fill."""

    price: Decimal = strawberry.field(
        description="US dollars for one unit: the quoted price, made worse by the slippage."
    )
    notional: Decimal = strawberry.field(
        description="Quantity times price, to the cent: rounded up for a buy, down for a sale."
    )
    fee: Decimal = strawberry.field(description="The exchange's fee, in US dollars.")
    total: Decimal = strawberry.field(
        description="What it cost or brought in all: notional plus fee, or less it. US dollars."
    )
    quoted_price: Decimal = strawberry.field(
        description="The market's price before slippage, in US dollars."
    )
    slippage: Decimal = strawberry.field(
        name="slippagePercent", description="How much worse than quoted it was, in percent."
    )
    price_source: str = strawberry.field(description="Where the quoted price came from.")
    price_age_ms: int = strawberry.field(description="How old it was, in milliseconds.")
    at: DateTime = strawberry.field(description="When it was filled.")


@strawberry.federation.type(keys=["id"], description="One order of the signed-in user.")
class Order:
    """A view of domain.orders.Order."""

    id: strawberry.ID = strawberry.field(description="ord_ and a ULID: it sorts by age.")
    side: OrderSide = strawberry.field(description="Which way it trades.")
    type: OrderType = strawberry.field(description="When and at what price it trades.")
    status: OrderStatus = strawberry.field(description="What became of it.")
    quantity: Decimal = strawberry.field(description="Units of the asset.")
    limit_price: Decimal | None = strawberry.field(
        description="LIMIT: the worst price it takes, in US dollars."
    )
    trigger_price: Decimal | None = strawberry.field(
        description="STOP_LOSS and TAKE_PROFIT: the price that sets it off, in US dollars."
    )
    time_in_force: TimeInForce | None = strawberry.field(
        description="How long it may wait; null for a market order."
    )
    held_cash: Decimal = strawberry.field(description="Cash reserved for it, in US dollars.")
    held_quantity: Decimal = strawberry.field(
        description="Quantity reserved for it, in units of the asset."
    )
    fill: Fill | None = strawberry.field(description="How it was filled; null until then.")
    status_reason: OrderStatusReason | None = strawberry.field(
        description="Why it was rejected, cancelled or expired."
    )
    version: int = strawberry.field(description="The account version of its last change.")
    idempotency_key: str | None = strawberry.field(description="The key it was placed under.")
    created_at: DateTime = strawberry.field(description="When it was placed.")
    updated_at: DateTime = strawberry.field(description="When it last changed.")
    expires_at: DateTime | None = strawberry.field(
        description="When it ends at the latest; null for one that doesn't wait."
    )

    @strawberry.field(graphql_type=Asset, description="What it trades.")
    @staticmethod
    async def asset(parent: strawberry.Parent[domain.Order], info: Info) -> assets.Asset | None:
        """Load the asset, in one batch for a whole list."""
        return await info.context.request.loaders.assets.load(parent.asset_id)

    is_type_of = view_of(domain.Order)


@strawberry.type(description="An order and its place in a list.")
class OrderEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Its place, to go on from.")
    node: Order = strawberry.field(description="The order.")


@strawberry.type(description="A page of orders.")
class OrderConnection:
    """A page."""

    edges: list[OrderEdge] = strawberry.field(description="The orders with cursors; at most 100.")
    nodes: list[Order] = strawberry.field(description="The orders alone; at most 100.")
    page_info: PageInfo = strawberry.field(description="Whether the list goes on.")


@strawberry.input(description="Which orders to list; all of them when nothing is given.")
class OrderFilter:
    """A filter."""

    asset_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Only orders in this asset, in any letter case."
    )
    statuses: list[OrderStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="Only orders of these statuses; of all when empty."
    )
    side: OrderSide | None = strawberry.field(
        default=strawberry.UNSET, description="Only buys, or only sales."
    )

    def to_domain(self) -> DomainOrderFilter:
        """Return the filter as the domain has it. Raises BadInputError."""
        text = given(self.asset_id)
        return DomainOrderFilter(
            asset_id=None if text is None else typed_asset_id(text, "assetId"),
            statuses=frozenset(given(self.statuses) or ()),
            side=given(self.side),
        )


@strawberry.type
class OrderQuery:
    """The root fields about orders."""

    @strawberry.federation.field(
        authenticated=True,
        graphql_type=Order | None,
        description="One of the signed-in user's orders; null for anything else.",
    )
    @staticmethod
    async def order(
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The order's id.")],
    ) -> domain.Order | None:
        """Return an order."""
        return await resolve.order(info.context.request, id)

    @strawberry.federation.field(
        authenticated=True,
        graphql_type=OrderConnection | None,
        description="The signed-in user's orders, newest first.",
    )
    @staticmethod
    async def orders(  # noqa: PLR0917 - the contract's arguments
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[  # noqa: A002 - the contract's name
            OrderFilter | None, strawberry.argument(description="Which orders to list.")
        ] = strawberry.UNSET,
    ) -> Connection[domain.Order]:
        """Return a page of orders."""
        where = given(filter)
        return await resolve.orders(
            info.context.request,
            page_args(first, after, last, before),
            where.to_domain() if where else DomainOrderFilter(),
        )
