from dataclasses import replace
from datetime import timedelta

import pytest

from domain.commands import State
from domain.instants import day_end
from domain.journal import EntryKind, RewardSlot
from domain.money import Money, Quantity
from domain.refusals import ErrorCode, LimitExceededError, Refusal
from domain.rewards import SURPRISE, ClaimReward, message_for
from domain.rules import RewardBook
from tests.domain.decisions import change_by, having, refusal_of, terms
from tests.domain.ledger_world import GREETING, NOW, RULES, USER

RED_POCKET = RewardSlot(USER, "2026-03-01#RED_POCKET")
FIRST_SURPRISE = RewardSlot(USER, "2026-03-01#SURPRISE#00")
SECOND_SURPRISE = RewardSlot(USER, "2026-03-01#SURPRISE#01")


def test_a_listed_phrase_pays_its_amount_as_a_red_pocket() -> None:
    claim = ClaimReward.of(f"  {GREETING} ")
    change = change_by(claim, State(account=having("1")), terms())
    assert claim.needs(terms()).reward_slots == (RED_POCKET,)
    assert change.account.cash == Money(1_00 + 88_88)
    assert change.reward_slot == RED_POCKET
    assert (change.entry.kind, change.entry.is_red_pocket) == (EntryKind.CNY_REWARD, True)


def test_any_other_phrase_pays_a_surprise() -> None:
    change = change_by(ClaimReward.of("hello"), State(account=having()), terms())
    assert change.entry.cash_change == SURPRISE
    assert change.reward_slot == FIRST_SURPRISE
    assert change.entry.is_red_pocket is False


@pytest.mark.parametrize(("phrase", "taken"), [(GREETING, RED_POCKET), ("hello", FIRST_SURPRISE)])
def test_each_kind_is_paid_once_a_day(phrase: str, taken: RewardSlot) -> None:
    state = State(account=having(), used_rewards=frozenset({taken}))
    error = refusal_of(ClaimReward.of(phrase), state, terms())
    assert isinstance(error, LimitExceededError)
    assert (error.code, error.unit) == (ErrorCode.ALREADY_CLAIMED_TODAY, "rewards")
    assert (error.limit, error.remaining) == (Quantity.of(1), Quantity(0))
    assert error.resets_at == day_end(NOW.date())


@pytest.mark.parametrize(("phrase", "other"), [(GREETING, FIRST_SURPRISE), ("hello", RED_POCKET)])
def test_one_kind_does_not_block_the_other(phrase: str, other: RewardSlot) -> None:
    state = State(account=having(), used_rewards=frozenset({other}))
    assert change_by(ClaimReward.of(phrase), state, terms()).reward_slot != other


def test_there_may_be_more_surprises_a_day_or_none() -> None:
    two = replace(RULES, rewards=RewardBook(surprises_per_day=2))
    none = replace(RULES, rewards=RewardBook(surprises_per_day=0))
    state = State(account=having(), used_rewards=frozenset({FIRST_SURPRISE}))
    change = change_by(ClaimReward.of("hello"), state, terms(rules=two))
    assert change.reward_slot == SECOND_SURPRISE
    error = refusal_of(ClaimReward.of("hello"), state, terms(rules=none))
    assert error.code is ErrorCode.ALREADY_CLAIMED_TODAY


def test_rewards_leave_the_deposit_allowance_and_the_days_baseline_alone() -> None:
    account = replace(having("1"), deposited=Money(10_000_00))
    change = change_by(ClaimReward.of(GREETING), State(account=account), terms())
    assert change.account.deposited == Money(10_000_00)
    assert change.account.day_baseline == Money(1_00)


def test_the_next_day_has_its_own_rewards() -> None:
    tomorrow = terms(now=NOW + timedelta(days=1))
    (slot,) = ClaimReward.of(GREETING).needs(tomorrow).reward_slots
    assert slot == RewardSlot(USER, "2026-03-02#RED_POCKET")


@pytest.mark.parametrize("phrase", ["", "   ", "x" * 101, "a\x00b", "a\nb", "\u202egnp"])
def test_a_phrase_that_cannot_be_one_is_refused(phrase: str) -> None:
    with pytest.raises(Refusal) as refused:
        ClaimReward.of(phrase)
    (error,) = refused.value.errors
    assert (error.code, error.path) == (ErrorCode.INVALID_INPUT, ("input", "phrase"))


def test_each_kind_has_its_words() -> None:
    assert message_for(is_red_pocket=True) == "Red pocket!"
    assert message_for(is_red_pocket=False) == "Here's a little surprise!"
