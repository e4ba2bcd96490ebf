"""The rules of trading as they are shown to everybody."""

from dataclasses import dataclass

from domain.money import Money, Percent, Quantity
from resolvers.context import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRules:
    """Limits, costs and the market's source."""

    max_order_value: Money
    min_quantity: Quantity
    quantity_increment: Quantity
    max_open_orders: int
    fee_percent: Percent
    slippage_percent: Percent
    daily_deposit_limit: Money
    daily_withdrawal_limit: Money
    price_stale_after_seconds: int
    market_source: str


def trading_rules(request: Request) -> ShownRules:
    """Return the rules of this server."""
    rules = request.services.rules
    return ShownRules(
        max_order_value=rules.max_order_value,
        min_quantity=rules.min_quantity,
        quantity_increment=rules.quantity_increment,
        max_open_orders=rules.max_open_orders,
        fee_percent=rules.fee,
        slippage_percent=rules.slippage,
        daily_deposit_limit=rules.daily_deposit_limit,
        daily_withdrawal_limit=rules.daily_withdrawal_limit,
        price_stale_after_seconds=int(rules.price_stale_after.total_seconds()),
        market_source=request.services.market_source,
    )
