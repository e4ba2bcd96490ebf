"""The caller's own query budget."""

import strawberry

from resolvers.budgets import BudgetState
from schema.context import Info


@strawberry.type(
    description=(
        "The caller's query budget, in points: an object costs 1, a list its size, a mutation 10. "
        "A filter of orders or transactions holds 100 more, and costs 1 for 10 rows that it "
        "passes over. For client caches: `keyFields: []`, there is only one."
    )
)
class RateLimit:
    """A view of resolvers.budgets.BudgetState."""

    maximum_available: int = strawberry.field(description="What the budget holds, in points.")
    currently_available: int = strawberry.field(
        description="What is left once this operation is paid for, in points."
    )
    restore_rate: int = strawberry.field(description="Points a second that come back.")


@strawberry.type
class RateLimitQuery:
    """The root field about the budget."""

    @strawberry.field(
        graphql_type=RateLimit | None,
        description=(
            "The caller's own query budget, as in `extensions.cost`; null where budgets are off. "
            "Public."
        ),
    )
    @staticmethod
    def rate_limit(info: Info) -> BudgetState | None:
        """Return the budget."""
        purse = info.context.purse
        return purse.state if purse else None
