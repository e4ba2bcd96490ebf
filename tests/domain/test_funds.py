from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.commands import Needs, State
from domain.funds import Allowance, Deposit, Withdraw, deposit_allowance, withdrawal_allowance
from domain.instants import day_end
from domain.journal import EntryKind, LedgerAccount
from domain.money import Money
from domain.refusals import ErrorCode, InsufficientFundsError, LimitExceededError, Refusal
from tests.domain.decisions import change_by, having, refusal_of, terms
from tests.domain.ledger_world import NOW, RULES

DAY = timedelta(days=1)
TODAY = NOW.date()


def test_neither_needs_more_than_the_account() -> None:
    assert Deposit(Money(1)).needs(terms()) == Withdraw(Money(1)).needs(terms()) == Needs()


def test_a_deposit_adds_to_cash_and_to_what_the_day_began_with() -> None:
    change = change_by(Deposit(Money(5)), State(account=having("1")), terms())
    assert change.account.cash == Money(105)
    assert change.account.day_baseline == Money(105)
    assert change.account.deposited == Money(5)
    assert change.entry.kind is EntryKind.DEPOSIT
    assert {(leg.account, leg.amount) for leg in change.entry.legs} == {
        (LedgerAccount.USER_AVAILABLE, Money(5)),
        (LedgerAccount.BANK, Money(-5)),
    }


def test_a_withdrawal_takes_from_both() -> None:
    change = change_by(Withdraw(Money(5)), State(account=having("1")), terms())
    assert change.account.cash == Money(95)
    assert change.account.day_baseline == Money(95)
    assert change.account.withdrawn == Money(5)
    assert change.entry.cash_change == Money(-5)
    assert change.entry.version == 2


@pytest.mark.parametrize("kind", [Deposit, Withdraw])
@pytest.mark.parametrize("amount", ["0", "-0", "-1", "0.001", "NaN", "1e9999", "9" * 10_000])
def test_an_amount_that_makes_no_sense_is_refused(
    kind: type[Deposit] | type[Withdraw], amount: str
) -> None:
    with pytest.raises(Refusal) as refused:
        kind.of(Decimal(amount))
    (error,) = refused.value.errors
    assert (error.code, error.path) == (ErrorCode.INVALID_INPUT, ("input", "amount"))


def test_one_deposit_may_be_a_million_and_no_cent_more() -> None:
    assert Deposit.of(Decimal(1_000_000)) == Deposit(Money(1_000_000_00))
    with pytest.raises(Refusal, match=r"\$1000000\.01 was given; at most \$1000000\.00 is"):
        Deposit.of(Decimal("1000000.01"))


def test_only_available_cash_can_be_withdrawn() -> None:
    state = State(account=having("100", held="40"))
    assert change_by(Withdraw.of(Decimal(60)), state, terms()).account.available == Money(0)
    error = refusal_of(Withdraw.of(Decimal("60.01")), state, terms())
    assert isinstance(error, InsufficientFundsError)
    assert (error.required, error.available) == (Money(60_01), Money(60_00))


def test_the_days_allowance_is_used_up_by_the_cent() -> None:
    used = State(account=replace(having("100"), deposited=Money(9_999_00)))
    assert change_by(Deposit.of(Decimal(1)), used, terms()).account.deposited == Money(10_000_00)
    error = refusal_of(Deposit.of(Decimal("1.01")), used, terms())
    assert isinstance(error, LimitExceededError)
    assert error.code is ErrorCode.DAILY_LIMIT_EXCEEDED
    assert (error.used, error.remaining) == (Money(9_999_00), Money(1_00))
    assert error.resets_at == day_end(TODAY)


def test_the_allowance_of_withdrawals_is_its_own() -> None:
    used = replace(having("100000"), deposited=Money(10_000_00))
    state = State(account=used)
    assert change_by(Withdraw.of(Decimal(5000)), state, terms()).account.withdrawn == Money(
        5_000_00
    )
    error = refusal_of(Withdraw.of(Decimal("5000.01")), state, terms())
    assert error.code is ErrorCode.DAILY_LIMIT_EXCEEDED


def test_midnight_brings_a_new_allowance() -> None:
    used = State(account=replace(having("100"), deposited=Money(10_000_00)))
    change = change_by(Deposit.of(Decimal(1)), used, terms(now=NOW + DAY))
    assert (change.account.day, change.account.deposited) == (TODAY + DAY, Money(1_00))
    assert change.account.day_baseline == Money(101_00)


def test_a_clock_that_steps_back_over_midnight_brings_none() -> None:
    tomorrow = replace(having("100"), day=TODAY + DAY, deposited=Money(10_000_00))
    error = refusal_of(Deposit.of(Decimal(1)), State(account=tomorrow), terms())
    assert isinstance(error, LimitExceededError)
    assert error.resets_at == day_end(TODAY + DAY)


def test_an_allowance_is_shown_as_of_the_later_day() -> None:
    used = replace(having("100"), deposited=Money(3), withdrawn=Money(2))
    limit = RULES.daily_deposit_limit
    assert deposit_allowance(used, limit, TODAY).used == Money(3)
    assert deposit_allowance(used, limit, TODAY - DAY).used == Money(3)
    assert deposit_allowance(used, limit, TODAY + DAY).remaining == limit
    assert withdrawal_allowance(used, Money(5), TODAY).remaining == Money(3)


def test_nothing_is_left_of_a_limit_lowered_below_what_is_used() -> None:
    allowance = Allowance(limit=Money(1), used=Money(5), resets_at=NOW)
    assert allowance.remaining == Money(0)


def test_cash_beyond_counting_is_refused_and_no_failure() -> None:
    state = State(account=having("10000000000000000"))
    error = refusal_of(Deposit.of(Decimal("0.01")), state, terms())
    assert error.code is ErrorCode.INVALID_INPUT
