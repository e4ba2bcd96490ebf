"""What every money command has in common: what it needs to see, and how it decides."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.accounts import Account, Position
from domain.assets import Quote
from domain.ids import AssetId, CommandId, IdempotencyKey, OrderId, UserId
from domain.journal import Change, RewardSlot
from domain.orders import Order
from domain.rules import TradingRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a command has to see of the store, as of one instant, besides the account."""

    asset_id: AssetId | None = None
    reward_slots: tuple[RewardSlot, ...] = ()
    everything: bool = False
    """All positions and open orders, for a reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the store held at one instant."""

    account: Account
    position: Position | None = None
    positions: tuple[Position, ...] = ()
    open_orders: tuple[Order, ...] = ()
    used_rewards: frozenset[RewardSlot] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What else a decision rests on: time, price, rules, and the ids it may use."""

    now: datetime
    """Never before the account's last change, whatever the clock says."""
    rules: TradingRules
    user_id: UserId
    command_id: CommandId
    order_id: OrderId
    quote: Quote | None = None
    key: IdempotencyKey | None = None


class Command(Protocol):
    """A wish to move money. Its fields are the input, and are compared by value under a key."""

    def needs(self, terms: Terms) -> Needs:
        """Say what to read."""

    def decide(self, state: State, terms: Terms) -> Change:
        """Return what follows, or raise Refusal. Pure."""
