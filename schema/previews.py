"""Seeing beforehand what placing an order would do."""

from typing import Annotated

import strawberry

from domain.orders import OrderStatus
from resolvers.previews import Preview, preview
from schema.context import Info, given
from schema.placing import OrderInput
from schema.refusals import UserError
from schema.scalars import Decimal


@strawberry.type(
    description=(
        "What placing an order now would do; nothing has happened. Figures are null where they "
        "can't be told, those that end in After also where it would be refused."
    )
)
class OrderPreview:
    """A view of resolvers.previews.Preview."""

    status: OrderStatus | None = strawberry.field(
        description=(
            "What it would be then: FILLED, OPEN, or CANCELLED where it may not wait; null where "
            "it would be refused."
        )
    )
    quantity: Decimal | None = strawberry.field(description="Units that would be traded.")
    price: Decimal | None = strawberry.field(
        description=(
            "The price per unit, in US dollars: that of the fill, or of an order that would wait "
            "its limit or trigger price."
        )
    )
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
class PreviewQuery:
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
    ) -> Preview:
        """Preview an order."""
        return await preview(info.context.request, input.to_domain, given(input.idempotency_key))
