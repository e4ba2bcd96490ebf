"""What every money command has in common: what it needs to see, and how it decides."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.accounts import Account, Position
from domain.assets import Quote
from domain.ids import AssetId, CommandId, IdempotencyKey, OrderId, UserId
from domain.journal import Change, OrderNote, RewardSlot
from domain.money import AmountError
from domain.orders import Order
from domain.refusals import ErrorCode, refuse
from domain.rules import TradingRules

NOBODY = UserId("")
"""Who the exchange itself acts as: it fills and expires orders, and claims no rewards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a command has to see of the store, as of one instant, besides the account."""

    asset_id: AssetId | None = None
    order_id: OrderId | None = None
    reward_slots: tuple[RewardSlot, ...] = ()
    everything: bool = False
    """All positions and open orders, for a reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the store held at one instant."""

    account: Account
    position: Position | None = None
    order: Order | None = None
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
    clock_now: datetime | None = None
    """What the clock says, where it lies before `now`: prices age by it."""

    def age_of(self, quote: Quote) -> timedelta:
        """Return how old a price is; one from the future is new."""
        return max((self.clock_now or self.now) - quote.at, timedelta(0))


class Command(Protocol):
    """A wish to move money. Its fields are the input, and are compared by value under a key."""

    def needs(self, terms: Terms) -> Needs:
        """Say what to read."""

    def decide(self, state: State, terms: Terms) -> Change | OrderNote:
        """Return what follows, or raise Refusal. Pure."""


def decided(command: Command, state: State, terms: Terms) -> Change | OrderNote:
    """Decide. Raises Refusal, also when an account would hold more than can be counted."""
    try:
        return command.decide(state, terms)
    except AmountError as error:
        message = f"An amount of the account would be beyond what can be counted: it {error}."
        raise refuse(ErrorCode.INVALID_INPUT, message, "input") from error
