"""The rules of trading, for clients to show before a user meets them."""

import strawberry

from resolvers import rules as resolve
from schema.context import Info
from schema.scalars import Decimal


@strawberry.type(
    description=(
        "Limits and rules of this server. For client caches: `keyFields: []`, there is only one."
    )
)
class TradingRules:
    """A view of resolvers.rules.ShownRules."""

    max_order_value: Decimal = strawberry.field(
        description="Most that one order may be worth, in US dollars."
    )
    min_quantity: Decimal = strawberry.field(description="Least quantity of an order, in units.")
    quantity_increment: Decimal = strawberry.field(
        description="Quantities are multiples of this, in units."
    )
    max_open_orders: int = strawberry.field(description="Most orders that may be open at once.")
    fee_percent: Decimal = strawberry.field(description="Fee on an order's notional, in percent.")
    slippage_percent: Decimal = strawberry.field(
        description="How much worse than the market a fill is made, in percent."
    )
    daily_deposit_limit: Decimal = strawberry.field(
        description="Most deposited in one UTC day, in US dollars."
    )
    daily_withdrawal_limit: Decimal = strawberry.field(
        description="Most withdrawn in one UTC day, in US dollars."
    )
    price_stale_after_seconds: int = strawberry.field(
        description="Prices older than this can't be traded on, in seconds."
    )
    market_source: str = strawberry.field(
        description="Where prices come from: simulated, replay or coingecko."
    )


@strawberry.type
class RulesQuery:
    """The root field about the rules."""

    @strawberry.field(
        graphql_type=TradingRules | None,
        description="Limits and rules, to be shown before the user meets them. Public.",
    )
    @staticmethod
    def trading_rules(info: Info) -> resolve.ShownRules:
        """Return the rules."""
        return resolve.trading_rules(info.context.request)
