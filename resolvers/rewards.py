"""New-year rewards, as their journal entries tell."""

from dataclasses import dataclass
from datetime import datetime

from domain.ledger import Outcome
from domain.money import Money
from domain.rewards import message_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """A reward that was paid."""

    amount: Money
    is_red_pocket: bool
    message: str
    at: datetime


def reward_of(outcome: Outcome) -> Reward | None:
    """Return the reward that an outcome paid; None when it was refused."""
    entry = outcome.entry
    if entry is None:
        return None
    is_red_pocket = bool(entry.is_red_pocket)
    return Reward(
        amount=entry.cash_change,
        is_red_pocket=is_red_pocket,
        message=message_for(is_red_pocket=is_red_pocket),
        at=entry.at,
    )
