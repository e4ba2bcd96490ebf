"""The limits that every user meets; a server's settings may move them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from domain.money import CENT, QUANTITY_STEP, Money, Percent, Quantity

DEPOSIT_MAX = Money(1_000_000_00)
"""One deposit, in cents: a million dollars, whatever the day's allowance is."""

IDEMPOTENCY_DAYS = 7
"""How long a key is remembered: longer than any client retries, short enough to forget."""

ORDER_LIFETIME = timedelta(days=30)
"""How long an order may wait at most, and does when its owner doesn't say."""

SURPRISES_MAX = 90
"""Surprises a day; they are read in one snapshot of at most 100 items."""


@dataclass(frozen=True, slots=True)
class RewardBook:
    """Which phrases bring what, and how many surprises a user may have on one UTC day."""

    amounts: Mapping[str, Money] = field(default_factory=lambda: MappingProxyType({}))
    surprises_per_day: int = 1

    def __post_init__(self) -> None:
        """Refuse a book that pays nothing or takes more slots than can be read at once."""
        if not 0 <= self.surprises_per_day <= SURPRISES_MAX:
            message = f"surprises a day must lie between 0 and {SURPRISES_MAX}"
            raise ValueError(message)
        for phrase, amount in self.amounts.items():
            if amount.units <= 0:
                message = f"the reward for {phrase!r} must be above 0"
                raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingRules:
    """What is allowed, and what it costs."""

    max_order_value: Money = Money(10_000_00)
    min_quantity: Quantity = QUANTITY_STEP
    quantity_increment: Quantity = QUANTITY_STEP
    max_open_orders: int = 100
    fee: Percent = Percent(0)
    slippage: Percent = Percent(0)
    daily_deposit_limit: Money = Money(10_000_00)
    daily_withdrawal_limit: Money = Money(5_000_00)
    price_stale_after: timedelta = timedelta(seconds=600)
    rewards: RewardBook = field(default_factory=RewardBook)

    def __post_init__(self) -> None:
        """Refuse rules under which an order could cost less than nothing."""
        whole = Percent.of(100)
        if not (Percent(0) <= self.fee < whole and Percent(0) <= self.slippage < whole):
            message = "fee and slippage must be at least 0 and below 100 percent"
            raise ValueError(message)
        if min(self.max_order_value, self.daily_deposit_limit, self.daily_withdrawal_limit) < CENT:
            message = "limits must be at least a cent"
            raise ValueError(message)
