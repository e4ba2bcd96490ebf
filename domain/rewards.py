"""The new-year reward: a phrase that brings a red pocket, or a little surprise."""

from dataclasses import dataclass, replace
from typing import Final

from domain.commands import Needs, State, Terms
from domain.inputs import Problems
from domain.instants import day_end
from domain.journal import Change, Entry, EntryKind, LedgerAccount, RewardSlot, usd
from domain.money import NO_QUANTITY, Money, Quantity
from domain.refusals import ErrorCode, LimitExceededError, Refusal

SURPRISE: Final = Money(8_88)
"""What any other phrase brings; the first system's figure."""

PHRASE_LENGTH_MAX = 100
"""Characters; the longest greeting in use has fewer than twenty."""


@dataclass(frozen=True, slots=True)
class ClaimReward:
    """Ask for the reward of a phrase."""

    phrase: str

    @classmethod
    def of(cls, phrase: str) -> "ClaimReward":
        """Read the input. Raises Refusal for an empty, overlong or unprintable phrase."""
        problems = Problems()
        phrase = phrase.strip()
        if not 1 <= len(phrase) <= PHRASE_LENGTH_MAX:
            problems.add(
                f"{len(phrase)} characters were given; 1 to {PHRASE_LENGTH_MAX} are allowed.",
                "input",
                "phrase",
            )
        elif not phrase.isprintable():
            problems.add("A phrase has no control characters.", "input", "phrase")
        problems.settle()
        return cls(phrase)

    def needs(self, terms: Terms) -> Needs:
        """Need the slots that this kind of reward could use up today."""
        return Needs(reward_slots=self._slots(terms))

    def decide(self, state: State, terms: Terms) -> Change:
        """Pay into cash and use up a slot; ALREADY_CLAIMED_TODAY when none is free."""
        slots = self._slots(terms)
        free = [slot for slot in slots if slot not in state.used_rewards]
        if not free:
            raise _claimed(len(slots), terms)
        amount = terms.rules.rewards.amounts.get(self.phrase, SURPRISE)
        before = state.account
        after = replace(before.on(terms.now.date()), cash=before.cash + amount).changed(terms.now)
        entry = Entry(
            account_id=after.id,
            version=after.version,
            kind=EntryKind.CNY_REWARD,
            legs=(usd(LedgerAccount.USER_AVAILABLE, amount), usd(LedgerAccount.REWARDS, -amount)),
            at=terms.now,
            command_id=terms.command_id,
            epoch=after.epoch,
            cash_change=amount,
            cash_after=after.cash,
            held_after=after.held,
            is_red_pocket=self._is_red_pocket(terms),
        )
        return Change(before=before, account=after, entry=entry, reward_slot=free[0])

    def _is_red_pocket(self, terms: Terms) -> bool:
        return self.phrase in terms.rules.rewards.amounts

    def _slots(self, terms: Terms) -> tuple[RewardSlot, ...]:
        today = terms.now.date().isoformat()
        if self._is_red_pocket(terms):
            return (RewardSlot(terms.user_id, f"{today}#RED_POCKET"),)
        count = terms.rules.rewards.surprises_per_day
        return tuple(
            RewardSlot(terms.user_id, f"{today}#SURPRISE#{number:02d}") for number in range(count)
        )


def _claimed(allowed: int, terms: Terms) -> Refusal:
    return Refusal(
        LimitExceededError(
            f"At most {allowed} of this kind a day; it is claimed. Come back after 00:00 UTC.",
            ErrorCode.ALREADY_CLAIMED_TODAY,
            unit="rewards",
            limit=Quantity.of(allowed),
            used=Quantity.of(allowed),
            remaining=NO_QUANTITY,
            resets_at=day_end(terms.now.date()),
            path=("input", "phrase"),
        )
    )


def message_for(*, is_red_pocket: bool) -> str:
    """Return what a reward says."""
    return "Red pocket!" if is_red_pocket else "Here's a little surprise!"
