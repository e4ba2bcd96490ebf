"""What every resolver function of the schema is given."""

from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry
from strawberry.types.info import Info as StrawberryInfo

from resolvers.budgets import Purse
from resolvers.context import Request
from subscriptions.accounts import AccountBroadcast
from subscriptions.prices import PriceBroadcast

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The request, and the streams that an operation may open."""

    request: Request
    prices: PriceBroadcast
    entries: AccountBroadcast
    purse: Purse | None = None
    """What pays for operations; None where budgets are off."""
    is_cost_only: bool = False
    """Whether only the price of an operation is asked for."""


Info = StrawberryInfo[Context, Any]


def given(value: ValueT | None) -> ValueT | None:
    """Return an optional argument; None for one that was left out."""
    return None if value is strawberry.UNSET else value
