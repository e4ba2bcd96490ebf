"""Money in and out: deposits and withdrawals within a day's allowance."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from domain.accounts import Account
from domain.commands import Needs, State, Terms
from domain.inputs import Problems
from domain.instants import day_end
from domain.journal import USD, Change, Entry, EntryKind, LedgerAccount, usd
from domain.money import NO_MONEY, Money
from domain.refusals import ErrorCode, InsufficientFundsError, LimitExceededError, Refusal
from domain.rules import DEPOSIT_MAX

_AMOUNT = ("input", "amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What may still be moved on one UTC day."""

    limit: Money
    used: Money
    resets_at: datetime

    @property
    def remaining(self) -> Money:
        """What is left; nothing when the limit was lowered below what is used."""
        return max(self.limit - self.used, NO_MONEY)


@dataclass(frozen=True, slots=True)
class Deposit:
    """Put money in."""

    amount: Money

    @classmethod
    def of(cls, amount: Decimal) -> "Deposit":
        """Read the input. Raises Refusal for a wrong scale or range."""
        problems = Problems()
        money = problems.amount(Money, amount, *_AMOUNT)
        if money > DEPOSIT_MAX:
            problems.add(f"${money} was given; at most ${DEPOSIT_MAX} is allowed.", *_AMOUNT)
        problems.settle()
        return cls(money)

    def needs(self, terms: Terms) -> Needs:  # noqa: ARG002 - the port's signature
        """Need nothing but the account."""
        return Needs()

    def decide(self, state: State, terms: Terms) -> Change:
        """Add to cash, unless the day's allowance is too small (DAILY_LIMIT_EXCEEDED)."""
        account = state.account.on(terms.now.date())
        allowance = deposit_allowance(account, terms.rules.daily_deposit_limit, terms.now.date())
        _within(allowance, self.amount, "deposited")
        after = replace(
            account,
            cash=account.cash + self.amount,
            deposited=account.deposited + self.amount,
            day_baseline=account.day_baseline + self.amount,
        )
        return _moved(state.account, after, terms, EntryKind.DEPOSIT, self.amount)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take money out."""

    amount: Money

    @classmethod
    def of(cls, amount: Decimal) -> "Withdraw":
        """Read the input. Raises Refusal for a wrong scale or range."""
        problems = Problems()
        money = problems.amount(Money, amount, *_AMOUNT)
        problems.settle()
        return cls(money)

    def needs(self, terms: Terms) -> Needs:  # noqa: ARG002 - the port's signature
        """Need nothing but the account."""
        return Needs()

    def decide(self, state: State, terms: Terms) -> Change:
        """Take from available cash.

        Refused with INSUFFICIENT_FUNDS, or DAILY_LIMIT_EXCEEDED when the allowance is too small.
        """
        account = state.account.on(terms.now.date())
        if self.amount > account.available:
            message = f"${self.amount} was asked for; ${account.available} is available."
            raise Refusal(
                InsufficientFundsError(message, USD, self.amount, account.available, _AMOUNT)
            )
        limit = terms.rules.daily_withdrawal_limit
        _within(withdrawal_allowance(account, limit, terms.now.date()), self.amount, "withdrawn")
        after = replace(
            account,
            cash=account.cash - self.amount,
            withdrawn=account.withdrawn + self.amount,
            day_baseline=account.day_baseline - self.amount,
        )
        return _moved(state.account, after, terms, EntryKind.WITHDRAWAL, -self.amount)


def deposit_allowance(account: Account, limit: Money, today: date) -> Allowance:
    """Return what may still be deposited on the day max(stored, today)."""
    of_day = account.on(today)
    return Allowance(limit=limit, used=of_day.deposited, resets_at=day_end(of_day.day))


def withdrawal_allowance(account: Account, limit: Money, today: date) -> Allowance:
    """Return what may still be withdrawn on the day max(stored, today)."""
    of_day = account.on(today)
    return Allowance(limit=limit, used=of_day.withdrawn, resets_at=day_end(of_day.day))


def _within(allowance: Allowance, amount: Money, verb: str) -> None:
    if amount <= allowance.remaining:
        return
    message = (
        f"${amount} was asked for; of ${allowance.limit} a day, ${allowance.used} is {verb} "
        f"already, so ${allowance.remaining} is left until 00:00 UTC."
    )
    raise Refusal(
        LimitExceededError(
            message,
            ErrorCode.DAILY_LIMIT_EXCEEDED,
            unit=USD,
            limit=allowance.limit,
            used=allowance.used,
            remaining=allowance.remaining,
            resets_at=allowance.resets_at,
            path=_AMOUNT,
        )
    )


def _moved(before: Account, after: Account, terms: Terms, kind: EntryKind, amount: Money) -> Change:
    after = after.changed(terms.now)
    entry = Entry(
        account_id=after.id,
        version=after.version,
        kind=kind,
        legs=(usd(LedgerAccount.USER_AVAILABLE, amount), usd(LedgerAccount.BANK, -amount)),
        at=terms.now,
        command_id=terms.command_id,
        epoch=after.epoch,
        cash_change=amount,
        cash_after=after.cash,
        held_after=after.held,
    )
    return Change(before=before, account=after, entry=entry)
