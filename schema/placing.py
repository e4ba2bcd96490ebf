"""Placing orders, and seeing beforehand what that would do."""

from typing import Annotated

import strawberry

from domain import portfolios
from domain.ledger import Outcome
from domain.market_orders import PlaceOrder
from domain.order_requests import OrderFields
from domain.orders import OrderSide, OrderType, TimeInForce
from resolvers import orders as resolve
from resolvers.commands import carry_out
from schema.accounts import KEY_DESCRIPTION, MoneyPayload
from schema.context import Info, given
from schema.orders import Order
from schema.portfolios import Position
from schema.refusals import UserError
from schema.scalars import DateTime, Decimal


@strawberry.input(description="An order to place.")
class OrderInput:
    """An order as it is sent."""

    asset_id: strawberry.ID = strawberry.field(description="What to trade, in any letter case.")
    side: OrderSide = strawberry.field(description="Which way.")
    type: OrderType = strawberry.field(
        default=OrderType.MARKET,
        description="When and at what price. This server takes MARKET orders so far.",
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
        default=strawberry.UNSET, description="Resting orders only; GTC when not given."
    )
    expires_at: DateTime | None = strawberry.field(
        default=strawberry.UNSET,
        description="Resting orders only: they end here at the latest, at most 30 days ahead.",
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

    def to_domain(self) -> PlaceOrder:
        """Return the command. Raises Refusal for what makes no sense."""
        return PlaceOrder.of(
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
        "a replay, of that or a later one)."
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


@strawberry.type(
    description=(
        "What placing an order now would do; nothing has happened. Figures are null where they "
        "can't be told, the last three also where it would be refused."
    )
)
class OrderPreview:
    """A view of resolvers.orders.Preview."""

    quantity: Decimal | None = strawberry.field(description="Units that would be traded.")
    price: Decimal | None = strawberry.field(description="The price per unit, in US dollars.")
    notional: Decimal | None = strawberry.field(description="Quantity times price, in US dollars.")
    fee: Decimal | None = strawberry.field(description="The fee, in US dollars.")
    total: Decimal | None = strawberry.field(
        description="What it would cost or bring in all, in US dollars."
    )
    cash_after: Decimal | None = strawberry.field(description="Cash after it, in US dollars.")
    available_cash_after: Decimal | None = strawberry.field(
        description="Available cash after it, in US dollars."
    )
    position_after: Decimal | None = strawberry.field(
        description="The position after it, in units of the asset."
    )
    errors: list[UserError] = strawberry.field(
        description="What placing it would be refused for; empty when it would be taken."
    )


@strawberry.type
class PlacingQuery:
    """The root field about orders that aren't placed."""

    @strawberry.federation.field(
        authenticated=True,
        graphql_type=OrderPreview | None,
        description=(
            "What placing this order now would do, without doing it. No money moves, and no "
            "idempotency key is used up."
        ),
    )
    @staticmethod
    async def preview_order(
        info: Info,
        input: Annotated[  # noqa: A002 - the contract's name
            OrderInput, strawberry.argument(description="The order to look at.")
        ],
    ) -> resolve.Preview:
        """Preview an order."""
        return await resolve.preview(
            info.context.request, input.to_domain, given(input.idempotency_key)
        )


@strawberry.type
class PlacingMutation:
    """The mutation that places orders."""

    @strawberry.federation.mutation(
        authenticated=True,
        graphql_type=PlaceOrderPayload | None,
        description="Buy or sell. A market order is filled whole, at once, or refused.",
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
