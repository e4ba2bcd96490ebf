"""Placing orders, and taking them back."""

from typing import Annotated

import strawberry

from domain import portfolios
from domain.ledger import Outcome
from domain.order_requests import OrderFields
from domain.orders import OrderSide, OrderType, TimeInForce
from domain.placing import Placing, placing
from resolvers import orders as resolve
from resolvers.commands import carry_out
from schema.accounts import KEY_DESCRIPTION, Account, MoneyPayload
from schema.context import Info, given
from schema.journal import Transaction
from schema.orders import Order
from schema.portfolios import Position
from schema.refusals import ERRORS_DESCRIPTION, UserError
from schema.scalars import DateTime, Decimal


@strawberry.input(description="An order to place.")
class OrderInput:
    """An order as it is sent."""

    asset_id: strawberry.ID = strawberry.field(description="What to trade, in any letter case.")
    side: OrderSide = strawberry.field(description="Which way.")
    type: OrderType = strawberry.field(
        default=OrderType.MARKET,
        description="When and at what price.",
    )
    quantity: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Units of the asset, up to 8 decimals. Give exactly one of `quantity` and `notional`."
        ),
    )
    notional: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description="US dollars to spend or to bring in, before fees; market orders only.",
    )
    limit_price: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description="LIMIT only: a buy never pays more, a sale never takes less. US dollars.",
    )
    trigger_price: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "STOP_LOSS and TAKE_PROFIT: the price that sets it off; it then fills at market. "
            "US dollars."
        ),
    )
    time_in_force: TimeInForce | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Not for market orders; GTC when not given. IOC and FOK are for LIMIT only, and mean "
            "the same here, since every fill is whole."
        ),
    )
    expires_at: DateTime | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "GTC orders end here at the latest; at most 30 days ahead, which is also the default."
        ),
    )
    expected_price: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Market orders: the price the user saw, in US dollars. With `maxSlippagePercent`."
        ),
    )
    max_slippage_percent: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Market orders: refuse when the price is worse than `expectedPrice` by more than this "
            "percentage, 0 to 100."
        ),
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description=KEY_DESCRIPTION
    )

    def to_domain(self) -> Placing:
        """Return the command. Raises Refusal for what makes no sense."""
        return placing(
            OrderFields(
                asset_id=self.asset_id,
                side=self.side,
                type=self.type,
                quantity=given(self.quantity),
                notional=given(self.notional),
                limit_price=given(self.limit_price),
                trigger_price=given(self.trigger_price),
                time_in_force=given(self.time_in_force),
                expires_at=given(self.expires_at),
                expected_price=given(self.expected_price),
                max_slippage_percent=given(self.max_slippage_percent),
            )
        )


@strawberry.type(
    description=(
        "What placing an order did: order, journal entry, account and position of one version (in "
        "a replay, of that or a later one). An IOC or FOK order that could not be filled is "
        "CANCELLED, moves nothing and has no journal entry; that is no error."
    )
)
class PlaceOrderPayload(MoneyPayload):
    """A view of domain.ledger.Outcome."""

    order: Order | None = strawberry.field(description="The order; null when refused.")

    @strawberry.field(
        graphql_type=Position | None,
        description='The position after it, with quantity "0" when sold out; null when refused.',
    )
    @staticmethod
    async def position(
        parent: strawberry.Parent[Outcome], info: Info
    ) -> portfolios.ValuedPosition | None:
        """Value the position."""
        return await resolve.position_of(info.context.request, parent)


@strawberry.input(description="An order to cancel.")
class CancelOrderInput:
    """Which order."""

    order_id: strawberry.ID = strawberry.field(description="The order's id.")


@strawberry.type(
    description=(
        "What cancelling an order did: order, journal entry, account and position of one version."
    )
)
class CancelOrderPayload:
    """A view of domain.ledger.Outcome."""

    order: Order | None = strawberry.field(
        description="The order, which holds nothing any more; null when refused."
    )
    entry: Transaction | None = strawberry.field(
        name="transaction", description="The journal entry; null when refused."
    )
    account: Account | None = strawberry.field(
        description="The account as of that entry; as it is now when refused."
    )
    errors: list[UserError] = strawberry.field(description=ERRORS_DESCRIPTION)

    @strawberry.field(
        graphql_type=Position | None,
        description="The position in the order's asset; null when refused.",
    )
    @staticmethod
    async def position(
        parent: strawberry.Parent[Outcome], info: Info
    ) -> portfolios.ValuedPosition | None:
        """Value the position."""
        return await resolve.position_of(info.context.request, parent)


@strawberry.type
class PlacingMutation:
    """The mutations of orders."""

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=PlaceOrderPayload | None,
        description=(
            "Buy or sell. A market order is filled whole, at once, or refused. A limit order whose "
            "price is there is filled at once, at the market price; any other order waits, and "
            "holds what it needs."
        ),
    )
    @staticmethod
    async def place_order(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            OrderInput, strawberry.argument(description="The order.")
        ],
    ) -> Outcome:
        """Place an order."""
        return await carry_out(info.context.request, input.to_domain, given(input.idempotency_key))

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=CancelOrderPayload | None,
        description=(
            "Take back an open order; what it holds is available again. Refused with "
            "ORDER_NOT_FOUND or ORDER_NOT_OPEN: a fill may have come first."
        ),
    )
    @staticmethod
    async def cancel_order(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            CancelOrderInput, strawberry.argument(description="Which order.")
        ],
    ) -> Outcome:
        """Cancel an order."""
        return await resolve.cancel(info.context.request, input.order_id)
