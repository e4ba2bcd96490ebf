"""The portfolio's value over time."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from domain import portfolio_history as domain
from domain.portfolio_history import HistoryRange
from resolvers.portfolio_history import viewers_history
from schema.context import Info
from schema.descriptions import described_enum
from schema.scalars import DateTime, Decimal

described_enum(
    HistoryRange,
    "How far back a history goes. Its points lie at whole multiples of its step, in UTC.",
    {
        "ONE_DAY": "24 hours, a point every 5 minutes.",
        "ONE_WEEK": "7 days, a point every hour.",
        "ONE_MONTH": "30 days, a point every 2 hours.",
        "ONE_YEAR": "365 days, a point at each 00:00.",
        "ALL": (
            "Since the account was opened, a point at each 00:00, or, so that they are no more "
            "than 500, at that of every 2nd, 4th, 8th day, and so on."
        ),
    },
)


@strawberry.type(
    description=(
        "What the account was worth just before an instant. A point that was shown once never "
        "changes, whatever range it is asked for in."
    )
)
class PortfolioPoint:
    """A view of domain.portfolio_history.PortfolioPoint."""

    at: DateTime = strawberry.field(description="The instant.")
    cash: Decimal = strawberry.field(description="All cash, in US dollars.")
    asset_value: Decimal = strawberry.field(
        description="All positions at their last prices then, in US dollars."
    )
    total_value: Decimal = strawberry.field(description="Cash plus assets, in US dollars.")
    net_deposits: Decimal = strawberry.field(
        description=(
            "Deposits less withdrawals since the last reset, in US dollars; what is worth more is "
            "gained. Rewards count as gains."
        )
    )


@dataclass(frozen=True, slots=True)
class History:
    """A history that was asked for."""

    asked: HistoryRange


@strawberry.type(
    description=(
        "Value over time, up to the last point that lies a minute or more before now, and before "
        "the newest price. Where a range has more than 20,000 transactions, it begins later."
    )
)
class PortfolioHistory:
    """A view of History."""

    @strawberry.field(graphql_type=list[PortfolioPoint], description="Oldest first; at most 500.")
    @staticmethod
    async def points(
        parent: strawberry.Parent[History], info: Info
    ) -> tuple[domain.PortfolioPoint, ...]:
        """Work the points out, which takes thousands of rows, only where they are asked for."""
        return await viewers_history(info.context.request, parent.asked)


@strawberry.type
class PortfolioHistoryQuery:
    """The root field about the portfolio's past."""

    @strawberry.federation.field(
        authenticated=True,
        graphql_type=PortfolioHistory | None,
        description="Value over time, derived from the journal and price history.",
    )
    @staticmethod
    def portfolio_history(
        info: Info,
        range: Annotated[  # noqa: A002 - the contract's name
            HistoryRange, strawberry.argument(description="How far back to go.")
        ] = HistoryRange.ONE_WEEK,
    ) -> History:
        """Return the viewer's history."""
        info.context.request.signed_in()
        return History(range)
