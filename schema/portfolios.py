"""Portfolios and positions, valued at the latest prices."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import portfolios
from resolvers import accounts as resolve
from schema.context import Info
from schema.scalars import DateTime, Decimal

if TYPE_CHECKING:
    from schema.assets import Asset


@strawberry.type(description="What an account has of one asset, at average cost.")
class Position:
    """A view of domain.portfolios.ValuedPosition."""

    id: strawberry.ID = strawberry.field(description="pos_, the account and the asset.")
    asset: Annotated["Asset", strawberry.lazy("schema.assets")] = strawberry.field(
        description="What it is a position in, at the price it is valued at."
    )
    quantity: Decimal = strawberry.field(description="Units of the asset.")
    available: Decimal = strawberry.field(
        name="availableQuantity", description="What of it can be sold now."
    )
    held: Decimal = strawberry.field(
        name="heldQuantity", description="What of it is reserved for open sales."
    )
    average_cost: Decimal = strawberry.field(
        description="Cost basis for one whole unit, in US dollars."
    )
    cost_basis: Decimal = strawberry.field(
        description="What was paid for what is left, fees included, in US dollars."
    )
    market_value: Decimal = strawberry.field(
        description="What selling it all would bring before fees, in US dollars."
    )
    unrealized_gain: Decimal = strawberry.field(
        name="unrealizedPnl", description="Market value less cost basis, in US dollars."
    )
    unrealized_gain_percent: Decimal | None = strawberry.field(
        name="unrealizedPnlPercent",
        description="The same against the cost basis, in percent; null without one.",
    )
    realized_gain: Decimal = strawberry.field(
        name="realizedPnl", description="What sales have gained so far, in US dollars."
    )

    @strawberry.field(
        graphql_type=Decimal, description="Its share of cash plus assets, 0 to 100 percent."
    )
    @staticmethod
    async def allocation_percent(
        parent: strawberry.Parent[portfolios.ValuedPosition], info: Info
    ) -> object:
        """Work the share out; beside a payload only when asked for."""
        return await resolve.allocation_percent(info.context.request, parent)


@strawberry.type(description="Cash and positions, valued at one consistent set of prices.")
class Portfolio:
    """A view of domain.portfolios.Portfolio."""

    id: strawberry.ID = strawberry.field(description="The account's id.")
    version: int = strawberry.field(description="The account version that the figures describe.")
    as_of: DateTime = strawberry.field(description="When it was valued.")
    cash: Decimal = strawberry.field(description="All cash, in US dollars.")
    available: Decimal = strawberry.field(
        name="availableCash", description="What of the cash can be spent, in US dollars."
    )
    held: Decimal = strawberry.field(
        name="heldCash", description="What is reserved for open buy orders, in US dollars."
    )
    asset_value: Decimal = strawberry.field(
        description="Market value of all positions, in US dollars."
    )
    total_value: Decimal = strawberry.field(description="Cash plus assets, in US dollars.")
    unrealized_gain: Decimal = strawberry.field(
        name="unrealizedPnl", description="Market value less cost basis, in US dollars."
    )
    realized_gain: Decimal = strawberry.field(
        name="realizedPnl",
        description="What all sales since the last reset have gained, in US dollars.",
    )
    day_change: Decimal = strawberry.field(
        description=(
            "What it gained since 00:00 UTC, in US dollars: deposits and withdrawals left out, "
            "rewards counted. A reset begins it anew."
        )
    )
    day_change_percent: Decimal | None = strawberry.field(
        description=(
            "The same against the value at 00:00 UTC plus deposits since; null of nothing."
        )
    )
    positions: list[Position] = strawberry.field(
        description="What there is, largest value first; at most 250."
    )


@strawberry.type
class PortfolioQuery:
    """The root field about the portfolio."""

    @strawberry.federation.field(
        authenticated=True,
        graphql_type=Portfolio | None,
        description="The signed-in user's cash and positions, valued now.",
    )
    @staticmethod
    async def portfolio(info: Info) -> portfolios.Portfolio:
        """Return the viewer's portfolio."""
        return await resolve.viewers_portfolio(info.context.request)
